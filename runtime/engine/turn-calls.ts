// The calls that a turn makes, until they are taken out at its end: records in the outbox, outboxes that ran full, and
// what calls carry beside their records, which is the host's memory and is bounded.
import { FIRST_RECORD, OUTBOX_BYTES } from "../../lib/guest/abi.ts";
import type { LinearMemory } from "./linear-memory.ts";
import { Attachments, digestOutbox, readOutbox, type CallSink, type OutboxViews } from "./outbox.ts";

/** What the calls of one turn may carry beside their records, in bytes, before the turn is ended. */
const MOST_CARRIED_BYTES = 64 << 20;
/** Why it is ended then. */
export const FLOODED = `the calls of one turn carry more than ${MOST_CARRIED_BYTES} bytes`;

export class TurnCalls {
  readonly #memory: LinearMemory;
  readonly #attachments = new Attachments();
  #flushed: OutboxViews[] = [];
  #carried = 0;
  /** Address of the outbox, in bytes. */
  #outbox = 0;

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  /** The memory is another guest's from now on, and has its outbox there. */
  adopt(outbox: number): void {
    this.#outbox = outbox;
    this.#memory.words[outbox >> 2] = FIRST_RECORD;
    this.#attachments.clear();
    this.#flushed = [];
  }

  /** A turn begins. */
  begin(): void {
    this.#carried = 0;
  }

  /** Whether they carry more than they may: no more is taken. */
  get flooded(): boolean {
    return this.#carried > MOST_CARRIED_BYTES;
  }

  /** Counts bytes that a call is to carry; false where that is too much. */
  #admits(bytes: number): boolean {
    this.#carried += bytes;
    return !this.flooded;
  }

  /** Leaves a text beside the record that follows; false where that is too much. */
  attachText(text: string): boolean {
    const isAdmitted = this.#admits(text.length);
    if (isAdmitted) this.#attachments.add(text);
    return isAdmitted;
  }

  /** The same with a copy of the memory from `at` on. */
  attachBytes(at: number, length: number): boolean {
    const isAdmitted = this.#admits(length);
    if (isAdmitted) this.#attachments.add(this.#memory.bytes.slice(at, at + length));
    return isAdmitted;
  }

  /** Puts a full outbox aside; false where that is too much. */
  flush(): boolean {
    const isAdmitted = this.#admits(OUTBOX_BYTES);
    if (isAdmitted) {
      const { buffer } = this.#memory.bytes.slice(this.#outbox, this.#outbox + OUTBOX_BYTES);
      this.#flushed.push({
        words: new Int32Array(buffer),
        floats: new Float64Array(buffer),
        bytes: new Uint8Array(buffer),
      });
    }
    this.#memory.words[this.#outbox >> 2] = FIRST_RECORD;
    return isAdmitted;
  }

  /** Tells them from others: their records, and the sizes of what they carry. Takes nothing. */
  digest(): number {
    let digest = this.#attachments.digest(0);
    for (const views of this.#flushed) digest = digestOutbox(views, 0, digest);
    return digestOutbox(this.#memory.views, this.#outbox, digest);
  }

  /** Takes them out. */
  take(sink: CallSink): void {
    if (this.#flushed.length > 0) {
      const flushed = this.#flushed;
      this.#flushed = [];
      for (const views of flushed) readOutbox(views, 0, this.#attachments, sink);
    }
    if (this.#memory.words[this.#outbox >> 2] !== FIRST_RECORD) {
      readOutbox(this.#memory.views, this.#outbox, this.#attachments, sink);
      this.#memory.words[this.#outbox >> 2] = FIRST_RECORD;
    }
    this.#attachments.clear();
  }
}
