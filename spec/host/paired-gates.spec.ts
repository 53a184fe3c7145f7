// Two components on two hosts that write to each other over a pair of gates, frozen and revived as it comes.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Host, type Child, type GateOptions, type HostEvent } from "../../runtime/index.ts";
import { ALL, factsOf } from "./stage.ts";

const run = promisify(execFile);
const LETTERS = 30;

/** Writes letters, some of them bytes, at most five ahead of what it has read. */
const writer = (name: string): string => `import { component, Gate, Log } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "post" });
  let read = 0;
  let goOn = () => {};
  const write = async () => {
    for (let n = 1; n <= ${LETTERS}; n++) {
      while (n > read + 5) await new Promise<void>((resolve) => { goOn = resolve; });
      await gate.send(n % 3 === 0 ? new TextEncoder().encode("${name} " + n) : "${name} " + n);
    }
  };
  const receive = async () => {
    for (; read < ${LETTERS}; goOn()) {
      const letter = await gate.receive();
      await log.write(typeof letter === "string" ? letter : "bytes " + new TextDecoder().decode(letter));
      read += 1;
    }
  };
  await Promise.all([write(), receive()]);
});
`;

/** What the other one reads of `name`, from letter `first` on. */
const lettersOf = (name: string, first = 1): string[] =>
  Array.from({ length: LETTERS }, (_, i) => `${(i + 1) % 3 === 0 ? "bytes " : ""}${name} ${i + 1}`).slice(
    first - 1,
  );
const letter = (name: string, n: number): string => lettersOf(name)[n - 1]!;

interface Side {
  readonly name: "anna" | "bruno";
  readonly other: "anna" | "bruno";
  readonly host: Host;
  /** What it read, over all incarnations. */
  readonly read: string[];
  readonly events: HostEvent[];
  child: Child;
}

describe("host: pairs of gates", function () {
  this.timeout(60_000);
  let folder: string;
  let socket: string;
  let anna: Side;
  let bruno: Side;
  const hosts: Host[] = [];

  const openHost = async (name: string, post: GateOptions): Promise<Host> => {
    const host = await Host.open({ name, state: join(folder, "state"), gates: { post } });
    hosts.push(host);
    return host;
  };
  const side = async (name: Side["name"], other: Side["other"], post: GateOptions): Promise<Side> => {
    const component = join(folder, `${name}.ts`);
    await writeFile(component, writer(name));
    const host = await openHost(name, post);
    const read: string[] = [];
    const events: HostEvent[] = [];
    host.on("log", ({ text }) => void read.push(text));
    for (const event of ["revived", "denied"] as const) host.on(event, (told) => void events.push(told));
    return {
      name,
      other,
      host,
      read,
      events,
      child: await host.start({ name, component, routes: ALL, held: true }),
    };
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "pairs-"));
    socket = join(folder, "post.sock");
    anna = await side("anna", "bruno", { unix: socket, listen: true, peer: "cryonode" });
    bruno = await side("bruno", "anna", {
      unix: socket,
      peer: "cryonode",
      retry: { tries: 1000, longest: 20 },
    });
    anna.child.go();
    bruno.child.go();
  });
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    await rm(folder, { recursive: true });
  });

  /** Until it has read that many letters; it stands still then. */
  const until = (of: Side, n: number): Promise<string> => of.child.until({ log: letter(of.other, n) });
  const revive = async (of: Side, image: string): Promise<void> => {
    of.child = await of.host.revive(image);
  };
  const verdict = async (): Promise<void> => {
    for (const each of [anna, bruno]) {
      expect(await each.child.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(each.read).to.deep.equal(lettersOf(each.other));
    }
  };

  it("fault 7: frozen in turn, again and again: each reads what the other wrote, once and in order", async () => {
    for (let n = 2; n < LETTERS - 5; n += 3) {
      const one = n % 2 === 0 ? anna : bruno;
      // While one is frozen the other goes on, as far as it can.
      if (one.read.length < n) await until(one, n);
      const frozen = await one.child.freeze(`${n}.cryo`).then(
        () => true,
        async (failure: unknown) => {
          if (!/is not running/.test(String(failure))) throw failure;
          await one.child.ended;
          return false;
        },
      );
      // It had read all, and ended, before it could be frozen.
      if (!frozen) break;
      await revive(one, `${n}.cryo`);
    }
    await verdict();
    const [revived] = anna.events;
    expect(
      revived?.event === "revived" && revived.reopened.find(({ kind }) => kind === "gate"),
    ).to.deep.include({
      provider: "post",
      name: "post",
    });
    // Nothing has changed: that is the point.
    expect(JSON.stringify([anna.events, bruno.events])).to.not.contain("changed");
  });

  it("fault 7: both frozen, and revived in either order", async () => {
    for (const [n, first, second] of [
      [5, anna, bruno],
      [15, bruno, anna],
    ] as const) {
      await until(second, n);
      await second.child.freeze(`second-${n}.cryo`);
      await first.child.freeze(`first-${n}.cryo`);
      await revive(first, `first-${n}.cryo`);
      await revive(second, `second-${n}.cryo`);
    }
    await verdict();
  });

  it("revived in another process, the conversation goes on", async () => {
    await until(bruno, 9);
    await bruno.child.freeze("bruno.cryo");
    const script = fileURLToPath(new URL("revive-caller.js", import.meta.url));
    const { stdout } = await run(process.execPath, [script, join(folder, "state"), socket, "bruno.cryo"]);
    expect(stdout.trim().split("\n")).to.deep.equal(lettersOf("anna", 10));
    expect(await anna.child.ended).to.deep.equal({ kind: "exited", code: 0 });
    expect(anna.read).to.deep.equal(lettersOf("bruno"));
  });

  it("a checkpoint does not disturb it, and its image is refused once more was said", async () => {
    await until(bruno, 7);
    await bruno.child.checkpoint("then.cryo");
    bruno.child.go();
    await until(bruno, 14);
    await bruno.child.kill();
    const facts = await factsOf(bruno.host.revive("then.cryo"));
    expect(JSON.stringify(facts)).to.contain(
      "this end was revived from an image that is older than the conversation",
    );
    expect(bruno.events.at(-1)).to.deep.include({ event: "denied", service: "Gate", label: "post" });
  });

  it("a clone is nobody's other end: it is denied while the conversation goes on", async () => {
    await until(bruno, 7);
    await bruno.child.checkpoint("bruno.cryo");
    const facts = await factsOf(bruno.host.revive("bruno.cryo", { as: "second", routes: ALL }));
    expect(JSON.stringify(facts)).to.contain("belong to different conversations");
    bruno.child.go();
    await verdict();
  });

  it("fault 21: an image whose gate is no end of a pair on this host is denied by name", async () => {
    await until(bruno, 7);
    await bruno.child.freeze("bruno.cryo");
    const elsewhere = await openHost("elsewhere", { queue: true });
    const facts = await factsOf(elsewhere.revive("bruno.cryo", { routes: ALL }));
    expect(JSON.stringify(facts)).to.contain("it was in a conversation with another Cryonode end");
    await revive(bruno, "bruno.cryo");
    await verdict();
  });
});
