// Looks up, hashes and compresses a checkpoint, in slices, beside commits and other preparations.
import { E, type Either } from "../../../lib/fp.ts";
import { baseChunk, type BaseMemories } from "./base-memories.ts";
import { checkpointError } from "./check-input.ts";
import { chunkBytes } from "./chunk.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { hashNow, kinKey, tableOf, type Component } from "./components.ts";
import type { ContentCache } from "./content-cache.ts";
import type { Source } from "./draft.ts";
import { checkpointHash, decodeHead, noParent, type Blob, type Kept } from "./head.ts";
import { indexed } from "./holders.ts";
import { headKey, numberOf, type Hash } from "./keys.ts";
import { Pace } from "./pace.ts";
import { storePageBytes } from "./page-set.ts";
import { tableDigest, type PageTable } from "./page-table.ts";
import type { Pins } from "./pins.ts";
import { Preparation, successionError } from "./preparation.ts";
import type { Checkpoint } from "./store.ts";
import type { StoreError } from "./store-error.ts";

/** What all preparations of a store share. */
export interface Workshop {
  /** The store as it is now, at any time. */
  readonly source: Source;
  readonly reader: ChunkReader;
  readonly cache: ContentCache;
  readonly bases: BaseMemories;
  readonly pins: Pins;
  /** Attachments that were hashed before. */
  readonly blobs: WeakMap<Uint8Array, Blob>;
}

const PAGES = chunkBytes / storePageBytes;

export const prepareCheckpoint = async (
  checkpoint: Checkpoint,
  workshop: Workshop,
  dropped: () => void,
): Promise<Either<StoreError, Preparation>> => {
  const wrong = checkpointError(checkpoint);
  if (wrong !== null) return E.left(wrong);
  const { source, bases } = workshop;
  const receipt = checkpoint.since?.receipt;
  const former = receipt?.identity ?? checkpoint.identity;
  const found = successionError(source, checkpoint, receipt?.hash ?? null, former);
  if (E.isLeft(found)) return found;
  if (bases.memory(checkpoint.base) === null)
    return E.left({ tag: "WrongBase", identity: checkpoint.identity, wanted: checkpoint.base });
  const before = latestOf(found.right, workshop);
  if (E.isLeft(before)) return before;
  const pinned = new Set<Hash>();
  const unpin = (): void => {
    for (const hash of pinned) workshop.pins.delete(hash);
  };
  try {
    const writer = new ChunkWriter(workshop.reader, workshop.cache, takeInto(pinned, workshop), {
      leisurely: checkpoint.resting,
      stable: checkpoint.stable === true,
    });
    const work = await new Encoding(checkpoint, workshop, writer, before.right).done();
    if (work === null) {
      unpin();
      return E.left({ tag: "GivenUp", identity: checkpoint.identity });
    }
    return E.right(
      new Preparation(checkpoint, { ...work, fresh: writer.fresh }, () => {
        unpin();
        dropped();
      }),
    );
  } catch (error) {
    unpin();
    throw error;
  }
};

const takeInto =
  (pinned: Set<Hash>, { source, pins }: Workshop) =>
  (hash: Hash): boolean => {
    if (pinned.has(hash)) return true;
    if (indexed(source, hash) === null) return false;
    pinned.add(hash);
    pins.add(hash);
    return true;
  };

/** What the new checkpoint follows. */
interface Before {
  readonly kept: Kept | null;
  readonly table: PageTable;
}

/** The latest checkpoint, once it is known that it is as it was written: the next one is built upon it. */
const latestOf = (found: Component | null, { source, bases }: Workshop): Either<StoreError, Before> => {
  if (found === null) return E.right({ kept: null, table: new Map() });
  const kept = found.head.kept[0]!;
  const table = tableOf(source, found, kept.sequence);
  const actual = hashNow(found.identity, kept, table, bases);
  if (actual === kept.hash) return E.right({ kept, table });
  return E.left({
    tag: "Corrupt",
    identity: found.identity,
    sequence: kept.sequence,
    place: "its table",
    expected: kept.hash,
    actual,
    intact: null,
  });
};

