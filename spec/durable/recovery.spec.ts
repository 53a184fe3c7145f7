// Law 3 for one child: whatever the moment of a crash, the world outside ends up as if there had been none.
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { outputsOf } from "../domain/harness.ts";
import { programOf } from "../domain/program.ts";
import { World, type Outputs, type WorldOptions } from "../domain/world.ts";
import { subjects } from "../law/subject.ts";
import { DurableChild } from "./durable-child.ts";

const MOST_POINTS = 400;

/** These show the generation, the time that a crash costs, or what is no file; by design. */
const NOTICES: ReadonlySet<string> = new Set([
  "revived",
  "randomness",
  "dice",
  "timers",
  "threads",
  "watching",
  "curious",
  // What they hold has no name any more, and so is nowhere when the process is.
  "unlinked",
  "inbox",
]);

/** Queues lie in the host's memory, and go with it. */
const withoutQueues = ({ gates }: WorldOptions): boolean => gates === undefined;

/** The world with its files on a disk, where they survive; and what is there in the end. */
const onDisk = async (
  { files = {}, ...options }: WorldOptions,
  act: (options: WorldOptions) => Promise<Outputs>,
): Promise<unknown> => {
  const root = await mkdtemp(join(tmpdir(), "cryonode-recovery-"));
  try {
    const directories: Record<string, string> = { ...options.directories };
    for (const [name, content] of Object.entries(files)) {
      directories[name] = join(root, name);
      await mkdir(join(root, name), { recursive: true });
      for (const [path, text] of Object.entries(content)) {
        await mkdir(dirname(join(root, name, path)), { recursive: true });
        await writeFile(join(root, name, path), text);
      }
    }
    const outputs = await act({ ...options, directories });
    const found = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => [path.slice(root.length), readFileSync(path, "utf8")]);
    return { ...outputs, found };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

interface Crash {
  /** At which points: every so many, from some on. */
  readonly every: number;
  readonly from: number;
  readonly power: "kept" | "lost";
  /** Whether what was gathered for the journal had reached it. */
  readonly written: boolean;
}

const CRASHES = [
  ["kept", true],
  ["kept", false],
  ["lost", true],
] as const;

const crashed = async (bytecode: Uint8Array, options: WorldOptions, crash: Crash): Promise<Outputs> => {
  const child = await DurableChild.boot(bytecode, new World(options));
  for (let point = 1; point < MOST_POINTS && (await child.advance()); point++) {
    if (point % 9 === 0) await child.checkpoint();
    if (point % crash.every !== crash.from % crash.every || child.domain.state !== "running") continue;
    if (crash.written) child.write();
    await child.crash();
    const { exited } = await child.recover(crash.power);
    expect(exited).equal(null);
  }
  return child.world.outputs();
};

describe("recovery", () => {
  for (const { name, file, options } of subjects()) {
    if (NOTICES.has(name) || !withoutQueues(options)) continue;
    for (const every of [2, 5])
      it(`law 3: ${name}, crashed at every ${every} points, leaves the world as if it had not`, async () => {
        const bytecode = await programOf(file);
        const outputs = await onDisk(options, async (each) => (await outputsOf(bytecode, each)).outputs);
        for (let from = 0; from < every; from++) {
          const [power, written] = CRASHES[from % CRASHES.length]!;
          const crash: Crash = { every, from, power, written };
          expect(await onDisk(options, (each) => crashed(bytecode, each, crash))).deep.equal(outputs);
        }
      });
  }
});
