// The base memories that chunks are differences from. Chunks call them by short numbers.
import { chunkBytes } from "./chunk.ts";
import type { Draft, Source } from "./draft.ts";
import { baseKey, numberIn } from "./keys.ts";

/** A base memory by its SHA-256 in hexadecimal; `null` where it is not at hand. */
export type Bases = (hash: string) => Uint8Array | null;

const ZEROS = new Uint8Array(chunkBytes);

export class BaseMemories {
  readonly #bases: Bases;
  readonly #hashes = new Map<number, string>();

  constructor(bases: Bases, source: Source) {
    this.#bases = bases;
    for (const [key, value] of source.range("b", Infinity))
      this.#hashes.set(numberIn(key), Buffer.from(value).toString("hex"));
  }

  memory(hash: string): Uint8Array | null {
    return this.#bases(hash);
  }

  /** By number; `null` for a number that nobody has. */
  hash(number: number): string | null {
    return this.#hashes.get(number) ?? null;
  }

  /** The number of a base memory; a new one is not on record before `record`. */
  number(hash: string): number {
    for (const [number, known] of this.#hashes) if (known === hash) return number;
    const number = Math.max(-1, ...this.#hashes.keys()) + 1;
    this.#hashes.set(number, hash);
    return number;
  }

  record(draft: Draft, number: number): void {
    const hash = this.#hashes.get(number);
    const key = baseKey(number);
    if (hash !== undefined && draft.get(key) === null) draft.set(key, Buffer.from(hash, "hex"));
  }
}

/** What stands at a place of a base memory, in chunks: zeros beyond its end. */
export const baseChunk = (memory: Uint8Array, place: number): Uint8Array => {
  const offset = place * chunkBytes;
  if (offset >= memory.length) return ZEROS;
  const chunk = memory.subarray(offset, offset + chunkBytes);
  if (chunk.length === chunkBytes) return chunk;
  const edge = new Uint8Array(chunkBytes);
  edge.set(chunk);
  return edge;
};