/** What the component's kin has at the same places; nothing where there is none. */
const kinOf = ({ kin, base, identity }: Checkpoint, source: Source): Before => {
  const nothing: Before = { kept: null, table: new Map() };
  const number = kin === null ? null : numberOf(source.get(kinKey(kin, base)));
  const bytes = number === null ? null : source.get(headKey(number));
  const head = bytes === null ? null : decodeHead(bytes);
  const kept = head?.kept[0];
  if (number === null || head === null || kept === undefined) return nothing;
  return { kept, table: tableOf(source, { identity, number, head }, kept.sequence) };
};

class Encoding {
  readonly #checkpoint: Checkpoint;
  readonly #workshop: Workshop;
  readonly #writer: ChunkWriter;
  readonly #before: Before;
  readonly #pace = new Pace();
  #kin: Before | null = null;

  constructor(checkpoint: Checkpoint, workshop: Workshop, writer: ChunkWriter, before: Before) {
    this.#checkpoint = checkpoint;
    this.#workshop = workshop;
    this.#writer = writer;
    this.#before = before;
  }

  /** Null: nobody wants it any more. */
  async done(): Promise<{ readonly kept: Kept; readonly changed: PageTable } | null> {
    const { identity, epoch, sequence, generation, base, memory, registers } = this.#checkpoint;
    const table = await this.#table();
    if (table === null) return null;
    const kept = {
      epoch,
      sequence,
      generation,
      base: this.#workshop.bases.number(base),
      chunks: memory.length / chunkBytes,
      registers,
      record: await this.#record(),
      attachments: await this.#attachments(),
      parent: this.#before.kept?.hash ?? noParent,
    };
    const hash = checkpointHash(identity, base, kept, tableDigest(table));
    return { kept: { ...kept, hash }, changed: changes(this.#before.table, table) };
  }

  async #table(): Promise<PageTable | null> {
    const { memory, base, since, hash, unwanted = () => false } = this.#checkpoint;
    const { bases } = this.#workshop;
    const { kept, table: before } = this.#before;
    const number = bases.number(base);
    const baseMemory = bases.memory(base)!;
    // Under another base, what was as in the base is so no more.
    const known = since !== null && kept !== null && kept.base === number ? since.changed : null;
    const table: PageTable = new Map();
    for (let place = 0; place * chunkBytes < memory.length; place++) {
      const old = before.get(place) ?? null;
      if (
        known !== null &&
        place < (kept?.chunks ?? 0) &&
        !known.hasAny(place * PAGES, (place + 1) * PAGES)
      ) {
        if (old !== null) table.set(place, old);
        continue;
      }
      await this.#pace.step();
      if (unwanted()) return null;
      const content = memory.subarray(place * chunkBytes, (place + 1) * chunkBytes);
      if (Buffer.compare(content, baseChunk(baseMemory, place)) === 0) continue;
      const at = { base: number, baseMemory, place };
      table.set(
        place,
        await this.#writer.memory(content, at, old, {
          kin: () => this.#kinTable().get(place) ?? null,
          hash: hash?.(place),
        }),
      );
    }
    return table;
  }

  async #record(): Promise<Blob> {
    const { record } = this.#checkpoint;
    const before = this.#before.kept?.record ?? null;
    return this.#writer.blob(
      record,
      before,
      before === null ? (this.#kins()?.record ?? null) : null,
      this.#pace,
    );
  }

  async #attachments(): Promise<Kept["attachments"]> {
    const { attachments } = this.#checkpoint;
    const { blobs } = this.#workshop;
    const kept: [string, Blob][] = [];
    for (const [name, bytes] of [...attachments].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const known = blobs.get(bytes);
      const before = this.#before.kept?.attachments.find(([other]) => other === name)?.[1] ?? null;
      const blob =
        known !== undefined && (known.length === 0 || this.#writer.known(known.hash))
          ? known
          : await this.#writer.blob(bytes, before, null, this.#pace);
      blobs.set(bytes, blob);
      kept.push([name, blob]);
    }
    return kept;
  }

  #kins(): Kept | null {
    this.#kin ??= kinOf(this.#checkpoint, this.#workshop.source);
    return this.#kin.kept;
  }

  #kinTable(): PageTable {
    this.#kins();
    return this.#kin!.table;
  }
}

const changes = (before: PageTable, after: PageTable): PageTable => {
  const changed: PageTable = new Map();
  for (const [place, hash] of after) if (before.get(place) !== hash) changed.set(place, hash);
  for (const place of before.keys()) if (!after.has(place)) changed.set(place, null);
  return changed;
};
