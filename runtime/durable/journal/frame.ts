// How records lie in a journal's file: the length and the CRC-32 of each before it, so that a torn tail is known
// for one.
import { crc32 } from "../../crc32.ts";
import type { JournalTail } from "./tail.ts";

/** Length and checksum, 32 bits each, little endian. */
const FRAME_HEADER_BYTES = 8;
/** No record is larger. */
const MOST_FRAME_BYTES = 96 << 20;

/** Frames on their way to the file, in one buffer that is kept. */
export class FrameBuffer {
  readonly #tail: JournalTail | null;
  #buffer: Buffer;
  #length = 0;

  /** `tail`: where they are, as long as they fit. */
  constructor(tail: JournalTail | null = null) {
    this.#tail = tail;
    this.#buffer = tail?.bytes ?? Buffer.allocUnsafeSlow(1 << 16);
  }

  /** Whether it takes one more where it is. */
  fits(payload: Uint8Array): boolean {
    return this.#length + FRAME_HEADER_BYTES + payload.length <= this.#buffer.length;
  }

  get length(): number {
    return this.#length;
  }

  add(payload: Uint8Array): void {
    const needed = this.#length + FRAME_HEADER_BYTES + payload.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.writeUInt32LE(payload.length, this.#length);
    this.#buffer.writeUInt32LE(crc32(payload, 0), this.#length + 4);
    this.#buffer.set(payload, this.#length + FRAME_HEADER_BYTES);
    this.#length = needed;
    if (this.#tail !== null && this.#buffer === this.#tail.bytes) this.#tail.length = needed;
  }

  /** What was added since the last time; valid until something is added. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#tail !== null) {
      this.#tail.length = 0;
      this.#buffer = this.#tail.bytes;
    } else if (this.#buffer.length > 1 << 22) this.#buffer = Buffer.allocUnsafeSlow(1 << 16);
    return taken;
  }
}

/** Calls `frame` with each whole record in order, and where it lies in what `view` shows; returns how many bytes they take,
 *  headers included. What follows was never acknowledged to be there. */
export const readFrames = (
  bytes: Uint8Array,
  frame: (payload: Uint8Array, view: DataView, at: number) => boolean,
): number => {
  const { buffer, byteOffset, length: all } = bytes;
  const view = new DataView(buffer, byteOffset, all);
  let at = 0;
  while (at + FRAME_HEADER_BYTES <= all) {
    const length = view.getUint32(at, true);
    const begin = at + FRAME_HEADER_BYTES;
    if (length === 0 || length > MOST_FRAME_BYTES || begin + length > all) break;
    // What a buffer gives of itself is a buffer, which takes three times as long.
    const payload = new Uint8Array(buffer, byteOffset + begin, length);
    if (crc32(payload, 0) !== view.getUint32(at + 4, true) || !frame(payload, view, begin)) break;
    at = begin + length;
  }
  return at;
};
