// The commands that act on a durable host, as their users meet them.
import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { living } from "./living.ts";
import { COUNTER, HOST, onHost } from "./on-host.ts";

const counted = (text: string): readonly number[] => text.trimEnd().split("\n").map(Number);

/** Says something to the control socket that is no command, and hears the answer. */
const saying = (path: string, said: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path });
    let heard = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(heard));
    socket.end(said);
  });

describe("cryonode: commands on a host", function () {
  this.timeout(60_000);

  it(
    "starts what the file names, and shows it",
    onHost(async ({ up, cli, child, folder }) => {
      const host = up();
      expect(await host.tells({ event: "up" })).to.include({ host: "here", pid: host.pid });
      await host.tells({ event: "exited", child: "short", code: 3 });
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      const counter = await child("counter");
      expect(counter).to.include({
        state: "running",
        generation: 1,
        sessions: 3,
        restarts: 0,
        changed: false,
        dropped: false,
      });
      // An engine's memory is of whole pages, and the host has taken it down when it began.
      expect((counter["memory"] as number) >= 1 << 20 && (counter["memory"] as number) < 8 << 20).to.equal(
        true,
      );
      const { at, bytes, image } = counter["checkpoint"] as Readonly<Record<string, number | null>>;
      expect(at).to.be.within(Date.now() - 60_000, Date.now());
      expect(bytes).to.be.greaterThan(0);
      expect(image).to.equal(null);
      expect(await child("short")).to.include({ state: "exited", code: 3 });
      expect(await child("later")).to.include({ state: "waiting", generation: null });
      const { stdout, status, stderr } = await cli(["ps"]);
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: "" });
      const [head, ...rows] = stdout.trimEnd().split("\n");
      expect(head).to.match(/^NAME +STATE +GEN +MEMORY +SESSIONS +CHECKPOINT +RESTARTS +SOURCE$/);
      expect(rows[0]).to.match(/^counter +running +1 +[\d.]+ MB +3 +(now|\d+ s ago) +0 +same$/);
      expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).to.deep.equal([
        ["counter", "running"],
        ["short", "exited 3"],
        ["later", "waiting"],
      ]);
      const mode = async (name: string) =>
        ((await stat(join(folder, ".cryonode", name))).mode & 0o777).toString(8);
      expect(await Promise.all(["", "control.sock", "key"].map(mode))).to.deep.equal(["700", "600", "600"]);
    }),
  );

  it(
    "acts on one child: freeze, revive, kill, start, replace",
    onHost(async ({ up, json, cli, child, write, folder }) => {
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      await host.tells({ event: "exited", child: "short" });
      const frozen = await json("freeze", "counter", "mine.cryo");
      expect(frozen.events[0]).to.include({ event: "frozen", image: join(folder, ".cryonode/mine.cryo") });
      expect(await child("counter")).to.include({ state: "frozen" });
      expect((await cli(["verify", "mine.cryo"])).status).to.equal(0);
      expect((await json("freeze", "counter")).status).to.equal(1);
      expect((await json("call", "counter", "Counter.add", "[1, 2]")).stderr).to.equal(
        "cryonode: counter is frozen, and can't be called; `cryonode revive counter` brings it back\n",
      );
      const revived = await json("revive", "counter");
      expect(revived.events[0]).to.include({ event: "revived", generation: 2 });
      expect(revived.events[0]).to.include.keys("ms", "reopened", "reviveMs");
      expect((await json("kill", "counter")).events[0]).to.include({ event: "killed", child: "counter" });
      expect(await child("counter")).to.include({ state: "killed" });
      expect((await json("start", "counter")).events[0]).to.include({ event: "started", host: "here" });
      expect(await child("counter")).to.include({ state: "running", generation: 1 });
      expect((await cli(["start", "short"])).stdout).to.equal("short  started on here\n");

      await write("counter.ts", COUNTER.replace("count $", "COUNT $"));
      expect(await child("counter")).to.include({ changed: true, state: "running" });
      expect((await json("replace", "counter")).events[0]).to.include({
        event: "replaced",
        child: "counter",
      });
      await host.tells({ event: "log", child: "counter", text: "COUNT 2" });
      expect(await child("counter")).to.include({ changed: false, state: "running" });
      await write("counter.ts", "export default 1 +;\n");
      const wrong = await json("replace", "counter");
      expect(wrong.status).to.equal(2);
      expect(wrong.stderr).to.match(/counter\.ts:1:19: /);
      expect(await child("counter")).to.include({ changed: true, state: "running" });
      await write("other.ts", COUNTER.replace("count $", "other $"));
      expect((await json("replace", "counter", "other.ts")).status).to.equal(0);
      await host.tells({ event: "log", child: "counter", text: "other 1" });
    }),
  );

  it(
    "exports and imports: another name is a clone, the same one comes back",
    onHost(async ({ up, json, cli, child, write }) => {
      // Who comes back from a copy finds the file as the original has left it.
      await write("host.yaml", HOST.replaceAll("to: data }", "to: data, policy: rebind }"));
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 3" });
      expect((await json("export", "counter", "./away.cryo")).events[0]).to.include({
        event: "exported",
        generation: 1,
      });
      expect(await child("counter")).to.include({ state: "running", generation: 1 });
      expect((await cli(["verify", "./away.cryo"])).status).to.equal(0);
      const taken = await json("import", "./away.cryo");
      expect(taken.status).to.equal(1);
      expect(taken.stderr).to.equal("cryonode: counter is running, and can't be imported\n");
      expect((await json("import", "./away.cryo", "--as", "later")).events[0]).to.include({
        event: "imported",
        child: "later",
      });
      expect(await child("later")).to.include({ state: "frozen" });
      expect((await json("revive", "later")).status).to.equal(0);
      await host.tells({ event: "revived", child: "later", generation: 1 });
      await json("kill", "counter");
      expect((await json("import", "./away.cryo")).status).to.equal(0);
      expect((await json("revive", "counter")).events[0]).to.include({ generation: 2 });
      // It comes out of there once.
      await json("kill", "counter");
      const again = await json("import", "./away.cryo");
      expect(again.status).to.equal(2);
      expect(again.stderr).to.match(/away\.cryo was taken in before: counter comes out of it once/);
      const absent = await json("import", "nothing.cryo");
      expect(absent.status).to.equal(2);
      expect(absent.stderr).to.equal("cryonode: .cryonode/nothing.cryo: there is no such image\n");
      expect((await json("import", "away.cryo")).stderr).to.contain('did you mean "./away.cryo"?');
      const stranger = await json("import", "./away.cryo", "--as", "latr");
      expect(stranger.stderr).to.contain('there is no child "latr"');
      expect(stranger.stderr).to.contain('did you mean "later"?');
    }),
  );

  it(
    "calls a child's service from outside",
    onHost(async ({ up, json, cli }) => {
      const host = up();
      await host.tells({ event: "started", child: "counter" });
      const call = (...args: readonly string[]) => cli(["call", "counter", ...args]);
      expect(await call("Counter.add", "[1, 2]")).to.include({ status: 0, stdout: "3\n", stderr: "" });
      expect(await call("Counter.slow", "5")).to.include({ status: 0, stdout: "5\n" });
      expect((await json("call", "counter", "Counter.add", "[1, 2]")).events[0]).to.include({
        event: "answered",
        child: "counter",
        method: "Counter.add",
        result: 3,
      });
      for (const [args, status, text] of [
        [
          ["Countr.add", "[1, 2]"],
          2,
          'announces no service "Countr"; it announces Counter; did you mean "Counter"?',
        ],
        [
          ["Counter.ad", "[1, 2]"],
          2,
          'Counter has no method "ad"; it has add, fail, slow, fall, spin; did you mean "add"?',
        ],
        [["Counter.add", '["1", 2]'], 2, 'Counter.add: argument 0 is "1", expected number'],
        [["Counter.add", "[1, 2"], 2, "the arguments are no JSON"],
        [["add", "[1, 2]"], 2, 'the call is of "add"; expected Service.method'],
        [["Counter.fail", '"no luck"'], 1, "no luck"],
        [["Counter.slow", "60000", "--within", "50ms"], 1, "counter gave no answer within 50 ms"],
      ] as const) {
        const ran = await call(...args);
        expect(ran.stderr).to.contain(text);
        expect({ status: ran.status, stdout: ran.stdout }).to.deep.equal({ status, stdout: "" });
      }
      const nobody = await cli(["call", "countr", "Counter.add", "[1, 2]"]);
      expect(nobody.stderr).to.contain('there is no child "countr"');
      expect(nobody.status).to.equal(2);
    }),
  );

  it(
    "follows a log, across the end of its host",
    onHost(async ({ up, cli, folder }) => {
      const first = up();
      await first.tells({ event: "log", child: "counter", text: "count 3" });
      const following = living(folder, ["logs", "counter", "-f"]);
      try {
        await following.says("count 6\n");
        first.signal("SIGTERM");
        await first.ended;
        const last = counted(await readFile(join(folder, "data/count.txt"), "utf8")).at(-1)!;
        up();
        await following.says(`count ${last + 2}\n`);
        const lines = following.stdout().trimEnd().split("\n");
        expect(lines).to.deep.equal(lines.map((_, at) => `count ${at + 1}`));
        expect((await cli(["logs", "counter", "-n", "1"])).stdout.split("\n")).to.have.lengthOf(2);
        expect((await cli(["logs", "short"])).stdout).to.equal("count 1\ncount 2\ncount 3\n");
        expect((await cli(["logs", "later"])).stdout).to.equal("");
        const wrong = await cli(["logs", "countr"]);
        expect(wrong.status).to.equal(2);
        expect(wrong.stderr).to.contain('did you mean "counter"?');
      } finally {
        following.signal("SIGINT");
        await following.ended;
      }
    }),
  );

  it(
    "fault 5: of two commands for one child at once, one wins and the other hears that it is busy",
    onHost(async ({ up, json, write }) => {
      await write("host.yaml", HOST);
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 1" });
      // The call must complete before the freeze can.
      const ran = await Promise.all(["freeze", "freeze", "freeze"].map((each) => json(each, "counter")));
      const won = ran.filter(({ status }) => status === 0);
      expect(won).to.have.lengthOf(1);
      for (const { stderr, status } of ran.filter((each) => each.status !== 0)) {
        expect(status).to.equal(1);
        expect(stderr).to.match(/counter is busy|counter is frozen, and can't be frozen/);
      }
    }),
  );

  it(
    "refuses what is no command, and goes on",
    onHost(async ({ up, folder, child }) => {
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 1" });
      await host.tells({ event: "exited", child: "short" });
      const path = join(folder, ".cryonode/control.sock");
      const before = await child("short");
      for (const said of [
        "\n",
        "hello\n",
        "{}\n",
        "null\n",
        '{"cryonode":2,"command":"ps"}\n',
        '{"cryonode":1,"command":"rm -rf"}\n',
        '{"cryonode":1,"command":"constructor"}\n',
        '{"cryonode":1,"command":"kill"}\n',
        '{"cryonode":1,"command":"kill","name":7}\n',
        '{"cryonode":1,"command":"kill","name":"counter","really":true}\n',
        '{"cryonode":1,"command":"ps","__proto__":{"polluted":true}}\n',
        `{"cryonode":1,"command":"call","args":${"[".repeat(100_000)}${"]".repeat(100_000)}}\n`,
        Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      ]) {
        const { refused } = JSON.parse(await saying(path, said)) as { refused: Record<string, unknown> };
        expect(refused).to.include({ wrong: "input" });
      }
      const flood = await saying(path, Buffer.alloc(3 << 20, "x")).catch((error: Error) => error.message);
      expect(flood).to.match(/a request has at most 1048576 bytes|EPIPE|ECONNRESET/);
      expect(await saying(path, '{"cryonode":1,"command":"kill","name":"counter"')).to.equal("");
      expect(await child("counter")).to.include({ state: "running", generation: 1 });
      expect(await child("short")).to.include({ state: before["state"] });
      expect(host.stderr()).to.equal("");
    }),
  );

  it(
    "every command has its help, and says what it lacks",
    onHost(async ({ cli }) => {
      for (const command of "up ps logs start freeze revive checkpoint kill replace export import call stop".split(
        " ",
      )) {
        const help = await cli([command, "--help"]);
        expect(help.status).to.equal(0);
        expect(help.stdout).to.contain("--state <dir>");
        expect(help.stdout).to.contain("--json");
        if (command === "ps" || command === "stop") continue;
        const bare = await cli([command]);
        expect(bare.status).to.equal(2);
        expect(bare.stderr).to.match(/^cryonode: missing required argument/);
      }
      const nobody = await cli(["freeze", "counter", "--state", "nowhere"]);
      expect(nobody.status).to.equal(2);
      expect(nobody.stderr).to.equal(
        "cryonode: no host is running at nowhere, there is no such directory; start one with `cryonode up FILE --state nowhere`\n",
      );
    }),
  );
});
