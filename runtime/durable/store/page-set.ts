// Which pages of a memory, by their numbers: a bitmap that says what changed between two checkpoints.

/** Bytes of a page of the store: finer than WebAssembly's own, because a turn changes a few words here and there. */
export const storePageBytes = 4096;

export class PageSet {
  /** How many pages there are; numbers go from 0 to `pages - 1`. */
  readonly pages: number;
  /** A bit a page, the lowest one first: what a thread may hand to another one. */
  readonly bits: Uint8Array;

  /** For a memory of `bytes` bytes. `bits` is the bitmap of another such set; default: an empty one. */
  constructor(bytes: number, bits?: Uint8Array) {
    this.pages = Math.ceil(bytes / storePageBytes);
    this.bits = bits ?? new Uint8Array((this.pages + 7) >> 3);
  }

  add(page: number): void {
    if (page >= 0 && page < this.pages) this.bits[page >> 3]! |= 1 << (page & 7);
  }

  has(page: number): boolean {
    return page >= 0 && page < this.pages && (this.bits[page >> 3]! & (1 << (page & 7))) !== 0;
  }

  /** Whether any of the pages from `first` up to, not including, `end` is in it. */
  hasAny(first: number, end: number): boolean {
    for (let page = first; page < end; page++) if (this.has(page)) return true;
    return false;
  }

  /** How many are in it. */
  get size(): number {
    let size = 0;
    for (let page = 0; page < this.pages; page++) if (this.has(page)) size += 1;
    return size;
  }

  clear(): void {
    this.bits.fill(0);
  }
}

/** Bytes that are compared at once before a difference in them is looked for page by page. */
const RUN = 1 << 16;

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Adds to `into` every page in which `current` differs from `previous`; pages that only one of them has differ.
 * Both may lie in SharedArrayBuffers. About as fast as copying.
 */
export const compareMemories = (previous: Uint8Array, current: Uint8Array, into: PageSet): void => {
  const before = bufferOf(previous);
  const now = bufferOf(current);
  const common = Math.min(before.length, now.length);
  for (let run = 0; run < common; run += RUN) {
    const end = Math.min(run + RUN, common);
    if (before.compare(now, run, end, run, end) === 0) continue;
    for (let at = run; at < end; at += storePageBytes) {
      const pageEnd = Math.min(at + storePageBytes, end);
      if (before.compare(now, at, pageEnd, at, pageEnd) !== 0) into.add(at / storePageBytes);
    }
  }
  for (let at = common; at < now.length; at += storePageBytes) into.add(at / storePageBytes);
};
