// A child in a file, between two hosts that never meet: given from one to the other and back, copied, sealed; each with
// a state directory of its own.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { withDesk, type Desk, type Ran } from "./cli.ts";
import { living, type Living } from "./living.ts";
import { COUNTER } from "./on-host.ts";

interface Side {
  readonly key: string;
  readonly up: () => Living;
  /** A command on this host, with `--json`. */
  readonly tell: (...args: readonly string[]) => Promise<Ran>;
  readonly say: (...args: readonly string[]) => Promise<Ran>;
  readonly state: (name: string) => Promise<unknown>;
}

const fileOf = (name: string, trust: readonly string[], more: string): string => `scenario: ${name}
hosts:
  ${name}:
    files:
      data: { directory: ./data-${name} }
    trust: ${JSON.stringify(trust)}${more}
start:
  counter:
    component: ./counter.ts
    later: true
    routes: &routes
      - { service: LOG }
      - { service: Timer }
      - { service: File_system, label: data, to: data, policy: restore }
  other:
    component: ./counter.ts
    later: true
    routes: *routes
`;

const onTwo =
  (play: (here: Side, there: Side, desk: Desk) => Promise<void>, more = "") =>
  (): Promise<void> =>
    withDesk({ "counter.ts": COUNTER }, async (desk) => {
      const hosts: Living[] = [];
      const keyOf = async (name: string): Promise<string> =>
        (await desk.cli(["key", "--state", `.${name}`])).stdout.trim();
      const keys = [await keyOf("here"), await keyOf("there")];
      const side = async (name: string, key: string): Promise<Side> => {
        await desk.write(`${name}.yaml`, fileOf(name, keys, more.replace("KEY", keys[1]!)));
        const say = (...args: readonly string[]): Promise<Ran> => desk.cli([...args, "--state", `.${name}`]);
        const tell = (...args: readonly string[]): Promise<Ran> => say(...args, "--json");
        return {
          ...{ key, say, tell },
          up() {
            const host = living(desk.folder, ["up", `${name}.yaml`, "--json", "--state", `.${name}`]);
            hosts.push(host);
            return host;
          },
          state: async (child) => {
            const { events } = await tell("ps");
            return events.find((event) => event["child"] === child)?.["state"];
          },
        };
      };
      try {
        await play(await side("here", keys[0]!), await side("there", keys[1]!), desk);
      } finally {
        for (const host of hosts) host.signal("SIGKILL");
        await Promise.all(hosts.map(({ ended }) => ended));
      }
    });

const done = (ran: Ran): Ran => {
  expect(ran, ran.stderr).to.include({ status: 0 });
  return ran;
};

const refusedWith = ({ status, events }: Ran, tag: string): void => {
  expect({ status, tag: events.at(-1)?.["tag"] }).to.deep.equal({ status: 2, tag });
};

