// `inspect`, `key`, `help` and `--version`: what they show, and what they never do.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { withDesk } from "./cli.ts";

const HOLDER = `import { component, FileSystem, Gate, Log, Rom, Timer } from "cryonode";
export default component(async (env) => {
  const secret = "correct horse battery staple";
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("poem.txt", { read: true });
  await file.read(5);
  const gate = await env.session(Gate, { label: "line" });
  await gate.send("one");
  await gate.receive();
  const rom = await env.session(Rom, { label: "banner" });
  await rom.text();
  const dataspace = await env.ram.alloc(4096);
  await env.rm.attach(dataspace);
  const idle = await env.cpu.thread("idle", async () => {
    await timer.sleep(60_000);
  });
  await idle.pause();
  await log.write("holding " + secret.length);
  await timer.sleep(60_000);
  await file.close();
});`;

const SCENARIO = `scenario: somebody holds on to much
hosts:
  here:
    files: { data: { memory: true, content: { poem.txt: "Two roads diverged" } } }
    gates: { line: { queue: true } }
    roms: { banner: { text: hello } }
start:
  holder:
    component: holder.ts
    routes:
      - { service: LOG }
      - { service: Timer }
      - { service: File_system }
      - { service: Gate }
      - { service: ROM }
steps:
  - send: { gate: line, text: unheard of }
  - send: { gate: line, text: never received }
  - until: { child: holder, log: "/^holding/" }
  - freeze: { child: holder, image: holder.cryo }
`;

describe("cryonode inspect, key, help", () => {
  it("inspect shows what an image holds, with positions, and nothing of its memory", () =>
    withDesk({ "holder.ts": HOLDER, "holder.yaml": SCENARIO }, async ({ cli }) => {
      expect(await cli(["run", "holder.yaml"])).to.include({ status: 0, stderr: "" });
      const { stdout: json, events } = await cli(["inspect", "holder.cryo", "--json"]);
      const { stdout: key } = await cli(["key"]);
      const [shown] = events;
      expect(shown!["signature"]).to.deep.equal({ key: key.trim(), own: true });
      const [child] = shown!["children"] as Record<string, unknown>[];
      expect(child).to.include({ name: "holder", label: "init -> holder", generation: 1 });
      expect(child!["identity"]).to.match(/^[0-9a-f-]{36}$/);
      expect(child!["quota"]).to.deep.equal({ ram: 8388608, caps: 100 });
      expect((child!["sessions"] as { service: string }[]).map(({ service }) => service)).to.deep.equal([
        "LOG",
        "Timer",
        "File_system",
        "Gate",
        "ROM",
      ]);
      const handles = child!["handles"] as Record<string, unknown>[];
      expect(handles.map(({ kind, name, position }) => [kind, name, position])).to.deep.equal([
        ["file", "poem.txt", 5],
        ["gate", "", 1],
        ["rom", "", 1],
      ]);
      expect(handles[0]!["facts"]).to.include({ mode: "read", size: 18 });
      expect(handles[1]!["facts"]).to.include({ sent: 1 });
      expect(child!["threads"]).to.deep.equal([{ name: "idle", state: "paused" }]);
      expect(child!["dataspaces"]).to.have.length(1);
      expect(child!["regions"]).to.have.nested.property("[0].bytes", 4096);
      expect(child!["memory"]).to.include.keys("bytes", "storedBytes");
      const { stdout: text } = await cli(["inspect", "./.cryonode/holder.cryo"]);
      expect(text).to.match(/^\.cryonode\/holder\.cryo\n/);
      expect(text).to.match(/signed by +ed25519:\S+, this host's own key\n/);
      expect(text).to.match(/file poem\.txt of "data", at 5 \(mode read, size 18\)\n/);
      expect(text).to.match(/gate "line", at 1 \(sent 1, unread 0\)\n/);
      expect(text).to.match(/idle, paused\n/);
      expect(text).to.match(/in flight +Timer\.sleep/);
      for (const shownText of [json, text])
        expect(shownText).not.to.match(/correct horse|unheard|never received|Two roads/);
    }));

  it("key is made at first use, for its owner alone, and stays", () =>
    withDesk({}, async ({ cli, folder }) => {
      const first = await cli(["key", "--state", "a/state"]);
      expect(first.status).to.equal(0);
      expect(first.stdout).to.match(/^ed25519:[\w-]{43}\n$/);
      expect((await stat(join(folder, "a/state/key"))).mode & 0o777).to.equal(0o600);
      expect((await cli(["key", "--state", "a/state"])).stdout).to.equal(first.stdout);
    }));

  it("help has examples, and --version a version", () =>
    withDesk({}, async ({ cli }) => {
      for (const args of [["help"], ["--help"]]) {
        const { status, stdout } = await cli(args);
        expect(status).to.equal(0);
        expect(stdout).to.match(/Examples:\n {2}cryonode run /);
      }
      const { status, stdout } = await cli(["--version"]);
      expect(status).to.equal(0);
      expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    }));
});
