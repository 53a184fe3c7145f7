// The store on any ground: commits that are asked for in one turn of the event loop are written together, reading and
// preparing go on beside them.
import { E, type Either } from "../../../lib/fp.ts";
import { applyBatch, chargedBytes, type Office } from "./apply-batch.ts";
import { BaseMemories, type Bases } from "./base-memories.ts";
import { batchError, identityError, nameError } from "./check-input.ts";
import { ContentCache } from "./content-cache.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { component, epochOf, type Component } from "./components.ts";
import type { Blob } from "./head.ts";
import { memoryBytesOf } from "./head.ts";
import { lastId } from "./holders.ts";
import { Latest } from "./latest.ts";
import { Committer } from "./committer.ts";
import { tally } from "./tally.ts";
import type { Ground, View } from "./ground.ts";
import { formatKey, identityKey, nameIn, uuidIn, valueKey } from "./keys.ts";
import { Pins } from "./pins.ts";
import { Preparation } from "./preparation.ts";
import { prepareCheckpoint, type Workshop } from "./prepare-checkpoint.ts";
import { readCheckpoint } from "./read-checkpoint.ts";
import { sweep } from "./sweep.ts";
import type {
  Batch,
  Checkpoint,
  Committed,
  ComponentFacts,
  Listed,
  ListedComponents,
  ListOptions,
  Prepared,
  ReadOptions,
  Receipt,
  Restored,
  Store,
  StoreFacts,
  Swept,
} from "./store.ts";
import type { StoreError } from "./store-error.ts";

export interface StoreOptions {
  /** Base memories by SHA-256 in hexadecimal; all that were ever in use must be at hand to read what is based on
   *  them. */
  readonly bases: Bases;
  /** How many checkpoints of a component are kept, at least 1. Default 2. */
  readonly keep?: number;
  /** Bytes that a component may take where its checkpoint does not say. Default: no bound. */
  readonly bound?: number;
}

const FORMAT = Buffer.from("cryonode store 1");

/** Refuses a ground that something else was written to; marks an empty one. */
const formatError = (ground: Ground): StoreError | null => {
  const view = ground.view();
  const found = view.get(formatKey);
  view.close();
  const { path } = ground;
  if (found === null && ground.last("") === null) {
    const written = ground.write(new Map([[formatKey, FORMAT]]));
    return E.isLeft(written) ? { ...written.left, path } : null;
  }
  if (found !== null && Buffer.compare(found, FORMAT) === 0) return null;
  const text =
    found === null ? "none" : JSON.stringify(Buffer.from(found.subarray(0, 32)).toString("latin1"));
  return { tag: "UnknownFormat", path, found: text, supported: [String(FORMAT)] };
};

