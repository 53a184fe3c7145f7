// What a host adds to the log of a child, in the file where the child's own entries are: `logs/NAME.log`. When that is
// full the child's thread makes it the older one, `NAME.log.1`, in place of the one before.
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";

export const logPath = (folder: string, child: string): string => join(folder, `${child}.log`);
/** Where what is older lies. */
export const olderLogPath = (folder: string, child: string): string => join(folder, `${child}.log.1`);

/** Writes that fail are told once and retried with the next entry. */
export interface ChildLogOptions {
  /** `logs` in the state directory; it exists. */
  readonly folder: string;
  readonly child: string;
  readonly failed: (reason: string) => void;
}

export class ChildLog {
  readonly #options: ChildLogOptions;
  #failing = false;
  #waiting: string[] = [];
  #flush: NodeJS.Immediate | null = null;

  constructor(options: ChildLogOptions) {
    this.#options = options;
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
      // Opened anew each time, for it may be another file by now.
      const file = this.#open();
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      } finally {
        closeSync(file);
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#options.failed((error as Error).message);
      this.#failing = true;
    }
  }

  #open(): number {
    const { folder, child } = this.#options;
    const file = openSync(logPath(folder, child), "a+", 0o600);
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    // A crash may have left half an entry: it is ended, so that the next one has a line of its own.
    if (size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 10) writeSync(file, "\n");
    return file;
  }

  close(): void {
    this.flush();
  }
}
