// The memories that the last checkpoints of living children were made of, each in a buffer that both threads see: what
// a child changed since then is found against its own, and brought into it. Beyond a bound the one that was used
// longest ago goes; that child's next checkpoint looks at all of its memory.
import { totalmem } from "node:os";
import type { Receipt } from "../durable/store/store.ts";

/** Bytes kept, as long as that is more than one buffer. Where all are used in turn and one of them has no room, none
 *  is ever found again: so it goes by the machine. */
const MOST_BYTES = Math.max(256 << 20, Math.floor(totalmem() / 32));
/** Buffers of which nobody needs the content any more, for the next who needs one: the collector does not see how large
 *  they are, and leaves them lying about. */
const MOST_SPARE = 24;

/** A buffer for a copy. */
export interface CopyRoom {
  readonly buffer: SharedArrayBuffer;
  /** Bytes at its beginning that are the memory as the last checkpoint has it. */
  readonly known: number;
  /** They are what its machine was loaded with. */
  readonly loaded?: boolean;
}

export interface LastCopy extends CopyRoom {
  readonly receipt: Receipt;
}

export class LastCopies {
  readonly #most: number;
  /** By identity, the latest last. */
  readonly #kept = new Map<string, LastCopy>();
  #bytes = 0;
  /** Copies that a thread is yet to read, by identity. */
  readonly #loading = new Map<string, LastCopy>();
  readonly #spare: SharedArrayBuffer[] = [];

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** A buffer for a memory of so many bytes that was used before, or null. Nobody else has it. */
  room(bytes: number): SharedArrayBuffer | null {
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
    return at < 0 ? null : this.#spare.splice(at, 1)[0]!;
  }

  /** What is in a buffer is of no use any more, and no thread has it. */
  give(buffer: SharedArrayBuffer): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(buffer);
  }

  /** Forgets the copy of one that is no longer there. */
  drop(identity: string): void {
    const copy = this.take(identity);
    if (copy !== null) this.give(copy.buffer);
  }

  /** The copy of the last checkpoint; nobody has it until it is kept again. */
  take(identity: string): LastCopy | null {
    const loading = this.#loading.get(identity);
    if (loading !== undefined && this.#loading.delete(identity)) return loading;
    const copy = this.#kept.get(identity);
    if (copy === undefined) return null;
    this.#kept.delete(identity);
    this.#bytes -= copy.buffer.byteLength;
    return copy;
  }

  /** A thread is about to read it: nobody else has it before it is taken, or `loaded`. */
  load(identity: string, copy: LastCopy): void {
    this.#loading.set(identity, copy);
  }
  loaded(identity: string): void {
    const copy = this.#loading.get(identity);
    if (copy !== undefined) this.keep(identity, copy);
  }

  keep(identity: string, copy: LastCopy): void {
    this.take(identity);
    this.#kept.set(identity, copy);
    this.#bytes += copy.buffer.byteLength;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#most || this.#kept.size === 1) return;
      this.drop(oldest);
    }
  }
}
