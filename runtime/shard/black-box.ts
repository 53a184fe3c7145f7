// What a child writes to its log in the turn that runs, in shared memory as well: its calls leave the machine when
// the turn ends, and a turn that hangs in a built-in does not. The host reads it when it has ended such a thread.
// One writer; read only once the writer is gone.
//
//   word 0   bytes used by entries          word 1   entries that did not fit
//   then     entries: length in bytes, then the bytes, padded to 4
const USED = 0;
const LOST = 1;
const HEADER_BYTES = 8;
/** Only pages that were written to are there. */
const BOX_BYTES = 1 << 20;

export const makeBlackBox = (): SharedArrayBuffer => new SharedArrayBuffer(HEADER_BYTES + BOX_BYTES);

/** The shard's side. */
export class BlackBoxWriter {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;

  constructor(box: SharedArrayBuffer) {
    this.#words = new Int32Array(box);
    this.#bytes = Buffer.from(box);
  }

  /** A turn begins. */
  clear(): void {
    this.#words[USED] = 0;
    this.#words[LOST] = 0;
  }

  add(text: string): void {
    const used = this.#words[USED]!;
    const length = Buffer.byteLength(text);
    if (used + 4 + length > BOX_BYTES) {
      this.#words[LOST]! += 1;
      return;
    }
    this.#bytes.write(text, HEADER_BYTES + used + 4, length, "utf8");
    this.#words[(HEADER_BYTES + used) >> 2] = length;
    this.#words[USED] = used + 4 + ((length + 3) & ~3);
  }
}

/** The entries of a turn that never ended, in order. */
export const readBlackBox = (box: SharedArrayBuffer): readonly string[] => {
  const words = new Int32Array(box);
  const bytes = Buffer.from(box);
  const entries: string[] = [];
  for (let at = HEADER_BYTES; at < HEADER_BYTES + words[USED]!;) {
    const length = words[at >> 2]!;
    entries.push(bytes.toString("utf8", at + 4, at + 4 + length));
    at += 4 + ((length + 3) & ~3);
  }
  const lost = words[LOST]!;
  return lost === 0 ? entries : [...entries, `(${lost} more entries of this turn are lost)`];
};
