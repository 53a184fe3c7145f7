// A durable host in a process of its own, and what kills it.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Route } from "../../runtime/core/route.ts";
import type { Step } from "../torture/step.ts";
import type { DurableJob } from "./durable-host.ts";

const HOST = fileURLToPath(new URL("durable-host.js", import.meta.url));
const WATCH = new URL("../torture/watch-steps.js", import.meta.url).href;

export interface Killing {
  /** The child that is waited for. */
  readonly last: string;
  /** So many ms after it began; null: never. */
  readonly after: number | null;
  /** At a step of the host. */
  readonly at?: Step;
}

/** Runs the host and kills it. Resolves with whether its child came to its end. */
export const run = (
  job: DurableJob,
  { last, after, at }: Killing,
): Promise<{ over: boolean; said: string }> =>
  new Promise((resolve) => {
    const order = { state: job.state, world: join(job.state, "../data"), ports: [], kill: at };
    const env = at === undefined ? {} : { CRYONODE_STEPS: JSON.stringify(order) };
    const watch = at === undefined ? [] : ["--import", WATCH];
    const child = spawn(process.execPath, [...watch, HOST, JSON.stringify(job)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let [said, over] = ["", false];
    let killer: NodeJS.Timeout | null = null;
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const begun = new RegExp(`"event":"(started|revived)","child":"${last}"`).test(said);
      if (after !== null && begun) killer ??= setTimeout(() => child.kill("SIGKILL"), after);
      // Servers live on; what there is to see is there when the last one has ended.
      over = said.includes(`"event":"exited","child":"${last}"`);
      if (over) child.stdin.end();
    });
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.on("close", () => {
      if (killer !== null) clearTimeout(killer);
      resolve({ over, said });
    });
  });

const ROUTES: readonly Route[] = [{ service: "LOG" }, { service: "Timer" }, { service: "File_system" }];

/** A job on a folder of its own; `play` runs it. */
export const onJob = async (
  components: Readonly<Record<string, string>>,
  routes: Readonly<Record<string, readonly Route[]>>,
  play: (job: DurableJob, folder: string) => Promise<void>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-kill-"));
  try {
    await mkdir(join(folder, "data"));
    for (const [name, text] of Object.entries(components)) await writeFile(join(folder, `${name}.ts`), text);
    const rights = ["read", "write", "create", "remove", "list"] as const;
    const host = {
      ...{ name: "here", ram: 64 << 20, caps: 1000, gates: {}, roms: {}, trust: [] },
      files: { data: { kind: "directory" as const, path: join(folder, "data"), rights } },
    };
    const children = Object.keys(components).map((name) => ({
      ...{ name, ram: 8 << 20, caps: 100, config: null, turn: 3000, routes: routes[name] ?? ROUTES },
      component: join(folder, `${name}.ts`),
    }));
    await play({ state: join(folder, "state"), host, children }, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Kills the host so often, each time a little after its children began; then lets it come to its end. */
export const killOften = async (job: DurableJob, kills: number, last: string): Promise<void> => {
  for (let runs = 0, done = false; !done && runs <= kills + 1; runs++) {
    const { over, said } = await run(job, { last, after: runs < kills ? (runs * 37) % 100 : null });
    expect(said).not.match(/failed|Error|faulted|astray/);
    done = over;
  }
};

/** Lines, by their numbers from 1 on. */
export const numbered = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${line(n + 1)}\n`).join("");
