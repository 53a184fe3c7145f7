// `cryonode up`: a host that is told to stop, is killed, and goes on.
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { COUNTER, HOST, onHost } from "./on-host.ts";

const counted = (text: string): readonly number[] => text.trimEnd().split("\n").map(Number);
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

/** It may have been frozen between a line and its entry. */
const expectLog = (events: readonly Readonly<Record<string, unknown>>[], lines: number): void => {
  expect(events.length).to.be.within(lines - 1, lines);
  expect(events.map(({ text }) => text)).to.deep.equal(upTo(events.length).map((n) => `count ${n}`));
};

describe("cryonode up", function () {
  this.timeout(60_000);

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    it(
      `freezes all at ${signal}, and goes on at the very await`,
      onHost(async ({ up, folder, json }) => {
        const first = up();
        await first.tells({ event: "log", child: "counter", text: "count 5" });
        await first.tells({ event: "exited", child: "short" });
        first.signal(signal);
        expect(await first.ended).to.deep.equal({ status: 0, signal: null });
        expect(await first.tells({ event: "frozen", child: "counter" })).to.include({ generation: 1 });
        expect(first.events().at(-1)).to.include({ event: "down", ok: true });
        const { status, stderr } = await json("ps");
        expect(status).to.equal(2);
        expect(stderr).to.equal(
          "cryonode: no host is running at .cryonode; start one with `cryonode up FILE --state .cryonode`\n",
        );
        const second = up();
        expect(await second.tells({ event: "revived", child: "counter" })).to.include({ generation: 2 });
        const last = counted(await readFile(join(folder, "data/count.txt"), "utf8")).at(-1)!;
        await second.tells({ event: "log", child: "counter", text: `count ${last + 3}` });
        expect(second.events().some(({ event, child }) => event === "started" && child === "short")).to.equal(
          false,
        );
        const stopped = await json("stop");
        expect(stopped.status).to.equal(0);
        expect(stopped.events).to.have.lengthOf(1);
        expect(await second.ended).to.include({ status: 0 });
        const lines = counted(await readFile(join(folder, "data/count.txt"), "utf8"));
        expect(lines).to.deep.equal(upTo(lines.length));
        const logs = await json("logs", "counter");
        expectLog(logs.events, lines.length);
      }),
    );

  it(
    "fault 5: a second host on the same state is refused, and names the first; after kill -9 the next has it",
    onHost(async ({ up, cli }) => {
      const first = up();
      await first.tells({ event: "up" });
      const { status, stderr, stdout } = await cli(["up", "host.yaml"]);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: "" });
      expect(stderr).to.contain(`another host runs on the state directory .cryonode: process ${first.pid};`);
      first.signal("SIGKILL");
      await first.ended;
      const next = await Promise.allSettled([up(), up(), up()].map((host) => host.tells({ event: "up" })));
      expect(next.filter((each) => each.status === "fulfilled")).to.have.lengthOf(1);
    }),
  );

  it(
    "fault 2: goes on after kill -9 where it was seen last: nothing is lost, nothing there twice",
    onHost(async ({ up, json, child, folder }) => {
      const first = up();
      await first.tells({ event: "log", child: "counter", text: "count 3" });
      await json("start", "later");
      await first.tells({ event: "log", child: "later", text: "count 1" });
      first.signal("SIGKILL");
      await first.ended;
      const counts = join(folder, "data", "count.txt");
      for (const generation of [2, 3]) {
        // However far it came while it was looked at.
        const seen = (await readFile(counts, "utf8")).split("\n").length - 1;
        const next = up();
        for (const name of ["counter", "later"])
          expect(await next.tells({ event: "revived", child: name })).to.include({ generation, image: null });
        await next.tells({ event: "log", child: "counter", text: `count ${seen + 10}` });
        next.signal("SIGKILL");
        await next.ended;
      }
      for (const name of ["count.txt", "later.txt"]) {
        const lines = (await readFile(join(folder, "data", name), "utf8")).split("\n").slice(0, -1);
        expect(lines).to.deep.equal(lines.map((_, n) => String(n + 1)));
      }
      const last = up();
      await last.tells({ event: "revived", child: "later", generation: 4 });
      expect(await child("counter")).to.include({ state: "running", restarts: 3, generation: 4 });
      expect(await child("short")).to.include({ state: "exited", restarts: 0 });
      expect((await json("stop")).status).to.equal(0);
      for (const [name, file] of [
        ["counter", "count.txt"],
        ["later", "later.txt"],
      ]) {
        const lines = counted(await readFile(join(folder, "data", file!), "utf8"));
        expect(lines).to.deep.equal(upTo(lines.length));
        expectLog((await json("logs", name!)).events, lines.length);
      }
    }),
  );

  it(
    "a child that was frozen stays so after kill -9, and one that was revived lives",
    onHost(async ({ up, json, child }) => {
      const first = up();
      await first.tells({ event: "log", child: "counter", text: "count 2" });
      await json("start", "later");
      expect((await json("freeze", "later")).status).to.equal(0);
      expect((await json("freeze", "counter", "mine.cryo")).status).to.equal(0);
      expect((await json("revive", "counter")).status).to.equal(0);
      first.signal("SIGKILL");
      await first.ended;
      const second = up();
      await second.tells({ event: "revived", child: "counter", generation: 3 });
      expect(await child("later")).to.include({ state: "frozen" });
      expect((await json("revive", "later")).status).to.equal(0);
      expect((await json("kill", "counter")).status).to.equal(0);
      second.signal("SIGKILL");
      await second.ended;
      const third = up();
      await third.tells({ event: "revived", child: "later" });
      expect(await child("counter")).to.include({ state: "killed" });
    }),
  );

  it(
    "leaves a child that faults as it fell; under a policy it comes back, until it is stuck",
    onHost(async ({ up, cli, json, child, write, folder }) => {
      await write(
        "host.yaml",
        HOST.replace(
          "component: ./counter.ts\n",
          "component: ./counter.ts\n    turn: 100ms\n    restart: { most: 2, within: 1h }\n",
        ),
      );
      const host = up();
      await host.tells({ event: "started", child: "counter" });
      await json("start", "later");
      await json("call", "later", "Counter.fall", '"so there"');
      await host.tells({ event: "faulted", child: "later" });
      expect(await child("later")).to.include({ state: "faulted", restarts: 0 });
      expect((await child("later"))["reason"]).to.contain("so there");
      for (const restarts of [1, 2]) {
        const call = await json("call", "counter", "Counter.spin");
        expect(call.status).to.equal(1);
        expect(call.stderr).to.contain("brought it down");
        expect(await child("counter")).to.include({ state: "running", restarts, generation: restarts + 1 });
      }
      expect((await json("call", "counter", "Counter.add", "[1, 2]")).status).to.equal(0);
      // Whoever called it hears of its end, too.
      const last = await json("call", "counter", "Counter.spin");
      expect(last.status).to.equal(1);
      expect(last.stderr).to.contain("Counter, whose child has ended");
      await host.tells({ event: "stuck", child: "counter" });
      const stuck = await child("counter");
      expect(stuck).to.include({ state: "stuck", restarts: 2 });
      expect(stuck["reason"]).to.contain("turn");
      expect((await json("logs", "counter")).stdout).to.contain("fault: ");

      const shown = await cli(["inspect", "counter"]);
      expect(shown.status).to.equal(0);
      expect(shown.stdout).to.match(/^counter\n {2}state +stuck\n {2}because +.*turn/);
      expect(shown.stdout).to.match(/\n {2}next +`cryonode revive counter` goes on without the event/);
      const [inspected] = (await json("inspect", "counter")).events;
      const faults = inspected!["faults"] as readonly Readonly<Record<string, unknown>>[];
      expect(faults.map(({ forgiven, generation }) => [forgiven, generation])).to.deep.equal([
        [true, 1],
        [true, 2],
        [false, 3],
      ]);
      for (const { reason, event, calls } of faults) {
        expect(reason).to.contain("turn");
        expect(event).to.match(/^the call \[.*"spin"/);
        const made = (calls as readonly string[]).join("\n");
        expect(made).to.match(/^turn \d+: File "count\.txt"\.write\(\d+ characters\)$/m);
        expect(made).to.match(/^turn \d+: LOG\.write\(\d+ characters\)$/m);
      }
      const [fallen] = (await json("inspect", "later")).events;
      expect(fallen).to.include({ state: "faulted" });
      const [fault] = fallen!["faults"] as readonly Readonly<Record<string, unknown>>[];
      expect(fault).to.include({ forgiven: false, generation: 1 });
      expect(fault!["place"]).to.match(/^counter\.ts:\d+:\d+$/);
      expect((fault!["calls"] as readonly string[]).length).to.be.greaterThan(0);

      host.signal("SIGKILL");
      await host.ended;
      expect((await json("inspect", "counter")).events[0]).to.deep.include({ state: "stuck", faults });
      expect((await cli(["inspect", ".cryonode"])).stdout).to.contain("counter\n");
      expect((await cli(["inspect", "countr"])).stderr).to.contain('did you mean "counter"?');
      const next = up();
      await next.tells({ event: "up" });
      expect(await child("counter")).to.include({ state: "stuck", restarts: 2 });
      const frozen = await json("freeze", "counter");
      expect(frozen.stderr).to.contain("is stuck, and can't be frozen; `cryonode revive counter` goes on");
      // From the boundary before its fault: it counts on, and the file has each number once.
      expect((await json("revive", "counter")).status).to.equal(0);
      expect(await child("counter")).to.include({ state: "running", restarts: 0 });
      const logged = (await cli(["logs", "counter"])).stdout.match(/count [0-9]+/g)!.length;
      await next.tells({ event: "log", child: "counter", text: `count ${logged + 2}` });
      expect((await json("kill", "counter")).status).to.equal(0);
      const lines = (await readFile(join(folder, "data", "count.txt"), "utf8")).split("\n").slice(0, -1);
      expect(lines).to.deep.equal(lines.map((_, n) => String(n + 1)));
      expect((await json("start", "counter")).status).to.equal(0);
      expect((await json("inspect", "counter")).events[0]).to.deep.include({ state: "running", faults: [] });
    }),
  );

  it(
    "one that can't even begin says why, however much is forgiven it, and the others go on",
    onHost(async ({ up, json, child, write }) => {
      await write("broken.ts", "export default 1;\nthrow new RangeError('not today');\n");
      await write(
        "host.yaml",
        `${HOST}  broken: { component: ./broken.ts, restart: { most: 3, within: 1m } }\n`,
      );
      const host = up();
      await host.tells({ event: "warning", child: "broken" });
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      const broken = await child("broken");
      expect(broken).to.include({ state: "faulted", restarts: 0, memory: null });
      expect(broken["reason"]).to.contain("uncaught RangeError: not today (at broken.ts:2:");
      const again = await json("start", "broken");
      expect(again.status).to.equal(1);
      expect(again.stderr).to.contain("broken could not be started: uncaught RangeError: not today");
      const [{ faults }] = (await json("inspect", "broken")).events as unknown as readonly [
        { faults: readonly object[] },
      ];
      expect(faults).to.have.lengthOf(2);
    }),
  );

  it(
    "starts new entries, keeps those that are gone from the file, and goes on with them when they are back",
    onHost(async ({ up, write, child, json }) => {
      const first = up();
      await first.tells({ event: "log", child: "counter", text: "count 2" });
      first.signal("SIGTERM");
      await first.ended;
      await write("host.yaml", HOST.replace("  counter:\n", "  newcomer:\n    config: { file: new.txt }\n"));
      const second = up();
      await second.tells({ event: "kept", child: "counter" });
      await second.tells({ event: "started", child: "newcomer" });
      expect(await child("counter")).to.include({ state: "frozen", dropped: true });
      const revive = await json("revive", "counter");
      expect(revive.status).to.equal(2);
      expect(revive.stderr).to.contain("counter is no longer in");
      second.signal("SIGTERM");
      await second.ended;
      await write("host.yaml", HOST);
      await up().tells({ event: "revived", child: "counter" });
    }),
  );

  it(
    "finds all that is wrong before anything starts, and makes nothing then",
    onHost(async ({ cli, write, folder }) => {
      const nothing = async (): Promise<void> => {
        expect(await stat(join(folder, ".cryonode")).catch(() => null)).to.equal(null);
      };
      await write("wrong.yaml", HOST.replace("later: true", "latr: true"));
      const wrong = await cli(["up", "wrong.yaml"]);
      expect(wrong.status).to.equal(2);
      expect(wrong.stderr).to.match(/^wrong\.yaml:\d+:5: unknown key "latr".*did you mean "later"\?/);
      await write("steps.yaml", `${HOST}steps:\n  - kill: { child: counter }\n`);
      expect((await cli(["up", "steps.yaml"])).stderr).to.match(
        /^steps\.yaml:\d+:5: steps stand here.*cryonode run/,
      );
      await write("two.yaml", HOST.replace("start:", "  there: {}\nstart:"));
      expect((await cli(["up", "two.yaml"])).stderr).to.match(
        /^two\.yaml:1:1: the file has the hosts here and there/,
      );
      await write("counter.ts", COUNTER.replace("await env.config()", "await env.config("));
      const broken = await cli(["up", "host.yaml"]);
      expect(broken.status).to.equal(2);
      expect(broken.stderr).to.match(/^counter\.ts:14:\d+: /);
      await nothing();
    }),
  );

  it(
    "goes on with the others where one can't be brought back, and with that one when it can",
    onHost(async ({ up, json, child, folder }) => {
      const first = up();
      await first.tells({ event: "up" });
      await json("start", "later");
      await first.tells({ event: "log", child: "later", text: "count 2" });
      await first.tells({ event: "log", child: "counter", text: "count 2" });
      first.signal("SIGTERM");
      await first.ended;
      const path = join(folder, "data/count.txt");
      const text = await readFile(path, "utf8");
      await writeFile(path, `${text}by somebody else\n`);
      const second = up();
      await second.tells({ event: "revived", child: "later" });
      const warning = await second.tells({ event: "warning", child: "counter" });
      expect(warning["text"]).to.contain("count.txt");
      const state = await child("counter");
      expect(state).to.include({ state: "frozen" });
      expect(state["reason"]).to.contain("count.txt");
      await writeFile(path, text);
      expect((await json("revive", "counter")).status).to.equal(0);
      expect(await child("counter")).to.include({ state: "running", generation: 2, reason: null });
    }),
  );

  it(
    "closes a state directory that others could look into",
    onHost(async ({ up, folder }) => {
      await mkdir(join(folder, ".cryonode"), { mode: 0o755 });
      const host = up();
      await host.tells({ event: "up" });
      expect(host.stderr()).to.contain("was open to others (mode 755)");
      expect((await stat(join(folder, ".cryonode"))).mode & 0o777).to.equal(0o700);
    }),
  );

  it(
    "where the operating system does not let it take the state directory, says so",
    onHost(async ({ cli, folder, write }) => {
      await mkdir(join(folder, ".cryonode"), { mode: 0o700 });
      await write(".cryonode/lock", "no folder");
      const { status, stderr } = await cli(["up", "host.yaml"]);
      expect([status, stderr]).to.deep.equal([
        2,
        `cryonode: the state directory ${join(folder, ".cryonode")}: no lock (EEXIST)\n`,
      ]);
    }),
  );

  it(
    "works where the state directory's path is longer than a socket's may be",
    onHost(async ({ up, cli, folder }) => {
      const state = join(folder, "s".repeat(120));
      const host = up("--state", state);
      await host.tells({ event: "started", child: "counter" });
      expect((await cli(["ps", "--state", state])).status).to.equal(0);
    }),
  );

  it(
    "a record that is damaged is not taken for an empty one",
    onHost(async ({ up, cli, folder }) => {
      const first = up();
      await first.tells({ event: "log", child: "counter" });
      first.signal("SIGTERM");
      await first.ended;
      const path = join(folder, ".cryonode/entries.json");
      await writeFile(path, (await readFile(path, "utf8")).slice(0, -20));
      const { status, stderr } = await cli(["up", "host.yaml"]);
      expect(status).to.equal(2);
      expect(stderr).to.contain("entries.json: it is damaged");
    }),
  );

  it(
    "ends at once when it is told twice, and says who was not frozen",
    onHost(async ({ up, json, write }) => {
      await write(
        "counter.ts",
        // The last one that starts: the thread that they share does nothing else from then on.
        `import { component, Log } from "cryonode";
export default component(async (env) => {
  const { file } = ((await env.config()) ?? {}) as { file?: string };
  const log = await env.session(Log);
  if (file === "later.txt") {
    await log.write("never again");
    for (;;) await Promise.resolve();
  }
  await new Promise(() => {});
});
`,
      );
      await write(
        "host.yaml",
        HOST.replaceAll("routes:", "turn: 1h\n    routes:").replace("later: true", "later: false"),
      );
      const host = up();
      await host.tells({ event: "log", child: "later", text: "never again" });
      host.signal("SIGTERM");
      await host.tells({ event: "stopping" });
      expect((await json("kill", "counter")).stderr).to.contain("the host is being stopped");
      host.signal("SIGTERM");
      expect(await host.ended).to.deep.equal({ status: 143, signal: null });
      expect(host.stderr()).to.match(/ended at once; \d child(ren were| was) not frozen/);
    }),
  );
});
