// Contents on their way into chunks: each is looked up by its hash, and stored only where it is new, in the smallest
// form at hand. Nothing is written here; what is new waits for a commit.
import { E } from "../../../lib/fp.ts";
import { baseChunk } from "./base-memories.ts";
import {
  chunkBytes,
  hashesIn,
  hashFrom,
  hashOf,
  maxDepth,
  pieceBytes,
  type Form,
  type StoredChunk,
} from "./chunk.ts";
import { dictionaryOf, type ChunkReader } from "./chunk-reader.ts";
import { deflated } from "./deflated.ts";
import { difference, isUnlike } from "./difference.ts";
import type { ContentCache } from "./content-cache.ts";
import type { Blob } from "./head.ts";
import type { Hash } from "./keys.ts";
import type { Pace } from "./pace.ts";

/** A new chunk; who it is charged to is said at the commit. */
export type FreshChunk = Form & Omit<StoredChunk, "owner" | "form">;

/** Keeps a chunk from being swept until the commit; answers whether it is there. */
export type Take = (hash: Hash) => boolean;

/** Something in the store that the content may be a difference from. */
export type Candidate = Hash | null;

/** Where in which base memory a piece of memory would stand. */
export interface Place {
  readonly base: number;
  readonly baseMemory: Uint8Array;
  readonly place: number;
}

/** What is known of a piece of memory. */
export interface Known {
  /** What is there in a component of the same kind. */
  readonly kin: () => Candidate;
  /** Its SHA-256. */
  readonly hash: Uint8Array | undefined;
}

/** Differences that make more of a chunk than this are not worth being one, in bytes. */
const LARGEST_DIFFERENCE = chunkBytes - (chunkBytes >> 3);
/** Differences on one root may come to this many bytes before they are folded, whatever the root's size. */
const SMALL_ABOVE = 1024;

export class ChunkWriter {
  /** By hash, in the order in which they can be added: what a chunk is a difference from comes before it. */
  readonly fresh = new Map<Hash, FreshChunk>();
  readonly #reader: ChunkReader;
  readonly #cache: ContentCache;
  readonly #take: Take;
  readonly #leisurely: boolean;
  readonly #stable: boolean;

  /** `stable`: memory stays as it is until what is fresh was written. */
  constructor(
    reader: ChunkReader,
    cache: ContentCache,
    take: Take,
    { leisurely, stable }: { readonly leisurely: boolean; readonly stable: boolean },
  ) {
    this.#reader = reader;
    this.#cache = cache;
    this.#take = take;
    this.#leisurely = leisurely;
    this.#stable = stable;
  }

