// The runs of a state directory: each host process that works on it draws a number and writes it down before anything
// of it runs. Providers remember the run beside an epoch, so that a host knows again what it did before a crash, and a
// copy of the directory is not taken for it.
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { ImageError } from "../image/image-error.ts";

export interface Runs {
  /** This one: 32 hexadecimal digits. */
  readonly run: string;
  /** The last ones, this one included, a line each. */
  readonly runs: string;
}

/** Runs that are known again; a crash is followed by its recovery long before so many more. */
const MOST_RUNS = 64;
const LINE_BYTES = 33;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = fs.constants;

const synced = (descriptor: number): Promise<void> =>
  new Promise((resolve, reject) =>
    fs.fdatasync(descriptor, (cause) => (cause === null ? resolve() : reject(cause))),
  );

/** Begins a run; it is durable when this resolves. */
export const beginRun = async (state: string): Promise<Either<ImageError, Runs>> => {
  const path = join(state, "runs");
  const run = randomBytes(16).toString("hex");
  let descriptor: number | null = null;
  try {
    descriptor = fs.openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
    // Each line ends what may have been cut off before it.
    fs.writeSync(descriptor, `\n${run}`);
    await synced(descriptor);
    const last = Buffer.alloc(MOST_RUNS * LINE_BYTES);
    const from = Math.max(0, fs.fstatSync(descriptor).size - last.length);
    const read = fs.readSync(descriptor, last, 0, last.length, from);
    const lines = last.toString("latin1", 0, read).split("\n");
    return E.right({ run, runs: lines.filter((line) => /^[0-9a-f]{32}$/.test(line)).join("\n") });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return E.left({ tag: "Unwritable", path, step: syscall ?? "write", code, leftover: null });
  } finally {
    if (descriptor !== null) fs.closeSync(descriptor);
  }
};
