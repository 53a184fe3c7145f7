// Reads what a child's log files hold, and follows them: a file that was full and has become the older one is read to
// its end first, and one that came and went between two looks is found by the place where it goes on.
import { open, stat, type FileHandle } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { CONTINUATION_BYTES, continuedAt } from "../continuation.ts";
import { logPath, olderLogPath } from "./child-log.ts";

export interface LogReading {
  /** `logs` in the state directory. */
  readonly folder: string;
  readonly child: string;
  /** How many of the last lines are wanted; null: all. */
  readonly lines: number | null;
  /** Whether to wait for more, until `signal` says otherwise. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly line: (text: string) => void;
}

const CHUNK_BYTES = 1 << 16;
/** How often a followed file is looked at, in ms. */
const LOOK_MS = 100;

/** An open file that is read on as it grows. */
class Growing {
  readonly #handle: FileHandle;
  readonly #decoder = new StringDecoder("utf8");
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #rest = "";
  #isFirst = true;
  /** The place in the whole log where it begins, and where what was read of it ends, in bytes. */
  #place = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Reads to the end as it is now; whole lines come out. */
  async advance(line: (text: string) => void): Promise<void> {
    for (;;) {
      const { bytesRead } = await this.#handle.read(this.#chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      this.#place += bytesRead;
      const parts = (this.#rest + this.#decoder.write(this.#chunk.subarray(0, bytesRead))).split("\n");
      this.#rest = parts.pop()!;
      for (const part of parts) if (!this.#began(part)) line(part);
    }
  }

  /** Whether this is the line that says where the file goes on. */
  #began(part: string): boolean {
    if (!this.#isFirst) return false;
    this.#isFirst = false;
    const first = continuedAt(`${part}\n`);
    if (first !== null) this.#place += first - CONTINUATION_BYTES;
    return first !== null;
  }

  /** Where it goes on in the whole log, in bytes; asked before anything is read. */
  async first(): Promise<number> {
    const head = Buffer.alloc(CONTINUATION_BYTES);
    const { bytesRead } = await this.#handle.read(head, 0, head.length, 0);
    return (bytesRead === head.length ? continuedAt(head.toString("latin1")) : null) ?? 0;
  }

  /** The place in the whole log up to which it was read. */
  get place(): number {
    return this.#place;
  }

  /** What has no end of line comes out as well. */
  finish(line: (text: string) => void): void {
    if (this.#rest !== "") line(this.#rest);
    this.#rest = "";
  }

  async inode(): Promise<number> {
    return (await this.#handle.stat()).ino;
  }

  async isStill(path: string): Promise<boolean> {
    const there = await stat(path).catch(() => null);
    return there === null || there.ino === (await this.inode());
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

const growing = async (path: string): Promise<Growing | null> => {
  try {
    return new Growing(await open(path, "r"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return null;
  }
};

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, LOOK_MS);
    signal.addEventListener("abort", wake);
  });

/** Whether a child has a log. */
export const hasLog = async (folder: string, child: string): Promise<boolean> =>
  stat(logPath(folder, child)).then(
    () => true,
    () =>
      stat(olderLogPath(folder, child)).then(
        () => true,
        () => false,
      ),
  );

/** Reads a child's log, the older file first. Resolves at its end, or once `signal` says so. */
export const readLog = async ({ folder, child, lines, follow, signal, line }: LogReading): Promise<void> => {
  const path = logPath(folder, child);
  const last: string[] = [];
  const keep = (text: string): void => {
    last.push(text);
    if (last.length > 2 * lines!) last.splice(0, last.length - lines!);
  };
  const take = lines === null ? line : keep;
  // Opened in this order, none is missed that becomes the older one meanwhile; it is then both.
  let current = await growing(path);
  const older = await growing(olderLogPath(folder, child));
  if (older !== null && (await older.inode()) !== (await current?.inode())) {
    await older.advance(take);
    older.finish(take);
  }
  await older?.close();
  await current?.advance(take);
  if (!follow) current?.finish(take);
  if (lines !== null && lines > 0) for (const text of last.slice(-lines)) line(text);
  if (!follow) return current?.close();
  while (!signal.aborted) {
    await pause(signal);
    if (current !== null) {
      const still = await current.isStill(path);
      await current.advance(line);
      if (still) continue;
      current.finish(line);
      await current.close();
    }
    const read: number = current?.place ?? 0;
    current = await growing(path);
    const between = await growing(olderLogPath(folder, child));
    const isNew = between !== null && (await between.inode()) !== (await current?.inode());
    if (isNew && (await between.first()) >= Math.max(1, read)) await between.advance(line);
    await between?.close();
    await current?.advance(line);
  }
  await current?.close();
};
