// What children wrote to their logs, in files that outlive the host: `logs/NAME.log`, entry by entry. When a file is
// full it becomes `NAME.log.1`, in place of the one before, so that no child fills the disk.
import { closeSync, fstatSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Bytes of one file; each child has two at most. */
const MOST_LOG_BYTES = 16 << 20;

export const logPath = (folder: string, child: string): string => join(folder, `${child}.log`);
/** Where what is older lies. */
export const olderLogPath = (folder: string, child: string): string => join(folder, `${child}.log.1`);

/** Writes that fail are told once and retried with the next entry. */
export interface ChildLogOptions {
  /** `logs` in the state directory; it exists. */
  readonly folder: string;
  readonly child: string;
  readonly mostBytes?: number;
  readonly failed: (reason: string) => void;
}

export class ChildLog {
  readonly #options: ChildLogOptions;
  readonly #most: number;
  #file: number | null = null;
  #size = 0;
  #failing = false;
  #waiting: string[] = [];
  #flush: NodeJS.Immediate | null = null;

  constructor(options: ChildLogOptions) {
    this.#options = options;
    this.#most = options.mostBytes ?? MOST_LOG_BYTES;
  }

  /** Adds an entry. It is in the file by the next round of the event loop. */
  append(text: string): void {
    this.#waiting.push(text);
    this.#flush ??= setImmediate(() => this.flush());
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#flush !== null) clearImmediate(this.#flush);
    this.#flush = null;
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(`${this.#waiting.join("\n")}\n`);
    this.#waiting = [];
    try {
      this.#file ??= this.#open();
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
      this.#size += bytes.length;
      if (this.#size >= this.#most) this.#turnOver();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#options.failed((error as Error).message);
      this.#failing = true;
    }
  }

  #open(): number {
    const { folder, child } = this.#options;
    const file = openSync(logPath(folder, child), "a+", 0o600);
    this.#size = fstatSync(file).size;
    const last = Buffer.alloc(1);
    // A crash may have left half an entry: it is ended, so that the next one has a line of its own.
    if (this.#size > 0 && readSync(file, last, 0, 1, this.#size - 1) === 1 && last[0] !== 10)
      this.#size += writeSync(file, "\n");
    return file;
  }

  #turnOver(): void {
    const { folder, child } = this.#options;
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    renameSync(logPath(folder, child), olderLogPath(folder, child));
  }

  close(): void {
    this.flush();
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
