// A thread's end of the host's journal: it gathers records, appends them to the file in one write, and syncs for
// whoever waits. Every thread of the host appends to the same file, whose order is the order of these writes; a sync
// by any of them covers what all have written before.
import type { FileSync } from "./file-sync.ts";
import { FrameBuffer } from "./frame.ts";
import type { JournalTail } from "./tail.ts";

type Waiting = (failed: Error | null) => void;

/** Calls all of them with `failed`, in order, now or soon. */
export type Pace = (waiting: readonly Waiting[], failed: Error | null) => void;

const atOnce: Pace = (waiting, failed) => {
  for (const then of waiting) then(failed);
};

export class JournalWriter {
  #file: FileSync;
  readonly #frames: FrameBuffer;
  readonly #settle: Pace;
  /** Counts records: those added, those that are on stable storage. */
  #added = 0;
  #durable = 0;
  #waiting: Waiting[] = [];
  #syncing = false;
  #leaving: (() => void)[] = [];
  #scheduled = false;
  #mends = 0;
  #failed: Error | null = null;

  /** `tail`: where records are that have not reached the file. `settle`: how those who have waited are told. */
  constructor(file: FileSync, tail: JournalTail | null = null, settle: Pace = atOnce) {
    this.#file = file;
    this.#settle = settle;
    this.#frames = new FrameBuffer(tail);
  }

  /** Goes on in another file. What it has written so far is durable. `left` as for `whenLeft`. */
  turnTo(file: FileSync, left: () => void): void {
    this.#file = file;
    this.whenLeft(left);
  }

  /** Calls `left` once the file before this one is no longer used: a sync of it may be under way. */
  whenLeft(left: () => void): void {
    if (this.#syncing) this.#leaving.push(left);
    else left();
  }

  /** Whether something could not be written: nothing more is, until it goes on in another file. */
  get failed(): boolean {
    return this.#failed !== null;
  }

  /** How often it has gone on without what it had been given. */
  get mends(): number {
    return this.#mends;
  }

  /** What its file refused can't be had any more: it is as if it had never been added. What is added from now on goes
   *  elsewhere, and is of use to nobody before all whose records these are have another checkpoint. */
  mend(file: FileSync, left: () => void): void {
    this.#mends++;
    this.#frames.take();
    this.#failed = null;
    this.turnTo(file, left);
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
    if (!this.#frames.fits(payload)) this.write();
    if (this.#failed === null) this.#frames.add(payload);
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

  /** Hands over what was added, and returns when it is durable; or never can be, which `failed` says. */
  finish(): void {
    this.write();
    if (this.#failed !== null) return;
    try {
      this.#file.syncNow();
      this.#durable = this.#added;
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
    if (this.#failed !== null) return this.#settle(this.#waiting.splice(0), this.#failed);
    const waiting = this.#waiting;
    this.#waiting = [];
    const covered = this.#added;
    const file = this.#file;
    this.#syncing = true;
    file.sync((cause) => {
      this.#syncing = false;
      for (const left of this.#leaving.splice(0)) left();
      // What another file refuses is nothing to this one.
      const failed = file === this.#file ? (this.#failed ??= cause) : cause;
      if (failed === null) this.#durable = Math.max(this.#durable, covered);
      this.#settle(waiting, failed);
      if (this.#waiting.length > 0 && !this.#syncing && !this.#scheduled) this.#sync();
    });
  }
}
