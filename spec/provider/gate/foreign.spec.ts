// Gates and the programs that people have at hand: `socat` and `nc`, where they are installed.

import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { GateEnd, GateProvider } from "../../../runtime/provider/gate/gate-provider.ts";
import { tcpListener } from "../../../runtime/provider/gate/tcp.ts";
import { unixGate, unixListener } from "../../../runtime/provider/gate/unix.ts";
import { leftTag, right } from "../outcome.ts";

const installed = (program: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;

/** A program whose output can be waited for. */
class Program {
  readonly child: ChildProcessWithoutNullStreams;
  #output = "";
  #changed = (): void => {};

  constructor(program: string, ...args: readonly string[]) {
    this.child = spawn(program, args);
    this.child.stdin.on("error", () => {});
    this.child.stdout.on("data", (chunk: Buffer) => {
      this.#output += String(chunk);
      this.#changed();
    });
  }

  says(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        if (this.#output === text) resolve();
      };
      this.#changed();
    });
  }
}

describe("gates and foreign programs", () => {
  let folder: string;
  const ends: GateEnd[] = [];
  const programs: Program[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "foreign-"));
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end.close();
    for (const { child } of programs.splice(0)) child.kill();
    rmSync(folder, { recursive: true });
  });

  const run = (...command: readonly [string, ...string[]]): Program => {
    const program = new Program(...command);
    programs.push(program);
    return program;
  };
  const opened = async (gate: GateProvider): Promise<GateEnd> => {
    const end = right(await gate.open(null));
    ends.push(end);
    return end;
  };
  /** A client that says two lines, hears the answers and goes. */
  const served = async (end: GateEnd, client: Program): Promise<void> => {
    client.child.stdin.write("one\n");
    expect(right(await end.receive())).to.equal("one");
    right(await end.send("1"));
    await client.says("1\n");
    client.child.stdin.write("two\n");
    expect(right(await end.receive())).to.equal("two");
    right(await end.send("2"));
    await client.says("1\n2\n");
    client.child.kill();
    expect(leftTag(await end.receive())).to.equal("Disconnected");
  };

  if (installed("socat")) {
    it("socat calls at a TCP listener, again and again", async () => {
      const gate = tcpListener({ name: "door", host: "127.0.0.1", port: 0, framing: "line" });
      const end = await opened(gate);
      for (let i = 0; i < 2; i++) await served(end, run("socat", "-", `TCP:127.0.0.1:${gate.port}`));
    });

    it("socat calls at a Unix socket", async () => {
      const path = join(folder, "s");
      const end = await opened(unixListener({ name: "door", path, framing: "line" }));
      await served(end, run("socat", "-", `UNIX-CONNECT:${path}`));
    });

    it("socat echoes over a Unix socket", async () => {
      const path = join(folder, "s");
      run("socat", `UNIX-LISTEN:${path}`, "EXEC:cat");
      const retry = { tries: 1000, first: 5, longest: 5 };
      const end = await opened(unixGate({ name: "pipe", path, framing: "line", retry }));
      right(await end.send("hello"));
      expect(right(await end.receive())).to.equal("hello");
    });
  }

  if (installed("nc"))
    it("nc calls at a TCP listener", async () => {
      const gate = tcpListener({ name: "door", host: "127.0.0.1", port: 0, framing: "line" });
      const end = await opened(gate);
      await served(end, run("nc", "127.0.0.1", String(gate.port)));
    });
});
