// Where large frames are put together: memory comes in by the MiB, and each one in bytes of its own would have to be zeroed,
// and collected.

/** Rooms of so many bytes: a frame of chunks, header and body. */
const ROOM_BYTES = (1 << 20) + (1 << 16);
/** Smaller frames have bytes of their own. */
const LEAST_BYTES = 1 << 18;
/** Rooms that wait to be used again. */
const MOST_ROOMS = 4;

export class FrameRooms {
  readonly #free: ArrayBuffer[] = [];
  #lent: ArrayBuffer | null = null;

  /** For a frame of so many bytes. */
  take(bytes: number): Buffer {
    if (bytes < LEAST_BYTES || bytes > ROOM_BYTES) return Buffer.allocUnsafeSlow(bytes);
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(ROOM_BYTES), 0, bytes);
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
