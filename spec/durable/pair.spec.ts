// Law 3 between two durable hosts: over a pair of gates nothing is lost and nothing comes twice, whichever of the two
// hosts is killed with `kill -9`, and however often.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { DurableJob } from "./durable-host.ts";

const HOST = fileURLToPath(new URL("durable-host.js", import.meta.url));
const LETTERS = 400;
const KILLS = 12;

/** Writes letters, at most five ahead of what it has read, and keeps what it reads in a file. */
const WRITER = `import { component, FileSystem, Gate } from "cryonode";
export default component(async (env) => {
  const { name } = await env.config<{ name: string }>();
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open(name + ".txt", { write: true, create: true, append: true });
  const gate = await env.session(Gate, { label: "post" });
  let read = 0;
  let goOn = () => {};
  const write = async () => {
    for (let n = 1; n <= ${LETTERS}; n++) {
      while (n > read + 5) await new Promise<void>((resolve) => { goOn = resolve; });
      await gate.send(n % 3 === 0 ? new TextEncoder().encode(name + " " + n) : name + " " + n);
    }
  };
  const receive = async () => {
    for (; read < ${LETTERS}; goOn()) {
      const letter = await gate.receive();
      await file.write((typeof letter === "string" ? letter : new TextDecoder().decode(letter)) + "\\n");
      read += 1;
    }
  };
  await Promise.all([write(), receive()]);
});
`;

/** A durable host in a process that is started again when it was killed. */
class Side {
  readonly name: string;
  readonly #job: DurableJob;
  #process: ChildProcess | null = null;
  said = "";
  over = false;
  readonly ended: Promise<void>;
  #ended!: () => void;

  constructor(name: string, job: DurableJob) {
    this.name = name;
    this.#job = job;
    this.ended = new Promise((resolve) => (this.#ended = resolve));
    this.#start();
  }

  #start(): void {
    const child = spawn(process.execPath, [HOST, JSON.stringify(this.#job)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        this.said += chunk.toString();
        this.over ||= this.said.includes('"event":"exited"');
        if (this.over) child.stdin.end();
      });
    child.on("close", () => {
      if (this.over) this.#ended();
      else this.#start();
    });
  }

  kill(): void {
    if (!this.over) this.#process?.kill("SIGKILL");
  }
}

describe("durable hosts with a pair of gates", () => {
  it("law 3: killed at random moments, each keeps what the other one wrote, once and in order", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-pair-"));
    try {
      const data = join(folder, "data");
      await mkdir(data);
      const component = join(folder, "writer.ts");
      await writeFile(component, WRITER);
      const rights = ["read", "write", "create", "remove", "list"] as const;
      const side = (name: string, listen: boolean): Side =>
        new Side(name, {
          state: join(folder, name),
          host: {
            ...{ name, ram: 64 << 20, caps: 1000, roms: {}, trust: [] },
            files: { data: { kind: "directory", path: data, rights } },
            gates: {
              post: {
                ...{ kind: "unix", path: join(folder, "post.sock"), listen, framing: "cryonode" },
                ...{ rights: ["send", "receive"], retry: { tries: 10_000, longest: 20 } },
              },
            },
          },
          children: [
            {
              ...{ name, component, ram: 8 << 20, caps: 100, config: { name }, turn: 3000 },
              routes: [{ service: "File_system" }, { service: "Gate" }],
            },
          ],
        });
      const sides = [side("anna", true), side("bruno", false)];
      for (let kills = 0; kills < KILLS && !sides.some(({ over }) => over); kills++) {
        await new Promise((resolve) => setTimeout(resolve, 300 + ((kills * 137) % 400)));
        sides[kills % 3 === 0 ? 0 : 1]!.kill();
      }
      await Promise.all(sides.map(({ ended }) => ended));
      const lines = (name: string): string =>
        Array.from({ length: LETTERS }, (_, n) => `${name} ${n + 1}\n`).join("");
      expect(await readFile(join(data, "anna.txt"), "utf8")).equal(lines("bruno"));
      expect(await readFile(join(data, "bruno.txt"), "utf8")).equal(lines("anna"));
      expect(sides.map(({ said }) => said).join("")).to.not.match(/failed|Error|faulted|astray|Denied/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(180_000);
});
