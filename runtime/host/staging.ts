// Buffers that memories are copied into at a freeze, kept for the next one: pages that were touched before take a copy
// several times as fast, and the child stands still meanwhile.

/** Bytes kept, as long as that is more than one buffer. */
const MOST_BYTES = 64 << 20;

export class Staging {
  /** By the child that each served last, the latest last. */
  readonly #kept = new Map<string, SharedArrayBuffer>();

  /** A buffer for this child, best the one that it had before. Nobody else gets it until it is given back. */
  take(child: string): SharedArrayBuffer | null {
    const name = this.#kept.has(child) ? child : [...this.#kept.keys()].at(-1);
    if (name === undefined) return null;
    const buffer = this.#kept.get(name)!;
    this.#kept.delete(name);
    return buffer;
  }

  give(child: string, buffer: SharedArrayBuffer): void {
    this.#kept.delete(child);
    this.#kept.set(child, buffer);
    let bytes = [...this.#kept.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    for (const [name, { byteLength }] of this.#kept) {
      if (bytes <= MOST_BYTES || this.#kept.size === 1) return;
      this.#kept.delete(name);
      bytes -= byteLength;
    }
  }
}
