// The content of chunks again, each checked against its hash. What stands in the ground is not trusted: a flipped
// bit may have made anything of it.
import { E, type Either } from "../../../lib/fp.ts";
import { baseChunk, type BaseMemories } from "./base-memories.ts";
import {
  decodeChunk,
  hashesIn,
  hashOf,
  hex,
  maxDepth,
  pieceBytes,
  type Form,
  type StoredChunk,
} from "./chunk.ts";
import { inflated } from "./deflated.ts";
import { applyDifference } from "./difference.ts";
import type { ContentCache } from "./content-cache.ts";
import type { Source } from "./draft.ts";
import type { Blob } from "./head.ts";
import { chunkAt } from "./holders.ts";
import type { Hash } from "./keys.ts";
import type { Pace } from "./pace.ts";

/** What is wrong with a chunk. */
export type Flaw =
  | { readonly tag: "Corrupt"; readonly expected: string; readonly actual: string }
  | { readonly tag: "WrongBase"; readonly wanted: string };

type Content = Either<Flaw, Uint8Array>;

const corrupt = (actual: string): Either<Flaw, never> => E.left({ tag: "Corrupt", expected: "", actual });

export class ChunkReader {
  readonly #source: Source;
  readonly #bases: BaseMemories;
  readonly #cache: ContentCache | null;

  /** `cache`: where contents are kept that were checked. Default: every one is read and checked again. */
  constructor(source: Source, bases: BaseMemories, cache: ContentCache | null = null) {
    this.#source = source;
    this.#bases = bases;
    this.#cache = cache;
  }

  /** How a chunk is stored; `null` where it is not, or is damaged. */
  stored(hash: Hash): StoredChunk | null {
    const bytes = chunkAt(this.#source, hash);
    return bytes === null ? null : decodeChunk(bytes);
  }

  /** The content, which must be left as it is. */
  content(hash: Hash): Content {
    const cached = this.#cache?.get(hash) ?? null;
    if (cached !== null) return E.right(cached);
    const found = this.#resolve(hash, 0);
    if (E.isLeft(found)) return found;
    const { content, form } = found.right;
    const actual = hashOf(content, form);
    if (actual !== hash) return E.left({ tag: "Corrupt", expected: hex(hash), actual: hex(actual) });
    this.#cache?.keep(hash, content);
    return E.right(content);
  }

  /** What a difference from this chunk would be applied to. It is not checked: whatever it is now, it will be when the
   *  difference is read, and the hash of what comes out is checked then. Must be left as it is. */
  reference(hash: Hash): Content {
    const cached = this.#cache?.get(hash) ?? null;
    if (cached !== null) return E.right(cached);
    return E.map(({ content }: { readonly content: Uint8Array }) => content)(this.#resolve(hash, 0));
  }

  /** The bytes of a blob. */
  async blob({ length, hash }: Blob, pace: Pace): Promise<Content> {
    if (length === 0) return E.right(new Uint8Array());
    if (length <= pieceBytes) return this.#piece(hash, length);
    const list = this.content(hash);
    if (E.isLeft(list)) return list;
    const hashes = hashesIn(list.right);
    if (hashes.length !== Math.ceil(length / pieceBytes)) return corrupt(`a list of ${hashes.length} chunks`);
    const bytes = new Uint8Array(length);
    for (const [i, each] of hashes.entries()) {
      await pace.step();
      const piece = this.#piece(each, Math.min(pieceBytes, length - i * pieceBytes));
      if (E.isLeft(piece)) return piece;
      bytes.set(piece.right, i * pieceBytes);
    }
    return E.right(bytes);
  }

  #piece(hash: Hash, length: number): Content {
    const content = this.content(hash);
    if (E.isRight(content) && content.right.length !== length)
      return corrupt(`${content.right.length} bytes instead of ${length}`);
    return content;
  }

  /** Without looking at its hash; in bytes of its own. */
  #resolve(
    hash: Hash,
    depth: number,
  ): Either<Flaw, { readonly content: Uint8Array; readonly form: Form["form"] }> {
    const cached = this.#cache?.get(hash) ?? null;
    if (cached !== null) return E.right({ content: new Uint8Array(cached), form: "plain" });
    const bytes = chunkAt(this.#source, hash);
    if (bytes === null) return corrupt(`missing: chunk ${hex(hash)} is not in the store`);
    const chunk = decodeChunk(bytes);
    if (chunk === null) return corrupt(`no chunk: what stands for ${hex(hash)} does not decode`);
    if (depth > maxDepth) return corrupt(`a difference more than ${maxDepth} deep`);
    return E.map((content: Uint8Array) => ({ content, form: chunk.form }))(this.#decoded(chunk, depth));
  }

  #decoded(chunk: StoredChunk, depth: number): Content {
    switch (chunk.form) {
      case "plain":
      case "list":
        return sized(chunk, payloadOf(chunk));
      case "base":
        return this.#onBase(chunk, chunk.base, chunk.place);
      case "chunk": {
        const reference = this.#resolve(chunk.reference, depth + 1);
        return E.isLeft(reference) ? reference : changed(chunk, reference.right.content);
      }
      case "text": {
        const dictionary = this.#resolve(chunk.reference, depth + 1);
        if (E.isLeft(dictionary)) return dictionary;
        return sized(chunk, inflated(chunk.payload, chunk.length, dictionaryOf(dictionary.right.content)));
      }
    }
  }

  #onBase(chunk: StoredChunk, number: number, place: number): Content {
    const hash = this.#bases.hash(number);
    if (hash === null) return corrupt(`a difference from base ${number}, which nobody knows`);
    const memory = this.#bases.memory(hash);
    if (memory === null) return E.left({ tag: "WrongBase", wanted: hash });
    return changed(chunk, new Uint8Array(baseChunk(memory, place)));
  }
}

const changed = (chunk: StoredChunk, reference: Uint8Array): Content => {
  const payload = payloadOf(chunk);
  const sound = payload !== null && reference.length === chunk.length && applyDifference(payload, reference);
  return sized(chunk, sound ? reference : null);
};

const sized = (chunk: StoredChunk, content: Uint8Array | null): Content => {
  if (content === null) return corrupt("a payload that does not decode");
  return content.length === chunk.length
    ? E.right(content)
    : corrupt(`${content.length} bytes instead of ${chunk.length}`);
};

const payloadOf = (chunk: StoredChunk): Uint8Array | null =>
  chunk.inflated === null ? chunk.payload : inflated(chunk.payload, chunk.inflated);

/** As much of a chunk's end as deflate can look back on. */
export const dictionaryOf = (content: Uint8Array): Uint8Array => content.subarray(-pieceBytes);
