// The memories that the last checkpoints of living children were made of, each in a buffer that both threads see: what
// a child changed since then is found against its own, and brought into it. Beyond a bound the one that was used
// longest ago goes; that child's next checkpoint looks at all of its memory.
import type { Receipt } from "../durable/store/store.ts";

/** Bytes kept, as long as that is more than one buffer. */
const MOST_BYTES = 256 << 20;

export interface LastCopy {
  readonly buffer: SharedArrayBuffer;
  /** Bytes at its beginning that are the memory as the checkpoint has it. */
  readonly known: number;
  readonly receipt: Receipt;
}

export class LastCopies {
  readonly #most: number;
  /** By identity, the latest last. */
  readonly #kept = new Map<string, LastCopy>();
  #bytes = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** The copy of the last checkpoint; nobody has it until it is kept again. */
  take(identity: string): LastCopy | null {
    const copy = this.#kept.get(identity);
    if (copy === undefined) return null;
    this.#kept.delete(identity);
    this.#bytes -= copy.buffer.byteLength;
    return copy;
  }

  keep(identity: string, copy: LastCopy): void {
    this.take(identity);
    this.#kept.set(identity, copy);
    this.#bytes += copy.buffer.byteLength;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#most || this.#kept.size === 1) return;
      this.take(oldest);
    }
  }
}
