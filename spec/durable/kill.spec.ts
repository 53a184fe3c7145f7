// Law 3 with real files and a real end: a host that is killed with `kill -9` at any moment, and started again, leaves
// what one that was never killed leaves.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { DurableJob } from "./durable-host.ts";

const HOST = fileURLToPath(new URL("durable-host.js", import.meta.url));

/** Runs the host; kills it so many ms after its child began, null: never. Resolves with whether it came to its end. */
const run = (job: DurableJob, after: number | null): Promise<{ over: boolean; said: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [HOST, JSON.stringify(job)], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let killer: NodeJS.Timeout | null = null;
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (after !== null && /"event":"(started|revived)"/.test(said))
        killer ??= setTimeout(() => child.kill("SIGKILL"), after);
    });
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.on("close", () => {
      if (killer !== null) clearTimeout(killer);
      resolve({ over: said.includes('"event":"over"'), said });
    });
  });

const BODY = `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= 300; n++) {
    await file.write(n + "\\n");
    if (n % 10 === 0) await log.write("count " + n);
    if (n % 50 === 0) await timer.sleep(20);
    if (n % 100 === 0) {
      await data.mkdir("made" + n);
      await data.move("made" + n, "moved" + n);
    }
  }
});
`;

describe("a durable host", () => {
  it("fault 2: killed at random moments, it leaves what an uninterrupted run leaves", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-kill-"));
    try {
      await mkdir(join(folder, "data"));
      await writeFile(join(folder, "count.ts"), BODY);
      const job: DurableJob = {
        state: join(folder, "state"),
        host: {
          name: "here",
          ram: 64 << 20,
          caps: 1000,
          files: {
            data: {
              kind: "directory",
              path: join(folder, "data"),
              rights: ["read", "write", "create", "remove", "list"],
            },
          },
          gates: {},
          roms: {},
          trust: [],
        },
        children: [
          {
            name: "count",
            component: join(folder, "count.ts"),
            ram: 8 << 20,
            caps: 100,
            config: null,
            turn: 3000,
            routes: [{ service: "LOG" }, { service: "Timer" }, { service: "File_system" }],
          },
        ],
      };
      let runs = 0;
      for (let done = false; !done && runs < 60; runs++) {
        const { over, said } = await run(job, runs < 12 ? (runs * 37) % 100 : null);
        expect(said).not.include("failed").and.not.include("Error").and.not.include("faulted");
        done = over;
      }
      const text = await readFile(join(folder, "data", "count.txt"), "utf8");
      expect(text).equal(Array.from({ length: 300 }, (_, n) => `${n + 1}\n`).join(""));
      const log = await readFile(join(folder, "state", "logs", "count.log"), "utf8");
      expect(log).equal(Array.from({ length: 30 }, (_, n) => `count ${10 * (n + 1)}\n`).join(""));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(120_000);
});
