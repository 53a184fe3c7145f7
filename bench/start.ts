// From the shell to the first line of a scenario's output, against a Node process that does nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.ts";
import { skipped } from "./row.ts";
import { sideBySide } from "./side-by-side.ts";

const PROGRAM = fileURLToPath(new URL("../bin/command/main.js", import.meta.url));
const SCENARIO = join("scenarios", "counter.yaml");
const COMPONENT = join("components", "counter.ts");

const source = (path: string): string => fileURLToPath(new URL(join("../..", path), import.meta.url));

/** Runs Node and resolves with the ms until its output matches, or, without a pattern, until it has ended. */
const nodeTakes = async (args: readonly string[], cwd: string, pattern: RegExp | null): Promise<number> => {
  const began = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let output = "";
  const matched = new Promise<void>((resolve) => {
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (pattern?.test(output) === true) resolve();
    });
  });
  await Promise.race([matched, ended]);
  const took = performance.now() - began;
  if (pattern !== null && !pattern.test(output)) throw new Error(`cryonode run ended without ${pattern}`);
  child.kill();
  await ended;
  return took;
};

const startBench = (name: string, pattern: RegExp): Bench => ({
  name,
  async run({ rounds }) {
    if (!existsSync(PROGRAM)) return skipped(name, "ms", "node -e 0", "there is no command line yet");
    const folder = await mkdtemp(join(tmpdir(), "cryonode-bench-"));
    for (const path of [SCENARIO, COMPONENT]) {
      await mkdir(join(folder, path, ".."), { recursive: true });
      await copyFile(source(path), join(folder, path));
    }
    const row = await sideBySide({
      name,
      unit: "ms",
      ours: () => nodeTakes([PROGRAM, "run", SCENARIO], folder, pattern),
      against: "node -e 0",
      theirs: () => nodeTakes(["-e", "0"], folder, null),
      target: { of: "ratio", bound: "at most", limit: 10 },
      rounds,
    });
    await rm(folder, { recursive: true });
    return row;
  },
});

export const startBenches: readonly Bench[] = [
  startBench("first line of a run", /\n/),
  startBench("first line of the counter", /\bcount 1\b/),
];
