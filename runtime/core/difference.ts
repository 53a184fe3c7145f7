// What changed between two states of a memory, byte for byte: bytes that did not change are no part of it, so that
// differences of several writers can be laid over one another without undoing anything.
//
//   runs in ascending order, each: gap since the end of the run before, length (at least 1), the bytes
//   gap and length are LEB128: seven bits a byte, the lowest first, the top bit set where more follow
//
// So a difference has at most one and a half times the bytes of its memory, and five more.

/** Compared at a time, in bytes: what is equal is passed over at the speed of the memory. */
const BLOCK_BYTES = 4096;
const FIRST_BYTES = 256;
/** Gaps and lengths are below 2^31: four more groups of seven bits at most. */
const LAST_SHIFT = 28;

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length);

/** Writes runs, in ascending order. */
class Writer {
  #bytes = new Uint8Array(FIRST_BYTES);
  #used = 0;
  #end = 0;

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + bytes));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }

  #number(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#used++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#used++] = rest;
  }

  /** The run at `offset` is `length` bytes of `source`, from `at` on. */
  add(offset: number, source: Uint8Array, at: number, length: number): void {
    if (length === 0) return;
    this.#room(10 + length);
    this.#number(offset - this.#end);
    this.#number(length);
    this.#bytes.set(source.subarray(at, at + length), this.#used);
    this.#used += length;
    this.#end = offset + length;
  }

  /** Null where there is no run. */
  finish(): Uint8Array | null {
    return this.#used === 0 ? null : this.#bytes.slice(0, this.#used);
  }
}

/** Reads runs. What it reads was checked by `isDifference`, or made here. */
class Reader {
  readonly bytes: Uint8Array;
  #next = 0;
  /** The run: where it lies in the memory and in `bytes`, and its length. */
  offset = 0;
  at = 0;
  length = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  #number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.#next++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** Goes to the next run; false where there is none. */
  next(): boolean {
    if (this.#next >= this.bytes.length) return false;
    this.offset += this.length + this.#number();
    this.length = this.#number();
    this.at = this.#next;
    this.#next += this.length;
    return true;
  }
}

/** What makes `after` of `before`, which is as long; null where they are equal. Bytes before `from`, and from `to` on,
 *  are not looked at. */
export const differenceBetween = (
  before: Uint8Array,
  after: Uint8Array,
  from = 0,
  to = after.length,
): Uint8Array | null => {
  const old = bufferOf(before);
  if (old.compare(after, from, to, from, to) === 0) return null;
  const writer = new Writer();
  for (let block = from; block < to; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, to);
    if (old.compare(after, block, end, block, end) === 0) continue;
    for (let at = block; at < end; at++) {
      if (before[at] === after[at]) continue;
      const start = at;
      while (at < end && before[at] !== after[at]) at++;
      writer.add(start, after, start, at - start);
    }
  }
  return writer.finish();
};

/** Calls with each run: where it lies in the memory and in the difference, and its length. */
export const eachRun = (
  difference: Uint8Array,
  run: (offset: number, at: number, length: number) => void,
): void => {
  for (const reader = new Reader(difference); reader.next();) run(reader.offset, reader.at, reader.length);
};

/** Makes it so in `memory`. */
export const applyDifference = (difference: Uint8Array, memory: Uint8Array): void =>
  eachRun(difference, (offset, at, length) => memory.set(difference.subarray(at, at + length), offset));

/** The difference that sets every byte. Null for no bytes. */
export const wholeDifference = (content: Uint8Array): Uint8Array | null => {
  const writer = new Writer();
  writer.add(0, content, 0, content.length);
  return writer.finish();
};

/** What is left of a difference outside the runs of `mask`; null where that is nothing. */
export const subtractDifference = (difference: Uint8Array, mask: Uint8Array): Uint8Array | null => {
  const writer = new Writer();
  const hidden = new Reader(mask);
  let more = hidden.next();
  eachRun(difference, (offset, at, length) => {
    const end = offset + length;
    for (let from = offset; from < end;) {
      while (more && hidden.offset + hidden.length <= from) more = hidden.next();
      const to = more ? Math.min(end, Math.max(from, hidden.offset)) : end;
      writer.add(from, difference, at + from - offset, to - from);
      from = more && to < end ? Math.min(end, hidden.offset + hidden.length) : end;
    }
  });
  return writer.finish();
};

/** Whether anybody's bytes are a difference of a memory of `size` bytes. */
export const isDifference = (bytes: Uint8Array, size: number): boolean => {
  let next = 0;
  let end = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; next < bytes.length && shift <= LAST_SHIFT; shift += 7) {
      const byte = bytes[next++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  while (next < bytes.length) {
    const gap = number();
    const length = number();
    if (gap < 0 || length < 1 || end + gap + length > size || next + length > bytes.length) return false;
    end += gap + length;
    next += length;
  }
  return true;
};
