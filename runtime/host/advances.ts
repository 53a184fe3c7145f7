// Memories of components that are on their way to this host, kept in the store before it is known whether they will live
// here: when they do, all that is there already need not be stored again. Each is kept under an identity of its own, by which
// nobody lives. What a crash leaves is taken up, or taken away, by whoever opens the host.
import { randomUUID } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { PageSet } from "../durable/store/page-set.ts";
import type { ChunkHash, Prepared, Receipt, Store } from "../durable/store/store.ts";
import type { StoreError } from "../durable/store/store-error.ts";
import type { LeisureSweep } from "./leisure-sweep.ts";
import type { LastCopy } from "./last-copies.ts";

/** Keys in the store: of each memory that is kept in advance, its name. */
const EARLY = "early/";

const NO_REGISTERS = { stackPointer: 0, runtime: 0, context: 0 };
const utf8 = new TextEncoder();

export interface AdvanceFacts {
  /** Of whom. */
  readonly name: string;
  /** SHA-256, hexadecimal, of the base memory that it differs from. */
  readonly base: string;
  /** Bytes that it may take in the store; null: the store's own bound. */
  readonly bound: number | null;
}

/** One memory. Its methods are called one at a time. */
export class Advance {
  readonly id: string;
  readonly #store: Store;
  readonly #facts: AdvanceFacts;
  readonly #sweep: LeisureSweep;
  #receipt: Receipt | null;

  constructor(store: Store, sweep: LeisureSweep, facts: AdvanceFacts, former: Receipt | null = null) {
    this.id = former?.identity ?? randomUUID();
    this.#store = store;
    this.#sweep = sweep;
    this.#facts = facts;
    this.#receipt = former;
  }

  /** Of what was saved last; null where nothing was. */
  get receipt(): Receipt | null {
    return this.#receipt;
  }

  /** What the store has to be told of it, once it has any of it. */
  get entry(): readonly [string, Uint8Array] {
    return [`${EARLY}${this.id}`, utf8.encode(this.#facts.name)];
  }

  /** Takes up the memory, of which these pages are otherwise than when it was saved last; what is beyond its end then
   *  counts as such. It must not change until it was committed. `saved` must follow the commit. `hash`: as the store
   *  takes it. */
  prepare(memory: Uint8Array, changed: PageSet, hash?: ChunkHash): Promise<Either<StoreError, Prepared>> {
    const { name: label, base, bound } = this.#facts;
    const receipt = this.#receipt;
    return this.#store.prepare({
      ...{ identity: this.id, label, base, bound, memory, stable: true, kin: null, registers: NO_REGISTERS },
      ...{ epoch: 0, generation: 0, sequence: (receipt?.sequence ?? 0) + 1, resting: false },
      ...{ record: new Uint8Array(), attachments: new Map() },
      since: receipt === null ? null : { receipt, changed },
      ...(hash === undefined ? {} : { hash }),
    });
  }

  saved(receipt: Receipt): void {
    this.#receipt = receipt;
  }

  /** `prepare`, and a commit of its own: durable when it answers. */
  async save(memory: Uint8Array, changed: PageSet, hash?: ChunkHash): Promise<Either<StoreError, void>> {
    const prepared = await this.prepare(memory, changed, hash);
    if (E.isLeft(prepared)) return prepared;
    const set = new Map(this.#receipt === null ? [this.entry] : []);
    this.#sweep.later();
    const committed = await this.#store.commit({ checkpoints: [prepared.right], set, hurried: true });
    if (E.isLeft(committed)) return committed;
    this.saved(committed.right.receipts[0]!);
    return E.right(undefined);
  }
}

/** What a first checkpoint is a difference from. */
export interface Seed extends LastCopy {
  /** Keys that are to go with it. */
  readonly unset: readonly string[];
}

export class Advances {
  readonly #store: Store;
  readonly #sweep: LeisureSweep;
  readonly #seeds = new Map<string, Seed>();

  constructor(store: Store, sweep: LeisureSweep) {
    this.#store = store;
    this.#sweep = sweep;
  }

  /** Begins one. Nothing of it is in the store before it is saved. */
  begin(facts: AdvanceFacts): Advance {
    return new Advance(this.#store, this.#sweep, facts);
  }

  /** Commits what was prepared of several, together with these values. */
  async commit(
    prepared: readonly (readonly [Advance, Prepared])[],
    set: ReadonlyMap<string, Uint8Array>,
  ): Promise<Either<StoreError, void>> {
    this.#sweep.later();
    const committed = await this.#store.commit({
      hurried: true,
      checkpoints: prepared.map(([, each]) => each),
      set: new Map([...set, ...prepared.map(([advance]) => advance.entry)]),
    });
    if (E.isLeft(committed)) return committed;
    for (const [at, [advance]] of prepared.entries()) advance.saved(committed.right.receipts[at]!);
    return E.right(undefined);
  }

  /** One again that was saved; its memory lies in a SharedArrayBuffer with some room behind it. */
  async read(
    id: string,
    facts: Omit<AdvanceFacts, "base">,
  ): Promise<Either<StoreError, { readonly advance: Advance; readonly memory: Uint8Array }>> {
    const read = await this.#store.read(id, { into: roomyMemory });
    if (E.isLeft(read)) return read;
    const { memory, receipt, base } = read.right;
    return E.right({ advance: new Advance(this.#store, this.#sweep, { ...facts, base }, receipt), memory });
  }

  /** Those that are in the store. */
  async found(): Promise<Either<StoreError, readonly string[]>> {
    const ids: string[] = [];
    for (let after: string | null = null; ;) {
      const page: Awaited<ReturnType<Store["entries"]>> = await this.#store.entries(EARLY, { after });
      if (E.isLeft(page)) return page;
      ids.push(...page.right.items.map(([key]) => key.slice(EARLY.length)));
      after = page.right.next;
      if (after === null) return E.right(ids);
    }
  }

  /** Takes these away, where they are still there, and what stands under these keys. */
  async giveUp(ids: readonly string[], unset: readonly string[] = []): Promise<Either<StoreError, void>> {
    const remove: string[] = [];
    for (const id of ids) {
      const found = await this.#store.component(id);
      if (E.isRight(found) && found.right !== null) remove.push(id);
    }
    const keys = ids.map((id) => `${EARLY}${id}`);
    const done = await this.#store.commit({ remove, forget: remove, unset: [...keys, ...unset] });
    return E.isLeft(done) ? done : E.right(undefined);
  }

  /** The first checkpoint of this identity will be a difference from what was saved of its memory, which is this one, and
   *  is what it comes to life with. */
  seed(identity: string, { id, receipt }: Advance, memory: Uint8Array): void {
    if (receipt === null) throw new Error(`nothing was saved of ${id}`);
    const buffer = memory.buffer as SharedArrayBuffer;
    const copy = { buffer, known: memory.length, loaded: true, receipt };
    this.#seeds.set(identity, { ...copy, unset: [`${EARLY}${id}`] });
  }

  /** What the first checkpoint of this identity is a difference from; null: from nothing. It is the caller's. */
  take(identity: string): Seed | null {
    const seed = this.#seeds.get(identity) ?? null;
    this.#seeds.delete(identity);
    return seed;
  }
}

/** A memory grows by a little at a time, and a copy of it should not be made anew each time. */
const SLACK = 4;

/** Bytes of zeros that threads share, with some room behind them. */
export const roomyMemory = (bytes: number): Uint8Array =>
  new Uint8Array(new SharedArrayBuffer(bytes + Math.ceil(bytes / SLACK)), 0, bytes);
