// The journals that one thread appends to: one for each durable host that has children in it, by the descriptor that
// the host opened.

import { descriptorSync, type FileSync } from "./file-sync.ts";
import { JournalWriter, type Pace } from "./journal-writer.ts";
import { JournalTail } from "./tail.ts";

export class Journals {
  readonly #writers = new Map<number, JournalWriter>();
  readonly #busy: () => number;
  readonly #tail: JournalTail | null;
  readonly #settle: Pace | undefined;
  /** Whose records are in it: the first one's. */
  #tailed: JournalWriter | null = null;

  /** `busy`: how many of the thread have something to do before what it wrote is durable. `tail`: memory for what is not
   *  written yet, that outlives the thread. `settle`: see `JournalWriter`. */
  constructor(busy: () => number, tail: SharedArrayBuffer | null = null, settle?: Pace) {
    this.#busy = busy;
    this.#settle = settle;
    this.#tail = tail === null ? null : new JournalTail(tail);
  }

  to(descriptor: number): JournalWriter {
    const known = this.#writers.get(descriptor);
    if (known !== undefined) return known;
    const isFirst = this.#tailed === null && this.#tail !== null;
    const writer = new JournalWriter(this.#file(descriptor), isFirst ? this.#tail : null, this.#settle);
    if (isFirst) this.#tailed = writer;
    this.#leads(writer, descriptor);
    this.#writers.set(descriptor, writer);
    return writer;
  }

  #leads(writer: JournalWriter, descriptor: number): void {
    if (this.#tail !== null && writer === this.#tailed) this.#tail.descriptor = descriptor;
  }

  /** From now on, what went to `former` goes to `next`; all that went there before is durable, or `former` has failed.
   *  `left` is called when nobody here uses `former` any more. */
  turnOver(former: number, next: number, left: () => void): void {
    const writer = this.#writers.get(former);
    if (writer !== undefined) {
      writer.finish();
      if (writer.failed) writer.mend(this.#file(next), left);
      else writer.turnTo(this.#file(next), left);
      this.#leads(writer, next);
      this.#writers.delete(former);
      this.#writers.set(next, writer);
      return;
    }
    const turned = this.#writers.get(next);
    if (turned === undefined) left();
    else turned.whenLeft(left);
  }

  #file(descriptor: number): FileSync {
    return descriptorSync(descriptor, this.#busy);
  }
}
