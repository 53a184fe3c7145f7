// Chunks that checkpoints under way rely on: they must not be swept before those are committed or given up.
import type { Hash } from "./keys.ts";

export class Pins {
  readonly #counts = new Map<Hash, number>();

  has(hash: Hash): boolean {
    return this.#counts.has(hash);
  }

  add(hash: Hash): void {
    this.#counts.set(hash, (this.#counts.get(hash) ?? 0) + 1);
  }

  delete(hash: Hash): void {
    const left = (this.#counts.get(hash) ?? 0) - 1;
    if (left > 0) this.#counts.set(hash, left);
    else this.#counts.delete(hash);
  }

  get size(): number {
    return this.#counts.size;
  }
}
