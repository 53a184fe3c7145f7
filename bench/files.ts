// Bytes a second through a file handle, against plain Node on the same file, into one buffer: by calls that are awaited
// as a component's are, and by the system's calls at once with nothing around them.
import {
  closeSync,
  mkdtempSync,
  openSync,
  read,
  readSync,
  rmSync,
  write,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MachinePool } from "../runtime/engine/pool.ts";
import type { Bench } from "./bench.ts";
import { countedFiles } from "./counted-files.ts";
import { startDomain } from "./driven-domain.ts";
import { sideBySide } from "./side-by-side.ts";
import { SinkEnd } from "./sink-end.ts";
import { powersFor } from "./surroundings.ts";

const BYTES = 65536;
/** The file's length in calls: 8 MiB, which the system keeps in memory. */
const LENGTH = 128;
/** Calls of one measurement: short, so that what else the machine does hits both sides alike. */
const CALLS = 8 * LENGTH;
/** Measurements a round. */
const OFTEN = 10;

const megabytesPerSecond = (since: number): number => (CALLS * BYTES) / 1000 / (performance.now() - since);

type Side = "awaited" | "at once";

/** The calls that plain Node makes for the same: each awaited, as a component does, or the system's own, one after the
 *  other. */
const plain = async (descriptor: number, writes: boolean, side: Side, buffer: Uint8Array): Promise<void> => {
  const one = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
      if (writes) write(descriptor, buffer, 0, BYTES, at, done);
      else read(descriptor, buffer, 0, BYTES, at, done);
    });
  for (let i = 0; i < CALLS; i++) {
    const at = (i % LENGTH) * BYTES;
    if (side === "awaited") await one(at);
    else if (writes) writeSync(descriptor, buffer, 0, BYTES, at);
    else readSync(descriptor, buffer, 0, BYTES, at);
  }
};

const fileBench = (writes: boolean, side: Side): Bench => {
  const call = writes ? "write" : "read";
  const name = `file, ${call}, 64 KiB, ${side}`;
  return {
    name,
    async run({ engine, base, rounds }) {
      const folder = mkdtempSync(join(tmpdir(), "cryonode-bench-"));
      const path = join(folder, "file");
      writeFileSync(path, new Uint8Array(LENGTH * BYTES).fill(66));
      const files = countedFiles(folder);
      const domain = await startDomain({
        component: "mover",
        spec: { name: "mover", label: "init -> mover", quota: { ram: 16 << 20, caps: 100 }, turn: 3000 },
        powers: powersFor(new SinkEnd(), { bytes: BYTES, calls: LENGTH, writes }, files.provider),
        base,
        pool: new MachinePool(engine),
      });
      const descriptor = openSync(path, writes ? "r+" : "r");
      const buffer = new Uint8Array(BYTES).fill(65);
      const row = await sideBySide({
        name,
        unit: "MB/s",
        async ours() {
          const began = performance.now();
          await new Promise<void>((resolve) => {
            files.after(CALLS, () => {
              domain.hold();
              resolve();
            });
            domain.go();
          });
          return megabytesPerSecond(began);
        },
        against: side === "awaited" ? `fs.${call}` : `fs.${call}Sync`,
        async theirs() {
          const began = performance.now();
          await plain(descriptor, writes, side, buffer);
          return megabytesPerSecond(began);
        },
        target: side === "awaited" ? { of: "ratio", bound: "at least", limit: 0.5 } : null,
        rounds: rounds * OFTEN,
        warmUp: OFTEN,
      });
      await domain.release();
      closeSync(descriptor);
      files.provider.close();
      rmSync(folder, { recursive: true });
      return row;
    },
  };
};

export const fileBenches: readonly Bench[] = [
  fileBench(false, "awaited"),
  fileBench(true, "awaited"),
  fileBench(false, "at once"),
  fileBench(true, "at once"),
];
