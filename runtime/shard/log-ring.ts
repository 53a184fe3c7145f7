// Log entries on their way from a shard to the host: a ring in shared memory, so that what was written is there
// for the host even when the shard's thread hangs in the very next turn. One writer, one reader; the residents of
// the thread share it, and each entry says whose it is.
//
//   word 0   bytes written so far (mod 2^32)        word 1   bytes read so far
//   then     frames: length in bytes, top bit set where the entry goes on in the next frame; the resident's number;
//            the bytes, padded to 4
const WRITTEN = 0;
const READ = 1;
const HEADER_BYTES = 8;
const FRAME_HEADER_BYTES = 8;
const RING_BYTES = 1 << 18;
const FRAME_BYTES = 1 << 16;
const MORE = 0x8000_0000;

export const makeRing = (): SharedArrayBuffer => new SharedArrayBuffer(HEADER_BYTES + RING_BYTES);

const padded = (bytes: number): number => (bytes + 3) & ~3;

class Ring {
  protected readonly words: Int32Array;
  protected readonly frames: Uint8Array;

  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring);
    this.frames = new Uint8Array(ring, HEADER_BYTES);
  }
  protected word(at: number): number {
    return (HEADER_BYTES + (at % RING_BYTES)) >> 2;
  }
}

export class LogWriter extends Ring {
  readonly #notify: () => void;
  #notified = false;
  /** Written since the reader was last asked: it may have drained too early for that. */
  #unread = false;

  /** `notify` asks the reader to drain, at most once in each round of the event loop. */
  constructor(ring: SharedArrayBuffer, notify: () => void) {
    super(ring);
    this.#notify = notify;
  }

  /** Writes one entry of `resident`. Waits for the reader when the ring is full. */
  write(resident: number, text: string): void {
    const bytes = Buffer.from(text);
    let at = 0;
    do {
      const length = Math.min(bytes.length - at, FRAME_BYTES);
      this.#frame(resident, bytes.subarray(at, at + length), at + length < bytes.length);
      at += length;
    } while (at < bytes.length);
    this.#unread = true;
    if (!this.#notified) this.#ask();
  }

  /** Entries of one slice share a message, or two: the reader may hear the first before the last is written. */
  #ask(): void {
    this.#unread = false;
    this.#notified = true;
    this.#notify();
    setImmediate(() => {
      this.#notified = false;
      if (this.#unread) this.#ask();
    });
  }

  #frame(resident: number, bytes: Uint8Array, more: boolean): void {
    const written = Atomics.load(this.words, WRITTEN) >>> 0;
    const needed = FRAME_HEADER_BYTES + padded(bytes.length);
    for (;;) {
      const read = Atomics.load(this.words, READ);
      if (RING_BYTES - ((written - (read >>> 0)) >>> 0) >= needed) break;
      this.#notify();
      Atomics.wait(this.words, READ, read, 1000);
    }
    this.words[this.word(written)] = more ? bytes.length | MORE : bytes.length;
    this.words[this.word(written + 4)] = resident;
    for (let at = 0; at < bytes.length;) {
      const place = (written + FRAME_HEADER_BYTES + at) % RING_BYTES;
      const length = Math.min(bytes.length - at, RING_BYTES - place);
      this.frames.set(bytes.subarray(at, at + length), place);
      at += length;
    }
    Atomics.store(this.words, WRITTEN, (written + needed) | 0);
  }
}

export class LogReader extends Ring {
  #begun: Uint8Array[] = [];

  /** Takes out every entry that is there whole. */
  drain(entry: (resident: number, text: string) => void): void {
    const written = Atomics.load(this.words, WRITTEN) >>> 0;
    let read = Atomics.load(this.words, READ) >>> 0;
    while (read !== written) {
      const header = this.words[this.word(read)]!;
      const resident = this.words[this.word(read + 4)]!;
      const length = (header & ~MORE) >>> 0;
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const place = (read + FRAME_HEADER_BYTES + at) % RING_BYTES;
        const part = this.frames.subarray(place, Math.min(place + length - at, RING_BYTES));
        bytes.set(part, at);
        at += part.length;
      }
      read = (read + FRAME_HEADER_BYTES + padded(length)) >>> 0;
      this.#begun.push(bytes);
      if ((header & MORE) === 0) {
        entry(resident, Buffer.concat(this.#begun).toString());
        this.#begun = [];
      }
    }
    Atomics.store(this.words, READ, read | 0);
    Atomics.notify(this.words, READ);
  }
}
