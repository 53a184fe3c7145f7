// A thread's end of the host's journal: it gathers records, appends them to the file in one write, and syncs for
// whoever waits. Every thread of the host appends to the same file, whose order is the order of these writes; a sync
// by any of them covers what all have written before.
import type { FileSync } from "./file-sync.ts";
import { FrameBuffer } from "./frame.ts";

type Waiting = (failed: Error | null) => void;

export class JournalWriter {
  #file: FileSync;
  readonly #frames = new FrameBuffer();
  /** Counts records: those added, those that are on stable storage. */
  #added = 0;
  #durable = 0;
  #waiting: Waiting[] = [];
  #syncing = false;
  #scheduled = false;
  #failed: Error | null = null;

  constructor(file: FileSync) {
    this.#file = file;
  }

  /** Goes on in another file. What it has written so far is durable. */
  turnTo(file: FileSync): void {
    this.#file = file;
  }

  /** How many records were added so far. */
  get added(): number {
    return this.#added;
  }

  /** How many of them would survive a loss of power. */
  get durable(): number {
    return this.#durable;
  }

  add(payload: Uint8Array): void {
    this.#frames.add(payload);
    this.#added++;
  }

  /** Hands what was added to the file: from then on it survives the end of this process, and comes before all that
   *  any thread adds because of what it is told after this. */
  write(): void {
    if (this.#frames.length === 0 || this.#failed !== null) return;
    try {
      this.#file.append(this.#frames.take());
    } catch (cause) {
      this.#failed = cause as Error;
    }
  }

  /** Calls `then` once all that was added by now is durable; or never can be, with the reason. */
  whenDurable(then: Waiting): void {
    this.#waiting.push(then);
    if (this.#syncing || this.#scheduled) return;
    this.#scheduled = true;
    // What else this turn of the event loop adds goes along.
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#sync();
    });
  }

  #sync(): void {
    this.write();
    if (this.#failed !== null) return this.#settle(this.#waiting.splice(0));
    const waiting = this.#waiting;
    this.#waiting = [];
    const covered = this.#added;
    this.#syncing = true;
    this.#file.sync((cause) => {
      this.#syncing = false;
      this.#failed ??= cause;
      if (this.#failed === null) this.#durable = covered;
      this.#settle(waiting);
      if (this.#waiting.length > 0 && !this.#syncing && !this.#scheduled) this.#sync();
    });
  }

  #settle(waiting: readonly Waiting[]): void {
    for (const then of waiting) then(this.#failed);
  }
}
