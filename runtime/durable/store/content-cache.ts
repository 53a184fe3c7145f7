// Contents that were looked at lately and will be again: what a component changed since its last checkpoint, and what
// its kin have in common. Whoever gets one must leave it as it is.
import type { Hash } from "./keys.ts";

/** Bytes of all contents together. */
const LIMIT = 16 * 2 ** 20;

export class ContentCache {
  readonly #contents = new Map<Hash, Uint8Array>();
  #bytes = 0;

  get(hash: Hash): Uint8Array | null {
    const content = this.#contents.get(hash);
    if (content === undefined) return null;
    // The one that was asked for last goes last.
    this.#contents.delete(hash);
    this.#contents.set(hash, content);
    return content;
  }

  /** The content is the cache's from now on. */
  keep(hash: Hash, content: Uint8Array): void {
    if (this.#contents.has(hash)) return;
    this.#contents.set(hash, content);
    this.#bytes += content.length;
    for (const [oldest, old] of this.#contents) {
      if (this.#bytes <= LIMIT) break;
      this.#contents.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}
