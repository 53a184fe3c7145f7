// A checkpoint again, from one state of the store, every byte checked.
import { E, type Either } from "../../../lib/fp.ts";
import { baseChunk, type BaseMemories } from "./base-memories.ts";
import { chunkBytes } from "./chunk.ts";
import { ChunkReader, type Flaw } from "./chunk-reader.ts";
import { component, hashNow, tableOf, type Component } from "./components.ts";
import type { ContentCache } from "./content-cache.ts";
import type { Source } from "./draft.ts";
import { memoryBytesOf, type Kept } from "./head.ts";
import { Pace } from "./pace.ts";
import type { PageTable } from "./page-table.ts";
import type { Position } from "./position.ts";
import type { ReadOptions, Restored } from "./store.ts";
import type { StoreError } from "./store-error.ts";

const behind = (found: Position, expected: Position): boolean =>
  found.epoch < expected.epoch || found.sequence < expected.sequence;

/** The checkpoint that was asked for. */
const chosen = (
  source: Source,
  identity: string,
  { sequence, atLeast }: ReadOptions,
): Either<StoreError, { readonly found: Component; readonly kept: Kept }> => {
  const found = component(source, identity);
  if (E.isLeft(found)) return found;
  const latest = found.right?.head.kept[0];
  const position =
    found.right === null || latest === undefined
      ? null
      : { epoch: found.right.head.epoch, sequence: latest.sequence };
  if (atLeast !== undefined && (position === null || behind(position, atLeast)))
    return E.left({ tag: "RolledBack", identity, expected: atLeast, found: position });
  if (found.right === null || latest === undefined) return E.left({ tag: "NoSuchComponent", identity });
  if (sequence === undefined) return E.right({ found: found.right, kept: latest });
  const kept = found.right.head.kept.find((each) => each.sequence === sequence);
  const available = found.right.head.kept.map((each) => each.sequence);
  return kept === undefined
    ? E.left({ tag: "NoSuchCheckpoint", identity, sequence, available })
    : E.right({ found: found.right, kept });
};

class Reading {
  readonly #source: Source;
  readonly #bases: BaseMemories;
  readonly #reader: ChunkReader;
  /** Reads the memory. What else is read is given away, which nothing in a cache may be. */
  readonly #familiar: ChunkReader;
  readonly #found: Component;
  readonly #kept: Kept;
  readonly #pace = new Pace();

  constructor(
    source: Source,
    bases: BaseMemories,
    found: Component,
    kept: Kept,
    cache: ContentCache | null = null,
  ) {
    this.#source = source;
    this.#bases = bases;
    this.#reader = new ChunkReader(source, bases);
    this.#familiar = cache === null ? this.#reader : new ChunkReader(source, bases, cache);
    this.#found = found;
    this.#kept = kept;
  }

  async restored(into: (bytes: number) => Uint8Array): Promise<Either<StoreError, Restored>> {
    const { identity, head } = this.#found;
    const { epoch, sequence, generation, registers, hash, record, attachments: blobs } = this.#kept;
    const table = tableOf(this.#source, this.#found, sequence);
    const actual = hashNow(identity, this.#kept, table, this.#bases);
    if (actual !== hash) return this.#flawed("its table", { tag: "Corrupt", expected: hash, actual });
    const base = this.#bases.hash(this.#kept.base) ?? "";
    const baseMemory = this.#bases.memory(base);
    if (baseMemory === null) return E.left({ tag: "WrongBase", identity, wanted: base });
    const memory = into(memoryBytesOf(this.#kept));
    const damage = await this.#fill(memory, baseMemory, table);
    if (damage !== null) return damage;
    const bytes = await this.#reader.blob(record, this.#pace);
    if (E.isLeft(bytes)) return this.#flawed("its record", bytes.left);
    const attachments = new Map<string, Uint8Array>();
    for (const [name, blob] of blobs) {
      const content = await this.#reader.blob(blob, this.#pace);
      if (E.isLeft(content)) return this.#flawed(`attachment ${name}`, content.left);
      attachments.set(name, content.right);
    }
    return E.right({
      ...{ identity, label: head.label, kin: head.kin, base, epoch, sequence, generation, registers },
      ...{ record: bytes.right, attachments, memory },
      receipt: { identity, epoch, sequence, hash },
    });
  }

  async #fill(
    memory: Uint8Array,
    baseMemory: Uint8Array,
    table: PageTable,
  ): Promise<Either<StoreError, never> | null> {
    for (let place = 0; place * chunkBytes < memory.length; place++) {
      const hash = table.get(place) ?? null;
      if (hash === null) {
        memory.set(baseChunk(baseMemory, place), place * chunkBytes);
        continue;
      }
      await this.#pace.step();
      const content = this.#familiar.content(hash);
      if (E.isLeft(content)) return this.#flawed(`memory at ${place * chunkBytes}`, content.left);
      if (content.right.length !== chunkBytes) {
        const actual = `${content.right.length} bytes`;
        return this.#flawed(`memory at ${place * chunkBytes}`, { tag: "Corrupt", expected: "", actual });
      }
      memory.set(content.right, place * chunkBytes);
    }
    return null;
  }

  #flawed(place: string, flaw: Flaw): Either<StoreError, never> {
    const { identity } = this.#found;
    if (flaw.tag === "WrongBase") return E.left({ tag: "WrongBase", identity, wanted: flaw.wanted });
    return E.left({ ...flaw, identity, sequence: this.#kept.sequence, place, intact: null });
  }
}

/** Reads a checkpoint; `source` must stay as it is until the answer. `cache`: of what was checked before, for who asks
 *  for `familiar` contents. */
export const readCheckpoint = async (
  source: Source,
  identity: string,
  options: ReadOptions,
  bases: BaseMemories,
  cache: ContentCache,
): Promise<Either<StoreError, Restored>> => {
  const choice = chosen(source, identity, options);
  if (E.isLeft(choice)) return choice;
  const { found, kept } = choice.right;
  const into = options.into ?? ((bytes: number): Uint8Array => new Uint8Array(bytes));
  const known = options.familiar === true ? cache : null;
  const restored = await new Reading(source, bases, found, kept, known).restored(into);
  if (E.isRight(restored) || restored.left.tag !== "Corrupt") return restored;
  for (const earlier of found.head.kept) {
    if (earlier.sequence >= kept.sequence) continue;
    const intact = await new Reading(source, bases, found, earlier).restored(
      (bytes) => new Uint8Array(bytes),
    );
    if (E.isRight(intact)) return E.left({ ...restored.left, intact: earlier.sequence });
  }
  return restored;
};