  /** A piece of memory that is not as in its base. `before`: what was there at the checkpoint before. `content` is a whole
   *  chunk. */
  async memory(
    content: Uint8Array,
    at: Place,
    before: Candidate,
    { kin, hash: known }: Known,
  ): Promise<Hash> {
    const same = before === null ? this.#asKin(content, kin()) : this.#asBefore(content, before);
    if (same !== null) return same;
    const hash = known === undefined ? hashOf(content) : hashFrom(known);
    // What changed once changes again, and is then compared with what it was.
    if (before !== null) this.#cache.keep(hash, new Uint8Array(content));
    if (this.known(hash)) return hash;
    const chunk = this.#onChunk(content, before) ?? this.#folded(content, at, [this.#rootOf(before), kin()]);
    this.fresh.set(hash, await this.#deflated(chunk));
    return hash;
  }

  /** Bytes of any length. `before` and `kin` are like ones that may have parts in common. */
  async blob(bytes: Uint8Array, before: Blob | null, kin: Blob | null, pace: Pace): Promise<Blob> {
    const { length } = bytes;
    if (length === 0) return { length, hash: "" };
    const like = [before, kin].map((blob) => this.#piecesOf(blob));
    const hashes: Hash[] = [];
    for (let at = 0; at < length; at += pieceBytes) {
      await pace.step();
      const piece = bytes.subarray(at, at + pieceBytes);
      const candidates = like.map((pieces) => pieces[hashes.length] ?? null);
      hashes.push(await this.#text(piece, candidates));
    }
    if (hashes.length === 1) return { length, hash: hashes[0]! };
    const list = Buffer.from(hashes.join(""), "latin1");
    const hash = hashOf(list, "list");
    if (!this.known(hash))
      this.fresh.set(hash, { form: "list", length: list.length, inflated: null, payload: list });
    return { length, hash };
  }

  #piecesOf(blob: Blob | null): readonly Hash[] {
    if (blob === null || blob.length === 0) return [];
    if (blob.length <= pieceBytes) return [blob.hash];
    const list = this.#take(blob.hash) ? this.#reader.content(blob.hash) : null;
    return list !== null && E.isRight(list) ? hashesIn(list.right) : [];
  }

  /** The candidate, where the content is just that: comparing is faster than hashing. */
  #asKin(content: Uint8Array, candidate: Candidate): Candidate {
    if (candidate === null || !this.#take(candidate)) return null;
    const other = this.#reader.content(candidate);
    return E.isRight(other) && Buffer.compare(content, other.right) === 0 ? candidate : null;
  }

  /** As well; but reading is not faster than hashing. */
  #asBefore(content: Uint8Array, candidate: Hash): Candidate {
    const other = this.#cache.get(candidate);
    if (other === null || Buffer.compare(content, other) !== 0) return null;
    return this.#take(candidate) ? candidate : null;
  }

  /** Whether there is no need to store it. */
  known(hash: Hash): boolean {
    return this.fresh.has(hash) || this.#take(hash);
  }

  async #text(content: Uint8Array, candidates: readonly Candidate[]): Promise<Hash> {
    const hash = hashOf(content);
    if (this.known(hash)) return hash;
    const { length } = content;
    for (const candidate of candidates) {
      const chunk = this.#lineage(candidate);
      if (chunk === null) continue;
      const dictionary = this.#reader.content(chunk.reference);
      if (E.isLeft(dictionary) || dictionary.right.length === 0) continue;
      const payload = await deflated(content, this.#leisurely, dictionaryOf(dictionary.right));
      if (payload === null || folds(chunk.above + payload.length, chunk.root)) continue;
      this.fresh.set(hash, {
        form: "text",
        ...chunk,
        above: chunk.above + payload.length,
        length,
        inflated: length,
        payload,
      });
      return hash;
    }
    // The content may lie in memory that its owner goes on using.
    const chunk: FreshChunk = { form: "plain", length, inflated: null, payload: new Uint8Array(content) };
    this.fresh.set(hash, await this.#deflated(chunk));
    return hash;
  }

  /** The smallest one of what differs from the base and what differs from others; whole, where all differs. */
  #folded(
    content: Uint8Array,
    { base, baseMemory, place }: Place,
    candidates: readonly Candidate[],
  ): FreshChunk {
    const { length } = content;
    let smallest: FreshChunk | null = null;
    const reference = baseChunk(baseMemory, place);
    const payload = isUnlike(content, reference) ? null : difference(content, reference, LARGEST_DIFFERENCE);
    if (payload !== null) smallest = { form: "base", base, place, length, inflated: null, payload };
    for (const candidate of candidates) {
      const chunk = this.#onChunk(content, candidate);
      if (chunk === null) continue;
      if (smallest === null || chunk.payload.length < smallest.payload.length) smallest = chunk;
    }
    const payloadOf = (): Uint8Array => (this.#stable ? content : new Uint8Array(content));
    return smallest ?? { form: "plain", length, inflated: null, payload: payloadOf() };
  }

  /** What the lowest difference under a chunk is a difference from. */
  #rootOf(candidate: Candidate): Candidate {
    let hash = candidate;
    for (let depth = 0; hash !== null && depth <= maxDepth; depth++) {
      const chunk = this.#reader.stored(hash);
      if (chunk === null || (chunk.form !== "chunk" && chunk.form !== "text")) break;
      hash = chunk.reference;
    }
    return hash === candidate ? null : hash;
  }

  /** As a difference from another chunk, where one more is allowed upon it. */
  #onChunk(content: Uint8Array, candidate: Candidate): FreshChunk | null {
    const chunk = this.#lineage(candidate);
    if (chunk === null) return null;
    const reference = this.#reader.reference(chunk.reference);
    if (E.isLeft(reference) || reference.right.length !== content.length) return null;
    const payload = difference(content, reference.right, LARGEST_DIFFERENCE);
    if (payload === null) return null;
    const above = chunk.above + payload.length;
    if (folds(above, chunk.root)) return null;
    return { form: "chunk", ...chunk, above, length: content.length, inflated: null, payload };
  }

  /** What a difference from this chunk would have below it, or `null` where it must not be one. */
  #lineage(candidate: Candidate): { reference: Hash; depth: number; above: number; root: number } | null {
    if (candidate === null || !this.#take(candidate)) return null;
    const chunk = this.#reader.stored(candidate);
    if (chunk === null || chunk.form === "list") return null;
    if (chunk.form === "plain" || chunk.form === "base")
      return { reference: candidate, depth: 1, above: 0, root: chunk.payload.length };
    if (chunk.depth >= maxDepth) return null;
    return { reference: candidate, depth: chunk.depth + 1, above: chunk.above, root: chunk.root };
  }

  async #deflated(chunk: FreshChunk): Promise<FreshChunk> {
    const payload = await deflated(chunk.payload, this.#leisurely);
    if (payload === null) return chunk;
    const smaller = { ...chunk, inflated: chunk.payload.length, payload };
    if (smaller.form !== "chunk") return smaller;
    return { ...smaller, above: smaller.above - chunk.payload.length + payload.length };
  }
}

const folds = (above: number, root: number): boolean => above > Math.max(SMALL_ABOVE, root);
