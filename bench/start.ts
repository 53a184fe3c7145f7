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

const NAME = "first line of the counter";
const PROGRAM = fileURLToPath(new URL("../runtime/command/main.js", import.meta.url));
const SCENARIO = join("scenarios", "counter.yaml");
const COMPONENT = join("components", "counter.ts");

const source = (path: string): string => fileURLToPath(new URL(join("../..", path), import.meta.url));

/** Runs Node and resolves with the ms until it has written a line, or has ended. */
const nodeTakes = async (args: readonly string[], cwd: string): Promise<number> => {
  const began = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  const took = performance.now() - began;
  if (child.exitCode === null) child.kill();
  await ended;
  return took;
};

export const startBench: Bench = {
  name: NAME,
  async run({ rounds }) {
    if (!existsSync(PROGRAM)) return skipped(NAME, "ms", "node -e 0", "there is no command line yet");
    const folder = await mkdtemp(join(tmpdir(), "cryonode-bench-"));
    for (const path of [SCENARIO, COMPONENT]) {
      await mkdir(join(folder, path, ".."), { recursive: true });
      await copyFile(source(path), join(folder, path));
    }
    const row = await sideBySide({
      name: NAME,
      unit: "ms",
      ours: () => nodeTakes([PROGRAM, "run", SCENARIO], folder),
      against: "node -e 0",
      theirs: () => nodeTakes(["-e", "0"], folder),
      target: { of: "ratio", bound: "at most", limit: 10 },
      rounds,
    });
    await rm(folder, { recursive: true });
    return row;
  },
};
