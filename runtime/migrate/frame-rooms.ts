// Where large frames are put together: memory comes in by the MiB, and each one in bytes of its own would have to be zeroed,
// and collected.

/** Bodies begin at a multiple of so many bytes: from anywhere else they are copied byte by byte into what threads share,
 *  which takes four times as long. */
const WORD_BYTES = 8;
/** Rooms of so many bytes: a frame of chunks, header and body. */
const ROOM_BYTES = WORD_BYTES + (1 << 20) + (1 << 16);
/** Smaller frames have bytes of their own. */
const LEAST_BYTES = 1 << 18;
/** Rooms that wait to be used again. */
const MOST_ROOMS = 4;

export class FrameRooms {
  readonly #free: ArrayBuffer[] = [];
  #lent: ArrayBuffer | null = null;

  /** For a frame of so many bytes, whose body begins behind `header` of them. */
  take(bytes: number, header: number): Buffer {
    if (bytes < LEAST_BYTES || bytes > ROOM_BYTES - WORD_BYTES) return Buffer.allocUnsafeSlow(bytes);
    const lead = (WORD_BYTES - (header % WORD_BYTES)) % WORD_BYTES;
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(ROOM_BYTES), lead, bytes);
  }

  /** Somebody looks at this body, and does not keep it. */
  lend({ buffer }: Uint8Array): void {
    if (buffer.byteLength === ROOM_BYTES && buffer instanceof ArrayBuffer) this.#lent = buffer;
  }

  /** Nobody looks at what was lent any more. */
  free(): void {
    if (this.#lent !== null && this.#free.length < MOST_ROOMS) this.#free.push(this.#lent);
    this.#lent = null;
  }
}
