// Components that were compiled in this thread: the next child with the same code starts from its bytecode.

/** What is kept at most, in bytes; the least recently used goes first. */
const MOST_BYTES = 16 << 20;

export class BytecodeCache {
  readonly #known = new Map<string, Uint8Array>();
  #bytes = 0;

  find(key: string): Uint8Array | null {
    const bytecode = this.#known.get(key);
    if (bytecode === undefined) return null;
    this.#known.delete(key);
    this.#known.set(key, bytecode);
    return bytecode;
  }

  keep(key: string, bytecode: Uint8Array): void {
    if (bytecode.length > MOST_BYTES || this.#known.has(key)) return;
    this.#known.set(key, bytecode);
    this.#bytes += bytecode.length;
    for (const [oldest, { length }] of this.#known) {
      if (this.#bytes <= MOST_BYTES) return;
      this.#known.delete(oldest);
      this.#bytes -= length;
    }
  }
}