describe("cryonode export and import: a child in a file", function () {
  this.timeout(180_000);

  it(
    "law 5: given up it lives nowhere until the host it was given to takes it in, once, as itself",
    onTwo(async (here, there, desk) => {
      const [home, away] = [here.up(), there.up()];
      await home.tells({ event: "up" });
      done(await here.tell("start", "counter"));
      await home.tells({ event: "log", child: "counter", text: "count 3" });
      const given = done(await here.tell("export", "counter", "./c.cryo", "--move", "--to", there.key));
      expect(given.events[0]).to.include({ event: "exported", to: there.key, generation: 1 });
      expect(await here.state("counter")).to.equal("departed");
      expect((await here.tell("revive", "counter")).status).to.equal(1);
      refusedWith(await here.tell("import", "./c.cryo"), "GivenTo");
      // Written again where it was lost, and to nobody else.
      done(await here.tell("export", "counter", "./again.cryo", "--move", "--to", there.key));
      refusedWith(await here.tell("export", "counter", "./more.cryo", "--move"), "Export");
      await away.tells({ event: "up" });
      const came = done(await there.tell("import", "./c.cryo"));
      expect(came.events[0]).to.include({ event: "imported", child: "counter", clone: false, generation: 1 });
      done(await there.tell("revive", "counter"));
      await away.tells({ event: "revived", child: "counter", generation: 2 });
      await away.tells({ event: "log", child: "counter" });
      done(await there.tell("kill", "counter"));
      // Each number once: it knows what it wrote at home, and its file's content came with it.
      const counted = async (name: string): Promise<readonly number[]> => {
        const text = await readFile(join(desk.folder, `data-${name}`, "count.txt"), "utf8");
        return text.trim().split("\n").map(Number);
      };
      const [before, after] = [await counted("here"), await counted("there")];
      expect(after.length).to.be.greaterThan(before.length);
      expect(after).to.deep.equal(after.map((_, i) => i + 1));
      refusedWith(await there.tell("import", "./again.cryo"), "Taken");
      const clone = done(await there.tell("import", "./again.cryo", "--as", "other"));
      expect(clone.events[0]).to.include({ child: "other", clone: true });
      done(await there.tell("revive", "other"));
      await away.tells({ event: "revived", child: "other", generation: 1 });
    }),
  );

  it(
    "fault 23: and home again: what is older than what a host has seen of it is refused there",
    onTwo(async (here, there) => {
      const [home, away] = [here.up(), there.up()];
      await home.tells({ event: "up" });
      await away.tells({ event: "up" });
      done(await here.tell("start", "counter"));
      await home.tells({ event: "log", child: "counter", text: "count 2" });
      done(await here.tell("export", "counter", "./copy.cryo"));
      done(
        await here.tell("export", "counter", "./1.cryo", "--move", "--to", there.key, "--encrypt", there.key),
      );
      done(await there.tell("import", "./1.cryo"));
      done(await there.tell("revive", "counter"));
      await away.tells({ event: "log", child: "counter" });
      done(await there.tell("export", "counter", "./2.cryo", "--move", "--to", here.key, "--whole"));
      done(await here.tell("import", "./2.cryo"));
      done(await here.tell("revive", "counter"));
      await home.tells({ event: "revived", child: "counter", generation: 3 });
      done(await here.tell("kill", "counter"));
      refusedWith(await here.tell("import", "./copy.cryo"), "Rollback");
      done(await here.tell("import", "./copy.cryo", "--as", "other"));
    }),
  );

  it(
    "fault 26: sealed for a host, nobody else opens it; what can be told of it is told",
    onTwo(async (here, there, desk) => {
      const [home, away] = [here.up(), there.up()];
      await home.tells({ event: "up" });
      await away.tells({ event: "up" });
      done(await here.tell("start", "counter"));
      await home.tells({ event: "log", child: "counter", text: "count 2" });
      done(await here.tell("export", "counter", "./sealed.cryo", "--encrypt", there.key, "--whole"));
      expect(await here.state("counter")).to.equal("running");
      refusedWith(await here.tell("import", "./sealed.cryo", "--as", "other"), "Image");
      const shut = done(await here.say("inspect", "./sealed.cryo"));
      expect(shut.stdout).to.contain(`for ${there.key}`);
      expect(shut.stdout).to.not.contain("count.txt");
      expect(done(await here.say("verify", "./sealed.cryo")).stdout).to.contain("sealed for");
      const open = done(await there.say("inspect", "./sealed.cryo"));
      expect(open.stdout).to.contain("count.txt").and.to.contain("nobody: it is a copy");
      done(await there.say("verify", "./sealed.cryo", "--trust", here.key));
      const came = done(await there.tell("import", "./sealed.cryo"));
      expect(came.events[0]).to.include({ child: "counter", clone: true });
      done(await there.tell("revive", "counter"));
      await away.tells({ event: "revived", child: "counter", generation: 1 });
      // Altered anywhere, it is refused before anything is made of it.
      const bytes = await readFile(join(desk.folder, "sealed.cryo"));
      for (const at of [9, 40, 300, bytes.length >> 1, bytes.length - 1]) {
        const altered = Buffer.from(bytes);
        altered[at]! ^= 1;
        await writeFile(join(desk.folder, "altered.cryo"), altered);
        refusedWith(await there.tell("import", "./altered.cryo", "--as", "other"), "Image");
      }
      expect(await there.state("other")).to.equal("waiting");
    }),
  );

  it(
    "a host whose file says so seals what it exports, and a mistake changes nothing",
    onTwo(async (here, there, desk) => {
      const home = here.up();
      await home.tells({ event: "up" });
      done(await here.tell("start", "counter"));
      await home.tells({ event: "log", child: "counter", text: "count 2" });
      done(await here.tell("export", "counter", "./sealed.cryo"));
      expect(done(await here.say("inspect", "./sealed.cryo")).stdout).to.contain(`for ${there.key}`);
      for (const wrong of [
        ["--to", there.key],
        ["--encrypt", "ed25519:nonsense"],
        ["--move", "--to", here.key, "--encrypt", there.key],
      ])
        refusedWith(await here.tell("export", "counter", "./wrong.cryo", ...wrong), "Export");
      // A folder that is not there: it can't be written, and so it was not given up.
      const failed = await here.tell("export", "counter", "./no/such/folder/c.cryo", "--move");
      expect(failed.events.at(-1)).to.include({ event: "refused" });
      await home.tells({ event: "revived", child: "counter", generation: 2 });
      expect(await here.state("counter")).to.equal("running");
      expect(await readFile(join(desk.folder, "data-here", "count.txt"), "utf8")).to.match(/^1\n2\n/);
    }, "\n    encrypt: KEY"),
  );
});