export class ChunkStore implements Store {
  readonly path: string;
  readonly #ground: Ground;
  readonly #latest: Latest;
  readonly #committer: Committer;
  readonly #workshop: Workshop;
  readonly #office: Office;
  /** Identities of which a checkpoint is being prepared, or waits for its commit. */
  readonly #busy = new Set<string>();
  /** Reads and preparations under way. */
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(ground: Ground, { bases, keep = 2, bound = Infinity }: StoreOptions) {
    this.path = ground.path;
    this.#ground = ground;
    this.#latest = new Latest(ground);
    this.#committer = new Committer(ground, this.#latest);
    const memories = new BaseMemories(bases, this.#latest);
    const pins = new Pins();
    const cache = new ContentCache();
    this.#workshop = {
      source: this.#latest,
      reader: new ChunkReader(this.#latest, memories, cache),
      cache,
      bases: memories,
      pins,
      blobs: new WeakMap<Uint8Array, Blob>(),
    };
    let id = lastId(ground.last("c"));
    this.#office = { bases: memories, pins, keep: Math.max(1, keep), bound, nextId: () => ++id };
  }

  /** The ground is the store's from now on; its `close` closes it. */
  static open(ground: Ground, options: StoreOptions): Either<StoreError, ChunkStore> {
    const error = formatError(ground);
    return error === null ? E.right(new ChunkStore(ground, options)) : E.left(error);
  }

  async prepare(checkpoint: Checkpoint): Promise<Either<StoreError, Prepared>> {
    const { identity } = checkpoint;
    if (this.#closed) return this.#isClosed();
    if (this.#busy.has(identity)) return E.left({ tag: "Busy", identity });
    this.#busy.add(identity);
    const free = (): void => void this.#busy.delete(identity);
    const prepared = await this.#run(prepareCheckpoint(checkpoint, this.#workshop, free));
    if (E.isLeft(prepared)) free();
    return prepared;
  }

  async commit(batch: Batch): Promise<Either<StoreError, Committed>> {
    if (this.#closed) return this.#isClosed();
    const preparations = (batch.checkpoints ?? []).filter((each) => each instanceof Preparation);
    const wrong =
      preparations.some(({ over }) => over) || preparations.length !== (batch.checkpoints ?? []).length;
    if (wrong) throw new Error("a prepared checkpoint of another store, or one that was used up");
    const error = batchError(batch);
    const receipts =
      error === null
        ? await this.#committer.commit((draft) => applyBatch(draft, batch, preparations, this.#office))
        : E.left(error);
    for (const preparation of preparations) preparation.drop();
    return E.map((each: readonly Receipt[]) => ({ receipts: each }))(receipts);
  }

  async put(checkpoint: Checkpoint): Promise<Either<StoreError, Receipt>> {
    const prepared = await this.prepare(checkpoint);
    if (E.isLeft(prepared)) return prepared;
    const committed = await this.commit({ checkpoints: [prepared.right] });
    return E.map(({ receipts }: Committed) => receipts[0]!)(committed);
  }

  async read(identity: string, options: ReadOptions = {}): Promise<Either<StoreError, Restored>> {
    const wrong = identityError(identity);
    if (wrong !== null) return E.left(wrong);
    const { bases, cache } = this.#workshop;
    return this.#withView((view) => readCheckpoint(view, identity, options, bases, cache));
  }

  async component(identity: string): Promise<Either<StoreError, ComponentFacts | null>> {
    if (this.#closed) return this.#isClosed();
    const wrong = identityError(identity);
    if (wrong !== null) return E.left(wrong);
    return E.map((found: Component | null) => (found === null ? null : this.#factsOf(found)))(
      component(this.#latest, identity),
    );
  }

  async components({ after = null, limit = 1000 }: ListOptions = {}): Promise<
    Either<StoreError, ListedComponents>
  > {
    if (this.#closed) return this.#isClosed();
    const wrong = after === null ? null : identityError(after);
    if (wrong !== null) return E.left(wrong);
    const entries = this.#latest.range("i", limit, after === null ? "" : identityKey(after));
    const items: ComponentFacts[] = [];
    const damaged: string[] = [];
    for (const [key] of entries) {
      const found = component(this.#latest, uuidIn(key));
      if (E.isLeft(found)) damaged.push(uuidIn(key));
      else if (found.right !== null) items.push(this.#factsOf(found.right));
    }
    return E.right({ items, damaged, next: entries.length < limit ? null : uuidIn(entries.at(-1)![0]) });
  }

  async epoch(identity: string): Promise<Either<StoreError, number | null>> {
    if (this.#closed) return this.#isClosed();
    const wrong = identityError(identity);
    return wrong === null ? epochOf(this.#latest, identity) : E.left(wrong);
  }

  async get(key: string): Promise<Either<StoreError, Uint8Array | null>> {
    if (this.#closed) return this.#isClosed();
    const wrong = nameError(key);
    return wrong === null ? E.right(this.#latest.get(valueKey(key))) : E.left(wrong);
  }

  async entries(
    prefix: string,
    { after = null, limit = 1000 }: ListOptions = {},
  ): Promise<Either<StoreError, Listed<readonly [key: string, value: Uint8Array]>>> {
    if (this.#closed) return this.#isClosed();
    const found = this.#latest.range(valueKey(prefix), limit, after === null ? "" : valueKey(after));
    const items = found.map(([key, value]) => [nameIn(key), value] as const);
    return E.right({ items, next: items.length < limit ? null : items.at(-1)![0] });
  }

  async sweep(chunks = 1000): Promise<Either<StoreError, Swept>> {
    if (this.#closed) return this.#isClosed();
    return this.#committer.commit((draft) => E.right(sweep(draft, this.#office.pins, chunks)));
  }

  async facts(): Promise<Either<StoreError, StoreFacts>> {
    if (this.#closed) return this.#isClosed();
    const { components, chunks, bytes } = tally(this.#latest);
    return E.right({ components, chunks, bytes, diskBytes: this.#ground.bytes() });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#committer.idle();
    this.#latest.refresh();
    await this.#ground.close();
  }

  #isClosed(): Either<StoreError, never> {
    return E.left({ tag: "Closed", path: this.path });
  }

  async #run<A>(work: Promise<A>): Promise<A> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async #withView<A>(work: (view: View) => Promise<Either<StoreError, A>>): Promise<Either<StoreError, A>> {
    if (this.#closed) return this.#isClosed();
    const view = this.#ground.view();
    try {
      return await this.#run(work(view));
    } finally {
      view.close();
    }
  }

  #factsOf({ identity, head }: Component): ComponentFacts {
    const { label, kin, epoch, kept } = head;
    const checkpoints = kept.map((each) => ({
      identity,
      epoch: each.epoch,
      sequence: each.sequence,
      hash: each.hash,
      generation: each.generation,
      base: this.#workshop.bases.hash(each.base) ?? "",
      memoryBytes: memoryBytesOf(each),
    }));
    return { identity, label, kin, epoch, bytes: chargedBytes(head), checkpoints };
  }
}
