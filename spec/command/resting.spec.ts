// Children of `cryonode up` that rest: what its file says, what `ps` shows, and that they outlive their host.
import { expect } from "chai";
import { onHost } from "./on-host.ts";

const TALLY = `import * as t from "io-ts";
import { component, Log, method, session } from "cryonode";
const Tally = session("Tally", { add: method({ args: t.tuple([t.number]), result: t.number }) });
export default component(async (env) => {
  const log = await env.session(Log);
  let sum = 0;
  await env.announce(Tally, () => ({
    add: async (by: number) => {
      sum += by;
      await log.write(env.label + " has " + sum);
      return sum;
    },
  }));
});
`;

const HOST = `scenario: tallies
hosts:
  here:
    ram: 24M # room for three
    rest: { after: 30ms }
start:
  tally:
    component: ./tally.ts
    count: 5
    routes: [{ service: LOG }]
  awake:
    component: ./tally.ts
    rest: never
    routes: [{ service: LOG }]
`;

describe("cryonode up: children that rest", function () {
  this.timeout(120_000);

  it(
    "they rest over the end of the host and over its crash, more of them than it has room for",
    onHost(async ({ up, write, json, child }) => {
      await write("tally.ts", TALLY);
      await write("host.yaml", HOST);
      const add = async (name: string, by: number): Promise<unknown> => {
        const { events, stderr } = await json("call", name, "Tally.add", `${by}`);
        return events[0]?.result ?? stderr;
      };
      const first = up();
      for (const n of [1, 2, 3, 4, 5]) await first.tells({ event: "rested", child: `tally-${n}` });
      expect(await add("tally-2", 2)).equal(2);
      await first.tells({ event: "woken", child: "tally-2" });
      expect((await child("tally-4")).state).equal("resting");
      await first.tells({ event: "started", child: "awake" });
      expect((await child("awake")).state).equal("running");
      first.signal("SIGKILL");
      await first.ended;
      const second = up();
      await second.tells({ event: "revived", child: "awake" });
      expect(await child("tally-4")).deep.include({ state: "resting", generation: 1, restarts: 0 });
      expect(await add("tally-4", 4)).equal(4);
      expect(await add("tally-2", 3)).equal(5);
      second.signal("SIGTERM");
      await second.ended;
      const third = up();
      await third.tells({ event: "revived", child: "awake" });
      expect(await add("tally-2", 4)).equal(9);
      // It is woken for what a command wants of it.
      expect((await json("freeze", "tally-4")).status).equal(0);
      expect((await child("tally-4")).state).equal("frozen");
      expect((await json("revive", "tally-4")).status).equal(0);
      expect(await add("tally-4", 4)).equal(8);
      expect((await json("kill", "tally-5")).status).equal(0);
      expect((await child("tally-5")).state).equal("killed");
    }),
  );

  it(
    "they make room for one that never rests, also where there is less of it than before a crash",
    onHost(async ({ up, write, child }) => {
      await write("tally.ts", TALLY);
      // Nobody rests unless for another one.
      await write("host.yaml", HOST.replace("30ms", "1h"));
      const first = up();
      await first.tells({ event: "started", child: "awake" });
      const names = [1, 2, 3, 4, 5].map((n) => `tally-${n}`);
      const states = await Promise.all(names.map(async (name) => (await child(name)).state));
      expect(states.filter((state) => state === "running")).lengthOf(2);
      expect(states.filter((state) => state === "resting")).lengthOf(3);
      first.signal("SIGKILL");
      await first.ended;
      await write("host.yaml", HOST.replace("30ms", "1h").replace("24M", "16M"));
      const second = up();
      await second.tells({ event: "revived", child: "awake" });
      expect((await child("awake")).state).equal("running");
    }),
  );

  it(
    "what its entry grants is looked at again where that has changed",
    onHost(async ({ up, write, child }) => {
      await write("tally.ts", TALLY);
      await write("host.yaml", HOST);
      const first = up();
      await first.tells({ event: "rested", child: "tally-1" });
      first.signal("SIGKILL");
      await first.ended;
      await write("host.yaml", HOST.replaceAll("[{ service: LOG }]", "[]"));
      const second = up();
      await second.tells({ event: "warning", child: "tally-1" });
      expect((await child("tally-1")).reason).equal("LOG: LOG is denied: no route matches");
    }),
  );

  it(
    "what is wrong about it in the file is told",
    onHost(async ({ write, cli }) => {
      await write("tally.ts", TALLY);
      const wrong = async (from: string, to: string): Promise<string> => {
        await write("host.yaml", HOST.replace(from, to));
        const { status, stderr } = await cli(["up", "host.yaml"]);
        expect(status).equal(2);
        return stderr;
      };
      expect(await wrong("{ after: 30ms }", "{ after: soon }")).include("hosts.here.rest.after");
      expect(await wrong("rest: never", "rest: nevr")).include('did you mean "never"');
      expect(await wrong("count: 5", "count: 0")).include("start.tally.count");
      expect(await wrong("  awake:", "  tally-3:")).include("has the name of one of these");
      expect(await wrong("ram: 24M", "ram: 6M")).include("start.tally.ram");
      expect(await wrong("[{ service: LOG }]", "[{ service: Tally, to: { child: tally-6 } }]")).include(
        "tally-6",
      );
    }),
  );
});
