// What comes in at a durable host, in its store: memories chunk by chunk while they come, and containers together with what
// was left of their memories, in one write. When the travelers live here, their first checkpoints take over what is there.
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { storePageBytes, PageSet } from "../durable/store/page-set.ts";
import type { ChunkHash, Prepared } from "../durable/store/store.ts";
import type { StoreError } from "../durable/store/store-error.ts";
import type { Advance } from "../host/advances.ts";
import type { Keeper } from "../host/keeper.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import type { Container } from "./container.ts";
import type { FormerMemories } from "./former-memories.ts";
import { digestOf, SUFFIX, type Landed, type Landings, type Staged } from "./landings.ts";
import { chunkBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import { atRest, fromRest, openContainer, type SealedContainer } from "./sealed-container.ts";
import type { Stay, Stays, Unsaved } from "./stays.ts";

/** Keys: `landing/TASK` has the identities under which the memories are kept; `landing/TASK/N` the container's Nth part. */
const PREFIX = "landing/";
/** Bytes of a part. */
const PART_BYTES = 8 << 20;

const PAGES = chunkBytes / storePageBytes;

const failed = (child: string, error: StoreError): Either<MigrateError, never> =>
  E.left({ tag: "Host", error: { tag: "Store", child, error } });

const pagesOf = (memory: Uint8Array, chunks: readonly number[]): PageSet => {
  const pages = new PageSet(memory.length);
  for (const chunk of chunks) for (let page = 0; page < PAGES; page++) pages.add(chunk * PAGES + page);
  return pages;
};

export interface KeptLandingsOptions {
  readonly keeper: Keeper;
  readonly former: FormerMemories;
  /** Bytes that a child of this name may take in the store; null: the store's own bound. */
  readonly bound: (name: string) => number | null;
  /** Where containers are said to lie, absolute. */
  readonly folder: string;
  readonly warn: (text: string) => void;
}

class KeptStay implements Stay {
  readonly advance: Advance;
  isStaged = false;
  readonly #name: string;
  readonly #identity: string;
  readonly #options: KeptLandingsOptions;

  constructor({ identity, name, base }: Parameters<Stays["open"]>[0], options: KeptLandingsOptions) {
    this.#name = name;
    this.#identity = identity;
    this.#options = options;
    this.advance = options.keeper.advances.begin({ name, base, bound: options.bound(name) });
  }

  load(): Promise<Uint8Array | null> {
    return this.#options.former.read(this.#identity);
  }

  async save(
    memory: Uint8Array,
    chunks: readonly number[],
    hash?: ChunkHash,
  ): Promise<Either<MigrateError, void>> {
    const saved = await this.advance.save(memory, pagesOf(memory, chunks), hash);
    return E.isLeft(saved) ? failed(this.#name, saved.left) : saved;
  }

  async prepare({ memory, chunks, hash }: Unsaved): Promise<Either<MigrateError, Prepared>> {
    const prepared = await this.advance.prepare(memory, pagesOf(memory, chunks), hash);
    return E.isLeft(prepared) ? failed(this.#name, prepared.left) : prepared;
  }

  async close(): Promise<void> {
    const { keeper, warn } = this.#options;
    if (this.isStaged || this.advance.receipt === null) return;
    const gone = await keeper.advances.giveUp([this.advance.id]);
    if (E.isLeft(gone)) warn(`what came in of ${this.#name} can't be taken away yet: ${gone.left.tag}`);
  }
}

interface Found {
  readonly ids: readonly string[];
  readonly parts: readonly Uint8Array[];
}

const identitiesOf = ({ children }: Container["manifest"]): readonly string[] =>
  children.map(({ identity }) => identity);

export class KeptLandings implements Stays, Landings {
  readonly #options: KeptLandingsOptions;
  /** What was saved of the memories of each task that was staged or read. */
  readonly #advances = new Map<string, readonly Advance[]>();
  /** Tasks whose memories were begun to be lived in. */
  readonly #used = new Set<string>();
  /** Who is in each container, by its task; null until somebody has looked. */
  #identities: Map<string, readonly string[]> | null = null;

  constructor(options: KeptLandingsOptions) {
    this.#options = options;
  }

  /** The name under which a record speaks of the container of a task. */
  path(task: string): string {
    return join(this.#options.folder, `${task}${SUFFIX}`);
  }

  /** Takes away what a crash left of memories whose container never came. */
  async tidy(): Promise<void> {
    const { keeper, warn } = this.#options;
    const [landed, ids] = [await this.#found(PREFIX), await keeper.advances.found()];
    if (E.isLeft(landed)) return;
    const staged = new Set([...landed.right.values()].flatMap((each) => each.ids));
    const left = E.isLeft(ids) ? [] : ids.right.filter((id) => !staged.has(id));
    const gone = left.length === 0 ? E.right(undefined) : await keeper.advances.giveUp(left);
    if (E.isLeft(gone)) warn(`what came in before a crash can't be taken away yet: ${gone.left.tag}`);
  }

  // --- memories

  open(traveler: Parameters<Stays["open"]>[0]): Promise<Either<MigrateError, Stay>> {
    return Promise.resolve(E.right(new KeptStay(traveler, this.#options)));
  }

  keep(identity: string, memory: Uint8Array): Promise<void> {
    return this.#options.former.keep(identity, memory);
  }

  // --- containers

  async stage(
    { task, manifest }: Container,
    sealed: SealedContainer,
    unsaved: readonly Unsaved[],
  ): Promise<Either<MigrateError, void>> {
    const { advances } = this.#options.keeper;
    const prepared: (readonly [Advance, Prepared])[] = [];
    const stays: KeptStay[] = [];
    const drop = <A>(left: A): A => {
      for (const [, each] of prepared) each.drop();
      return left;
    };
    for (const each of unsaved) {
      const { stay } = each;
      if (!(stay instanceof KeptStay)) throw new Error("a stay of others");
      const one = await stay.prepare(each);
      if (E.isLeft(one)) return drop(one);
      prepared.push([stay.advance, one.right]);
      stays.push(stay);
    }
    const whole = atRest(sealed);
    const set = new Map<string, Uint8Array>();
    const ids = stays.map(({ advance }) => advance.id);
    set.set(`${PREFIX}${task}`, Buffer.from(ids.join("\n")));
    for (let at = 0; at < whole.length; at += PART_BYTES)
      set.set(`${PREFIX}${task}/${at / PART_BYTES}`, whole.subarray(at, at + PART_BYTES));
    const committed = await advances.commit(prepared, set);
    if (E.isLeft(committed))
      return failed(manifest.children.map(({ name }) => name).join(", "), committed.left);
    for (const stay of stays) stay.isStaged = true;
    this.#advances.set(
      task,
      stays.map(({ advance }) => advance),
    );
    this.#identities?.set(task, identitiesOf(manifest));
    return committed;
  }

  /** What stands under keys with this prefix, by task. */
  async #found(prefix: string): Promise<Either<MigrateError, ReadonlyMap<string, Found>>> {
    const notes = await this.#options.keeper.roll.notes(prefix);
    if (E.isLeft(notes)) return E.left({ tag: "Host", error: notes.left });
    const found = new Map<string, { ids: readonly string[]; parts: Uint8Array[] }>();
    for (const [key, value] of notes.right) {
      const [task = "", part] = key.slice(PREFIX.length).split("/");
      const one = found.get(task) ?? { ids: [], parts: [] };
      found.set(task, one);
      if (part === undefined) one.ids = Buffer.from(value).toString().split("\n");
      else one.parts[Number(part)] = value;
    }
    return E.right(found);
  }

  #opened({ parts }: Found): Either<ImageError, Container> {
    const sealed = fromRest(Buffer.concat(parts));
    return E.isLeft(sealed) ? sealed : openContainer(sealed.right);
  }

  async staged(): Promise<Either<MigrateError, Staged>> {
    const { warn } = this.#options;
    const found = await this.#found(PREFIX);
    if (E.isLeft(found)) return found;
    const containers: Container[] = [];
    const unread: string[] = [];
    for (const [task, each] of found.right) {
      const opened = this.#opened(each);
      if (E.isRight(opened)) containers.push(opened.right);
      else {
        unread.push(task);
        warn(`the container of ${task} can't be used: ${imageProse(opened.left)}`);
      }
    }
    return E.right({ containers, unread });
  }

  async read(task: string): Promise<Either<MigrateError, Landed>> {
    const { keeper, bound } = this.#options;
    const path = this.path(task);
    const wrong = (error: ImageError): Either<MigrateError, never> =>
      E.left({ tag: "Host", error: { tag: "Image", path, error } });
    const found = await this.#found(`${PREFIX}${task}`);
    if (E.isLeft(found)) return found;
    const one = found.right.get(task);
    if (one === undefined) return E.left({ tag: "Disk", step: "read", path, code: "ENOENT" });
    const container = this.#opened(one);
    if (E.isLeft(container)) return wrong(container.left);
    const memories: Uint8Array[] = [];
    const saved: Advance[] = [];
    for (const [i, { identity, name }] of container.right.manifest.children.entries()) {
      const read = await keeper.advances.read(one.ids[i] ?? "", { name, bound: bound(name) });
      if (E.isLeft(read)) return failed(name, read.left);
      const { memory, advance } = read.right;
      const expected = Buffer.from(container.right.memories[i] ?? []).toString("hex");
      const actual = Buffer.from(digestOf(memory, container.right.format)).toString("hex");
      if (actual !== expected)
        return wrong({ tag: "ChecksumMismatch", place: `memory of ${identity}`, expected, actual });
      memories.push(memory);
      saved.push(advance);
    }
    this.#advances.set(task, saved);
    return E.right({ container: container.right, memories });
  }

  /** The memories of a task as they came: these, unless they were begun to be lived in; then what is kept of them. */
  async intact(
    task: string,
    memories: readonly Uint8Array[],
  ): Promise<Either<MigrateError, readonly Uint8Array[]>> {
    if (!this.#used.has(task)) return E.right(memories);
    return E.map((landed: Landed) => landed.memories)(await this.read(task));
  }

  async holds(identity: string): Promise<boolean> {
    if (this.#identities === null) {
      const staged = await this.staged();
      // What can't be looked at may be anybody's.
      if (E.isLeft(staged)) return true;
      const { containers } = staged.right;
      this.#identities ??= new Map(containers.map(({ task, manifest }) => [task, identitiesOf(manifest)]));
    }
    return [...this.#identities.values()].flat().includes(identity);
  }

  /** They are about to come to life from these memories, which were staged or read: their first checkpoints will be
   *  differences from what is in the store. */
  seed({ task, manifest }: Container, memories: readonly Uint8Array[]): void {
    const { advances } = this.#options.keeper;
    for (const [at, advance] of (this.#advances.get(task) ?? []).entries())
      advances.seed(manifest.children[at]!.identity, advance, memories[at]!);
  }

  /** They did not: what they have come to life from may be otherwise now. */
  unseed({ task, manifest }: Container): void {
    this.#used.add(task);
    for (const identity of identitiesOf(manifest)) this.#options.keeper.advances.take(identity);
  }

  async discard(task: string): Promise<void> {
    const { keeper, former, warn } = this.#options;
    const found = await this.#found(`${PREFIX}${task}`);
    if (E.isLeft(found)) return warn(`the container of ${task} can't be taken away yet`);
    const one = found.right.get(task);
    if (one === undefined) return;
    const opened = this.#opened(one);
    const keys = [`${PREFIX}${task}`, ...one.parts.map((_, at) => `${PREFIX}${task}/${at}`)];
    const gone = await keeper.advances.giveUp(one.ids, keys);
    if (E.isLeft(gone)) return warn(`the container of ${task} can't be taken away yet: ${gone.left.tag}`);
    this.#advances.delete(task);
    this.#used.delete(task);
    this.#identities?.delete(task);
    if (E.isRight(opened))
      for (const identity of identitiesOf(opened.right.manifest)) await former.drop(identity);
  }
}
