// Bytes that arrived and await a framer, kept in one piece.

export class ByteBuffer {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** A view; valid until the next `push`. */
  get view(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Copies `chunk`. */
  push(chunk: Uint8Array): void {
    const length = this.length;
    const wanted = length + chunk.byteLength;
    if (this.#end + chunk.byteLength > this.#bytes.byteLength) {
      const room = wanted > this.#bytes.byteLength ? Math.max(wanted, 2 * length, 1024) : 0;
      if (room === 0) this.#bytes.copyWithin(0, this.#start, this.#end);
      else {
        const grown = new Uint8Array(room);
        grown.set(this.view);
        this.#bytes = grown;
      }
      this.#start = 0;
      this.#end = length;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.byteLength;
  }

  /** How many bytes from the front until `byte`, looking from `from` on; -1 where there is none. */
  indexOf(byte: number, from: number): number {
    return this.view.indexOf(byte, from);
  }

  /** The first four bytes as a big-endian number. */
  u32(): number {
    return new DataView(this.#bytes.buffer, this.#start, 4).getUint32(0);
  }

  /** A view of the first `count` bytes, which are gone; valid until the next `push`. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#start, this.#start + count);
    this.#start += count;
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      // A long message must not hold its room for ever.
      if (this.#bytes.byteLength > 64 * 1024) this.#bytes = new Uint8Array(0);
    }
    return taken;
  }
}
