// Whole numbers in as few bytes as they need, seven bits in each, the lowest first: LEB128. Up to 2^53 - 1.

export class VarintWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  number(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#put((rest % 128) | 128);
    this.#put(rest);
    return this;
  }

  bytes(value: Uint8Array): this {
    while (this.#length + value.length > this.#bytes.length) this.#grow();
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far, in bytes of its own. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = byte;
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what the writer wrote, or anything else: a number that has no end or is too large shows in `sound`. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  position = 0;
  /** Whether everything so far was there. */
  sound = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** 0 where there is none. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined || scale > 2 ** 49) {
        this.sound = false;
        return 0;
      }
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.sound = false;
    return 0;
  }

  /** A view; an empty one where there are fewer. */
  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.position) {
      this.sound = false;
      return new Uint8Array();
    }
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  rest(): Uint8Array {
    return this.bytes(Math.max(0, this.#bytes.length - this.position));
  }
}
