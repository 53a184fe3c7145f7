// Keeps the children of a durable host: a checkpoint of each in the store, and in the journal what has entered it since.
// Whatever a child lets out, the host can bring it back to the point where it did.
import { randomBytes } from "node:crypto";
import { fdatasync } from "node:fs";
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { Route } from "../core/route.ts";
import { isUnsynced } from "../checkpoint/checkpoint-error.ts";
import { roomFor } from "../durable/last-copy.ts";
import { NO_EVENT } from "../domain/witness.ts";
import { journalProse, type Journal, type JournalError } from "../durable/journal/journal.ts";
import { decodeKept, encodeKept, type KeptRecord } from "../durable/kept-record.ts";
import type { RestRecord } from "../durable/rest-record.ts";
import type { Prepared, Receipt, Store } from "../durable/store/store.ts";
import { PageSet } from "../durable/store/page-set.ts";
import { storeProse } from "../durable/store/store-error.ts";
import { sessionsIn, usedBy } from "../intercept/ledger.ts";
import type { Extent, KeptChild, KeptSpec } from "../shard/protocol.ts";
import { Advances, type Seed } from "./advances.ts";
import type { Child } from "./child.ts";
import type { Ending } from "./ending.ts";
import { lineOf, type FormerLife } from "./former-life.ts";
import { HostCount } from "./host-count.ts";
import { DEFAULT_KEEPING, type StartConfig } from "./host-config.ts";
import { hostProse, storeFailed, type HostError } from "./host-error.ts";
import { LeisureSweep } from "./leisure-sweep.ts";
import { LastCopies, type CopyRoom, type LastCopy } from "./last-copies.ts";
import { Roll, type Leaver } from "./roll.ts";

/** A journal's file beyond so many bytes for each child, or so many for all, is followed by another: a host that comes up
 *  reads them all, and of one busy child it would be most of what it does. */
const OWN_JOURNAL_BYTES = 1 << 16;
const MOST_JOURNAL_BYTES = 1 << 19;

/** Who needs a file that has so many after it has a checkpoint made, so that it may go. */
const MOST_FILES_AFTER = 16;

export interface KeeperOptions {
  readonly store: Store;
  readonly journal: Journal;
  /** Where the logs of children lie, absolute. */
  readonly logs: string;
  /** What the machine calls the time since it last had no power; no spaces. */
  readonly boot: string;
  /** Something went wrong that costs nothing yet. */
  readonly warn: (child: string, text: string) => void;
}

/** The last checkpoint of a child: when it was made, in ms since 1970, the bytes that it added to the store at most,
 *  and what the child took then. */
export interface LastKept {
  readonly at: number;
  readonly bytes: number;
  readonly extent: Extent;
}

/** Resolves when it is written down elsewhere whose they are. */
export type Owned = Promise<Either<HostError, void>>;

/** While it is about to leave. */
interface Respite {
  /** A checkpoint of it was due. */
  owed: boolean;
  /** What one that was given up had copied of its memory. */
  copy: SharedArrayBuffer | null;
}

interface Life {
  readonly incarnation: number;
  readonly child: Child;
  readonly secret: number;
  sequence: number;
  last: LastKept | null;
  /** The journal's file that its records begin in. */
  since: number;
  busy: boolean;
  again: boolean;
  /** The checkpoint that is being made of it was merely due. */
  due: boolean;
  /** Checkpoints that are merely due are put off, and whether one was; null: they are not. */
  respite: Respite | null;
  /** What was remembered of its rest may still be there. */
  rested: boolean;
}

/** What is to be committed of one child. */
interface Draft {
  readonly name: string;
  readonly prepared: Prepared;
  readonly set: ReadonlyMap<string, Uint8Array>;
  readonly unset: readonly string[];
}

interface Taken {
  readonly life: Life;
  readonly kept: KeptChild;
  readonly draft: Draft;
}

interface Putting {
  readonly resting: boolean;
  readonly set?: ReadonlyMap<string, Uint8Array>;
  readonly unset?: readonly string[];
}

/** What a small component's memory is, in bytes: what a buffer for one has at least. */
const SMALL_BYTES = 1 << 20;

/** Between tries to go on with a journal that could not be written, in ms. */
const MEND_PAUSE_MS = 200;

/** When those who follow without a checkpoint have one made, in ms after the first of them has come. */
const FIRST_CHECKPOINT_MS = 250;

/** For how long what is due is put off at most, in ms: should the host crash, all since the last checkpoint is to be run
 *  again. */
const MOST_RESPITE_MS = 3000;

/** Between tries to take down one that stands still for something else, in ms. */
const BUSY_PAUSE_MS = 100;

const unkept = (child: string, reason: string): Either<HostError, never> =>
  E.left({ tag: "Unkept", child, reason });

/** The life of a child that was enlisted, as it begins: `checkpoint` is the number of the last one that there is of it,
 *  `since` the journal's file that its records begin in. */
const lifeOf = (child: Child, checkpoint: number, since: number): Life => {
  const { kept } = child.spec;
  if (kept === undefined) throw new Error(`${child.name} was not enlisted`);
  const { incarnation, secret } = kept;
  return {
    ...{ incarnation, child, secret, sequence: checkpoint, last: null, since },
    ...{ busy: false, again: false, due: false, respite: null, rested: true },
  };
};

export class Keeper {
  /** Memories that come in from other hosts. */
  readonly advances: Advances;
  /** Who lives, and what others note beside that. */
  readonly roll: Roll;
  readonly #options: KeeperOptions;
  readonly #sweep: LeisureSweep;
  readonly #lives = new Map<Child, Life>();
  /** By name, those who ended and may be brought back: the journal's file that their records begin in. */
  readonly #fallen = new Map<string, number>();
  readonly #copies = new LastCopies();
  /** While children of the former host are brought back, their records are needed. */
  #recovering = true;
  #incarnations: number;
  /** Those whose writes the disk may have lost in this run, by identity. Settled by a checkpoint that begins after that. */
  readonly #doubtful = new Set<string>();
  /** How often the disk has failed so. */
  #doubts = 0;
  readonly #count: HostCount;
  #turning = false;
  /** Why nothing leaves the children just now. */
  #held: string | null = null;
  /** By identity, what is being written of it: that life may have ended, and another one have begun. */
  readonly #writing = new Map<string, Promise<unknown>>();
  /** Those who follow without a checkpoint, and are yet to have one. */
  readonly #followers: Child[] = [];
  /** Incarnations that were given the journal's file and do not live yet, or will not. */
  readonly #enlisted = new Set<number>();

  private constructor(options: KeeperOptions, count: HostCount) {
    this.#options = options;
    this.#sweep = new LeisureSweep(options.store);
    this.advances = new Advances(options.store, this.#sweep);
    this.roll = new Roll(options.store);
    this.#count = count;
    this.#incarnations = count.incarnations;
  }

  /** For how long there has been a host on this state directory, in ms: what passes for those that rest. */
  get uptime(): number {
    return this.#count.uptime;
  }

  /** Takes up what a former host kept. */
  static async open(options: KeeperOptions): Promise<Either<string, Keeper>> {
    const { store, boot, journal } = options;
    const count = await HostCount.open({ store, boot, latest: journal.latest });
    return E.isLeft(count) ? count : E.right(new Keeper(options, count.right));
  }

  /** What a child that is about to be made needs for being kept. */
  enlist(config: StartConfig): KeptSpec {
    const incarnation = ++this.#incarnations;
    this.#enlisted.add(incarnation);
    return { ...this.#place(config), incarnation, secret: randomBytes(4).readInt32LE(0) };
  }

  /** The child that was enlisted so has ended, or will never be. */
  strike({ incarnation }: KeptSpec): void {
    this.#enlisted.delete(incarnation);
  }

  /** These have begun, and have taken no turn that could be seen: from now on they are kept, all of them or none.
   *  `checkpoint`: the number of the last one that there is of their identities. `owned`: nothing is written of them before it
   *  has resolved, nor where it is Left. */
  async admit(
    children: readonly Child[],
    { checkpoint = 0, owned }: { readonly checkpoint?: number | undefined; readonly owned?: Owned } = {},
  ): Promise<Either<HostError, void>> {
    const since = this.#options.journal.current;
    const lives = children.map((child): Life => ({ ...lifeOf(child, checkpoint, since), busy: true }));
    const admitted = await this.#checkpoints(lives, owned);
    for (const life of lives) life.busy = false;
    if (E.isLeft(admitted)) return admitted;
    for (const life of lives) {
      this.#enrol(life);
      life.child.open();
    }
    return E.right(undefined);
  }

  /** It goes on where the former one ended, which is durable, or nothing leaves it before it is. It has a checkpoint
   *  soon; until then the former one's is needed, and all records since. */
  follow(child: Child, { checkpoint, since }: FormerLife): void {
    this.#enrol(lifeOf(child, checkpoint, since));
    if (this.#followers.push(child) > 1) return;
    setTimeout(() => void this.#settleFollowers(), FIRST_CHECKPOINT_MS).unref();
  }

  /** One after another: none of them is in a hurry. */
  async #settleFollowers(): Promise<void> {
    for (const child of this.#followers.splice(0)) {
      const life = this.#lives.get(child);
      if (life !== undefined && life.last === null) await this.due(child);
    }
  }

  /** It has been told much since its last checkpoint. One that fails is tried again later. */
  async due(child: Child): Promise<void> {
    const life = this.#lives.get(child);
    if (life === undefined) return;
    if (life.busy) {
      life.again = true;
      return;
    }
    if (isPutOff(life)) return;
    life.busy = life.due = true;
    const done = await this.#checkpoint(life);
    life.busy = life.due = false;
    if (E.isLeft(done) && isGivenUp(done.left)) {
      life.again = false;
      // It may have had its respite meanwhile.
      return isPutOff(life) ? undefined : this.due(child);
    }
    // It stands still to be frozen, or moved. Should it go on, it is due still.
    if (E.isLeft(done) && isBusy(done.left)) {
      life.again = false;
      setTimeout(() => void this.due(child), BUSY_PAUSE_MS).unref();
      return;
    }
    if (E.isLeft(done) && isOverBound(done.left)) return child.stop(reasonOf(done.left));
    const isOver = E.isLeft(done) && (child.ending !== null || isEnded(done.left));
    if (E.isLeft(done) && !isOver && !isSuperseded(done.left))
      this.#options.warn(child.name, `it could not be kept just now: ${reasonOf(done.left)}`);
    if (life.again) {
      life.again = false;
      return this.due(child);
    }
    this.#turnOver();
  }

  /** These are on their way to another host, which will have all of them: until the answer is called, or for some time,
   *  their checkpoints that are merely due are put off, those included that are being made. */
  putOff(children: readonly Child[]): () => void {
    const lives = children.flatMap((child) => this.#lives.get(child) ?? []);
    for (const life of lives) life.respite ??= { owed: false, copy: null };
    const lift = (): void => {
      clearTimeout(late);
      for (const life of lives.splice(0)) {
        const isOwed = life.respite?.owed === true;
        life.respite = null;
        if (isOwed) void this.due(life.child);
      }
    };
    const late = setTimeout(lift, MOST_RESPITE_MS).unref();
    return lift;
  }

  /** A buffer for a look at one that is about to leave, which is the caller's: fresh memory of that size would take longer
   *  to get than to fill. Null where there is none. Should it stay, its next checkpoint looks at all of its memory. */
  lend(child: Child): SharedArrayBuffer | null {
    const life = this.#lives.get(child);
    if (life === undefined) return null;
    const copy = life.respite?.copy ?? this.#copies.take(child.identity.identity)?.buffer ?? null;
    if (life.respite !== null) life.respite.copy = null;
    return copy;
  }

  #checkpoint(life: Life): Promise<Either<HostError, void>> {
    return this.#checkpoints([life]);
  }

  /** Of all of them, or of none; when what was being written of former lives of theirs is over. */
  async #checkpoints(lives: readonly Life[], owned?: Owned): Promise<Either<HostError, void>> {
    const identities = lives.map(({ child }) => child.identity.identity);
    for (const identity of identities) await this.#writing.get(identity);
    const writing = this.#write(lives, owned);
    for (const identity of identities) this.#writing.set(identity, writing);
    const written = await writing;
    for (const identity of identities)
      if (this.#writing.get(identity) === writing) this.#writing.delete(identity);
    return written;
  }

  async #write(lives: readonly Life[], owned?: Owned): Promise<Either<HostError, void>> {
    const since = this.#options.journal.current;
    const doubts = this.#doubts;
    const all: Taken[] = [];
    const taken = await Promise.all(lives.map((life) => this.#takeDown(life)));
    for (const each of taken) if (E.isRight(each)) all.push(each.right);
    const drop = (left: Either<HostError, never>): Either<HostError, never> => {
      for (const { draft } of all) draft.prepared.drop();
      return left;
    };
    const failure = taken.find(E.isLeft);
    if (failure !== undefined) return drop(failure);
    const unwanted = all.find(({ life }) => isUnwanted(life));
    if (unwanted !== undefined) {
      giveUp(unwanted.life, unwanted.kept);
      const { name, identity } = unwanted.life.child;
      return drop(storeFailed(name, { tag: "GivenUp", identity: identity.identity }));
    }
    const mine = await owned;
    if (mine !== undefined && E.isLeft(mine)) return drop(mine);
    // Those who are yet to begin stand still for it.
    const hurried = lives.some(({ child }) => !this.#lives.has(child));
    const receipts = await this.#commit(
      all.map(({ draft }) => draft),
      hurried,
    );
    if (E.isLeft(receipts)) return receipts;
    for (const [at, { life, kept, draft }] of all.entries()) {
      const { child } = life;
      const { memory, snapshot } = kept;
      if (child.ending === null)
        this.#copies.keep(child.identity.identity, {
          buffer: memory.buffer as SharedArrayBuffer,
          known: memory.length,
          receipt: receipts.right[at]!,
        });
      const extent = {
        memory: memory.length + usedBy(snapshot.ledger).ram,
        sessions: sessionsIn(snapshot.ledger),
      };
      life.last = { at: Date.now(), bytes: draft.prepared.bytes, extent };
      life.rested = false;
      life.since = since;
      const { identity } = child.identity;
      // Its files were synced after the disk had failed, and none of these syncs has.
      if (doubts === this.#doubts) this.#doubtful.delete(identity);
    }
    this.#trim();
    return E.right(undefined);
  }

  async #takeDown(life: Life): Promise<Either<HostError, Taken>> {
    const { child } = life;
    const { identity } = child.identity;
    const seed = this.advances.take(identity);
    const ready = seed === null ? E.right(undefined) : await this.#succeed(life, seed);
    if (E.isLeft(ready)) return ready;
    const last = seed ?? this.#copies.take(identity);
    const kept = await child.keep(last ?? this.#spare(SMALL_BYTES));
    if (E.isLeft(kept)) {
      if (last !== null && child.ending === null && !isUnsynced(kept.left)) this.#copies.keep(identity, last);
      return E.left({ tag: "Checkpoint", error: kept.left });
    }
    const unset = [...(life.rested ? [Roll.restKey(child.name)] : []), ...(seed?.unset ?? [])];
    const draft = await this.#draw(life, kept.right, last, { resting: false, unset });
    if (E.isRight(draft)) return E.right({ life, kept: kept.right, draft: draft.right });
    if (isGivenUp(draft.left)) giveUp(life, kept.right);
    return draft;
  }

  /** The child's first checkpoint will take the place of what was kept in advance: what is left of an earlier life of it,
   *  which had ended before it came here, goes. */
  async #succeed(life: Life, { receipt }: Seed): Promise<Either<HostError, void>> {
    const { store } = this.#options;
    const { name, identity } = life.child;
    life.sequence = Math.max(life.sequence, receipt.sequence);
    const found = await store.component(identity.identity);
    const none = E.isRight(found) && found.right === null;
    const done = none ? E.right(undefined) : await store.commit({ remove: [identity.identity] });
    return E.isLeft(done) ? storeFailed(name, done.left) : E.right(undefined);
  }

  /** Draws up what was taken down of a child, into the copy of `last`. */
  async #draw(
    life: Life,
    { snapshot, memory, registers, changed, sequence, names }: KeptChild,
    last: LastCopy | null,
    { resting, set, unset = [] }: Putting,
  ): Promise<Either<HostError, Draft>> {
    const { child } = life;
    const { store } = this.#options;
    const { identity, generation } = child.identity;
    const { spec, code } = child;
    const record: KeptRecord = {
      ...{ format: 1, snapshot, sequence, names },
      incarnation: life.incarnation,
      secret: life.secret,
      routes: spec.routes.map((route) => ({ ...route })),
      quota: snapshot.ledger.quota,
      code,
    };
    const encoded = encodeKept(record);
    if (E.isLeft(encoded)) return unkept(child.name, encoded.left);
    const prepared = await store.prepare({
      ...{
        identity,
        generation,
        base: child.base.hash,
        registers,
        memory,
        since:
          last === null || changed === null
            ? null
            : { receipt: last.receipt, changed: new PageSet(memory.length, changed) },
        resting,
        bound: spec.kept?.disk ?? null,
      },
      label: child.name,
      epoch: generation,
      sequence: ++life.sequence,
      kin: code.hash,
      record: encoded.right,
      attachments: new Map(),
      unwanted: () => isUnwanted(life),
    });
    if (E.isLeft(prepared)) return storeFailed(child.name, prepared.left);
    const alive = new Map([Roll.alive(child.name, identity), ...(set ?? [])]);
    return E.right({ name: child.name, prepared: prepared.right, set: alive, unset });
  }

  /** All of them are durable then, or none is. */
  async #commit(drafts: readonly Draft[], hurried = false): Promise<Either<HostError, readonly Receipt[]>> {
    if (hurried) this.#sweep.later();
    const committed = await this.#options.store.commit({
      hurried,
      checkpoints: drafts.map(({ prepared }) => prepared),
      set: new Map(drafts.flatMap(({ set }) => [...set])),
      unset: drafts.flatMap(({ unset }) => [...unset]),
    });
    if (E.isRight(committed)) return E.right(committed.right.receipts);
    return storeFailed(drafts.map(({ name }) => name).join(", "), committed.left);
  }

  // --- rest

  /** Takes a child down so that it can rest, under these terms. On success all of it is durable, and it stands still
   *  until it stirs or is released; null where it does not rest now. */
  async rest(child: Child, terms: string): Promise<Either<HostError, RestRecord | null>> {
    const life = this.#lives.get(child);
    if (life === undefined || life.busy) return E.right(null);
    life.busy = true;
    const resting = await this.#rest(life, terms);
    life.busy = false;
    if (life.again) {
      life.again = false;
      if (E.isLeft(resting) || resting.right === null) void this.due(child);
    }
    return resting;
  }

  async #rest(life: Life, terms: string): Promise<Either<HostError, RestRecord | null>> {
    const { child, incarnation } = life;
    const last = this.#copies.take(child.identity.identity);
    const rested = await child.rest(last ?? this.#spare(SMALL_BYTES));
    if (E.isLeft(rested)) {
      const isTouched =
        isUnsynced(rested.left) || (rested.left.tag === "Step" && rested.left.step === "rest");
      if (last !== null && child.ending === null && !isTouched)
        this.#copies.keep(child.identity.identity, last);
      return E.right(null);
    }
    const { uptime } = this;
    const { snapshot, sequence, alarms } = rested.right;
    const { identity, generation } = child.identity;
    const { elapsed } = snapshot;
    const record: RestRecord = {
      ...{
        format: 1,
        identity,
        generation,
        incarnation,
        sequence,
        alarms: [...alarms],
        elapsed,
        uptime,
        terms,
      },
      hash: child.code.hash,
    };
    const noted = Roll.resting(child.name, record);
    const draft = E.isLeft(noted)
      ? unkept(child.name, noted.left)
      : await this.#draw(life, rested.right, last, {
          resting: true,
          set: new Map([HostCount.uptimeNote(uptime), noted.right]),
        });
    const receipts = E.isLeft(draft) ? draft : await this.#commit([draft.right]);
    if (E.isLeft(receipts)) {
      child.stir();
      return receipts;
    }
    life.rested = true;
    // Should it go on after all.
    const { memory } = rested.right;
    if (child.ending === null)
      this.#copies.keep(identity, {
        buffer: memory.buffer as SharedArrayBuffer,
        known: memory.length,
        receipt: receipts.right[0]!,
      });
    return E.right(record);
  }

  /** A buffer that was used before, with nothing in it that anybody knows. */
  #spare(bytes: number): CopyRoom | null {
    const buffer = this.#copies.room(bytes);
    return buffer === null ? null : { buffer, known: 0 };
  }

  #roomFor(bytes: number): Uint8Array {
    const spare = this.#copies.room(bytes);
    return spare === null ? roomFor(bytes) : new Uint8Array(spare, 0, bytes);
  }

  /** It goes on where it rested, with its memory in its own machine. */
  woken(child: Child): void {
    this.#copies.loaded(child.identity.identity);
  }

  /** Those that rest, of the former host: by name. Whoever was told anything since is none of them. */
  async resting(): Promise<Either<HostError, ReadonlyMap<string, RestRecord>>> {
    const rests = await this.roll.rests();
    if (E.isLeft(rests)) return rests;
    const { past } = this.#options.journal;
    const found = [...rests.right].filter(
      ([, { incarnation, sequence }]) => past.following(incarnation, sequence).length === 0,
    );
    for (const [, { uptime }] of found) this.#count.atLeast(uptime);
    return E.right(new Map(found));
  }

  /** Writes down for how long there has been a host. */
  async noteUptime(): Promise<void> {
    const noted = await this.roll.note(...HostCount.uptimeNote(this.uptime));
    if (E.isLeft(noted)) this.#options.warn("", reasonOf(noted.left));
  }

  /** What a child that goes on where it rested needs for being kept. */
  enlistAgain(config: StartConfig, { state }: FormerLife): KeptSpec {
    const { incarnation, secret, sequence, names } = state;
    this.#enlisted.add(incarnation);
    return { ...this.#place(config), incarnation, secret, goesOn: { sequence, names } };
  }

  #place({ name, keeping = DEFAULT_KEEPING }: StartConfig): Omit<KeptSpec, "incarnation" | "secret"> {
    const { journal, logs } = this.#options;
    return {
      journal: journal.descriptor,
      log: join(logs, `${name}.log`),
      logBytes: keeping.log,
      policy: keeping.checkpoint,
      disk: keeping.disk,
    };
  }

  /** Makes a checkpoint of a child before it goes on. */
  checkpoint(child: Child): Promise<Either<HostError, void>> {
    const life = this.#lives.get(child);
    return life === undefined
      ? Promise.resolve(unkept(child.name, "it is not kept"))
      : this.#checkpoint(life);
  }

  /** It goes on where it rested: what enters it comes after its last checkpoint. */
  carryOn(child: Child, { checkpoint }: FormerLife): void {
    this.#enrol(lifeOf(child, checkpoint, this.#options.journal.current));
  }

  #enrol(life: Life): void {
    const { child } = life;
    this.#lives.set(child, life);
    this.#fallen.delete(child.name);
    if (child.spec.kept !== undefined) this.strike(child.spec.kept);
    void child.ended.then(({ kind }) => {
      this.#lives.delete(child);
      // While its thread may still write to it, a buffer is nobody else's.
      if (kind === "resting") this.#copies.drop(child.identity.identity);
      else this.#copies.take(child.identity.identity);
      if (kind === "faulted" || kind === "lost" || kind === "unsynced")
        this.#fallen.set(child.name, life.since);
    });
  }
  /** The last checkpoint of a child that lives. */
  last(child: Child): LastKept | null {
    return this.#lives.get(child)?.last ?? null;
  }

  /** Nothing of the child is kept any more: it has ended, or is in an image. Another one of its name is left alone. */
  async forget(name: string, identity: string): Promise<Either<HostError, void>> {
    // It would be there again.
    await this.#writing.get(identity);
    const struck = await this.roll.strike(name, identity);
    this.#sweep.later();
    if (E.isLeft(struck)) return struck;
    if (struck.right) this.#fallen.delete(name);
    return E.right(undefined);
  }

  /** As `forget`; and it is known that it is over. */
  async over(name: string, identity: string): Promise<Either<HostError, void>> {
    await this.#writing.get(identity);
    const done = await this.roll.over(name, identity);
    this.#sweep.later();
    return done;
  }

  /** As `Roll.depart`. */
  async depart(
    leavers: readonly Leaver[],
    notes: ReadonlyMap<string, Uint8Array>,
  ): Promise<Either<HostError, void>> {
    const done = await this.roll.depart(leavers, notes);
    this.#sweep.later();
    return done;
  }

  /** Who of this name lived when the former host ended, or until it ended; null where nobody did. `ending`: how it
   *  ended, where that was in this host. */
  async former(name: string, ending: Ending | null = null): Promise<Either<HostError, FormerLife | null>> {
    const { store, journal } = this.#options;
    const living = await this.roll.living(name);
    if (E.isLeft(living)) return living;
    if (living.right === null) return E.right(null);
    const identity = living.right;
    // One that was taken down just before it ended may be on its way there.
    await this.#writing.get(identity);
    const read = await store.read(identity, { into: (bytes) => this.#roomFor(bytes), familiar: true });
    if (E.isLeft(read)) return storeFailed(name, read.left);
    const record = decodeKept(read.right.record);
    if (E.isLeft(record)) return unkept(name, record.left);
    const { memory, registers, generation, base, receipt } = read.right;
    this.#copies.load(identity, {
      buffer: memory.buffer as SharedArrayBuffer,
      known: memory.length,
      receipt,
    });
    const { incarnation, sequence, code, routes, file: _, ...rest } = record.right;
    const past = ending === null ? E.right(journal.past) : journal.scan();
    if (E.isLeft(past)) return unkept(name, journalProse(past.left));
    const line = lineOf(past.right, { incarnation, sequence }, journal.current);
    if (E.isLeft(line)) return unkept(name, line.left);
    const { records, successors, since } = line.right;
    const isIdle = records.length === 0 && successors.length === 0;
    const noted = isIdle ? await this.roll.rest(name) : E.right(null);
    if (E.isLeft(noted)) return noted;
    const resting = noted.right;
    const isResting = resting?.incarnation === incarnation && resting.sequence === sequence;
    const undone = this.#howUndone(identity, incarnation, ending);
    const isPlain = ending === null && !isResting && undone === null;
    return E.right({
      identity: { identity, generation: line.right.generation ?? generation },
      code,
      base,
      state: {
        ...rest,
        memory,
        registers,
        incarnation,
        sequence,
        routes: routes as unknown as readonly Route[],
        ...(undone === null ? {} : { undone }),
        ...(isResting ? { rested: Math.max(0, this.uptime - resting.uptime) } : {}),
      },
      records,
      // What they wrote lies behind what that one did.
      successors: successors.map((each) => (undone === null ? each : { ...each, undone })),
      since,
      follows: isPlain ? line.right.follows : null,
      // Whom the host has stopped, nothing that it was told has brought down.
      aside: ending?.kind === "faulted" ? { slot: ending.final === true ? NO_EVENT : ending.slot } : null,
      checkpoint: read.right.sequence,
    });
  }

  /** How what one wrote since its last checkpoint may have been lost; null: it was not. Power that went before this host
   *  takes nothing from who fell in it. */
  #howUndone(identity: string, incarnation: number, ending: Ending | null): "power" | "disk" | null {
    if (ending === null && this.#count.lostPower(incarnation)) return "power";
    return this.#count.lostDisk(incarnation) || this.#doubtful.has(identity) ? "disk" : null;
  }

  /** Resolves once all that children have said so far follows from what is on stable storage: then it may leave for
   *  another host. */
  async settled(): Promise<void> {
    for (;;) {
      while (this.#turning || this.#held !== null) await new Promise((resolve) => setTimeout(resolve, 2));
      const { journal } = this.#options;
      const { descriptor, current } = journal;
      const error = await new Promise<NodeJS.ErrnoException | null>((resolve) =>
        fdatasync(descriptor, resolve),
      );
      if (current !== journal.current || this.#held !== null) continue;
      if (error === null) return;
      this.#unwritten("", error.code ?? error.message);
    }
  }

  // --- what the disk lost

  /**
   * What a child wrote since its last checkpoint may not be on the disk. It writes it again when it comes back; and so does
   * everybody who comes back without a checkpoint made after this, in this process or the next: of what they share, one
   * may have been told of what the other one has lost, and no later sync will tell of it again. Resolves when that is on
   * record: until then nobody is brought back for it, and no checkpoint could be kept.
   */
  undone(child: Child): Promise<void> {
    this.#doubts++;
    for (const { child: each } of this.#lives.values()) this.#doubtful.add(each.identity.identity);
    this.#doubtful.add(child.identity.identity);
    return this.#count.noteFailed((text) => this.#options.warn("", text));
  }

  // --- the journal's files

  /** Files that no child needs any more go. */
  #trim(): void {
    const { journal, warn } = this.#options;
    const living = [...this.#lives.values()].map(({ since }) => since);
    const needed = Math.min(journal.current, ...living, ...this.#fallen.values());
    if (!this.#recovering) tell(journal.trim(needed), warn);
  }

  /** All who lived are back, or never will be. */
  recovered(): void {
    this.#recovering = false;
    this.#options.journal.forgetPast();
    this.#trim();
  }

  /** Nothing can be written to the journal's file, so that nothing leaves the children: they go on in another file, from
   *  checkpoints that make the past of no account. Tried until it succeeds. */
  unwritten(child: Child, reason: string): void {
    this.#unwritten(child.name, reason);
  }

  /** Why nothing leaves the children just now; null where it does. */
  get held(): string | null {
    return this.#held;
  }

  #unwritten(child: string, reason: string): void {
    if (this.#held !== null) return;
    this.#held = `the journal can't be written: ${reason}; nothing leaves the host until it can`;
    this.#options.warn(child, this.#held);
    void this.#mend().then(() => {
      this.#held = null;
      this.#options.warn(child, "the journal can be written again");
    });
  }

  async #mend(): Promise<void> {
    const { journal } = this.#options;
    let former: Either<JournalError, number> | null = null;
    while (former === null || E.isLeft(former)) {
      await later();
      if (!this.#turning && this.#enlisted.size === 0) former = journal.turnOver();
    }
    this.#turning = true;
    const lives = await this.#turnTo(former.right);
    this.#turning = false;
    for (let kept = false; !kept;) {
      kept = (await Promise.all(lives.map((life) => this.#keepAnew(life)))).every(Boolean);
      if (!kept) await later();
    }
    // What one knows of another is in the checkpoint of either.
    for (const { child } of lives) child.open();
  }

  /** Whether it has a checkpoint that was taken from now on, or needs none any more. */
  async #keepAnew(life: Life): Promise<boolean> {
    while (life.busy) await new Promise((resolve) => setTimeout(resolve, 1));
    life.busy = true;
    const kept = await this.#checkpoint(life);
    life.busy = false;
    return E.isRight(kept) || life.child.ending !== null;
  }

  /** All who live write to the journal's new file; nobody writes to the former one then. */
  async #turnTo(former: number): Promise<readonly Life[]> {
    const { journal } = this.#options;
    const lives = [...this.#lives.values()];
    await Promise.all(lives.map(({ child }) => child.turnOver(former, journal.descriptor)));
    journal.closeFormer(former);
    return lives;
  }

  /** Begins another file where this one is large; who has needed an old one for long has a checkpoint made. */
  #turnOver(): void {
    const { journal, warn } = this.#options;
    // Who is about to live has been told of this file, and can't yet be told of another.
    if (this.#turning || this.#enlisted.size > 0) return;
    if (journal.size < Math.min(MOST_JOURNAL_BYTES, OWN_JOURNAL_BYTES * this.#lives.size)) return;
    this.#turning = true;
    const former = journal.turnOver();
    if (E.isLeft(former)) {
      this.#turning = false;
      return tell(former, warn);
    }
    void this.#turnTo(former.right).then(async (lives) => {
      const late = lives.filter(({ since }) => since + MOST_FILES_AFTER < journal.current);
      await Promise.all(late.map(({ child }) => this.due(child)));
      this.#turning = false;
    });
  }
}

const later = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, MEND_PAUSE_MS).unref();
  });

const tell = (done: Either<JournalError, unknown>, warn: KeeperOptions["warn"]): void => {
  if (E.isLeft(done)) warn("", `${done.left.step} of ${done.left.path} failed with ${done.left.code}`);
};

/** It may take no more of the disk: what it did since its last checkpoint would never end to be replayed. */
const isOverBound = (error: HostError): boolean => error.tag === "Store" && error.error.tag === "OverBound";

/** Whether what is due of it is put off; then it is owed. */
const isPutOff = ({ respite }: Life): boolean => {
  if (respite !== null) respite.owed = true;
  return respite !== null;
};

/** What was copied of its memory is at hand for whoever looks at it next. */
const giveUp = ({ respite }: Life, { memory }: KeptChild): void => {
  if (respite !== null) respite.copy = memory.buffer as SharedArrayBuffer;
};

/** The checkpoint that is being made of it would have been put off. */
const isUnwanted = ({ due, respite }: Life): boolean => due && respite !== null;

const isGivenUp = (error: HostError): boolean => error.tag === "Store" && error.error.tag === "GivenUp";

/** It has left for another host meanwhile. */
const isSuperseded = (error: HostError): boolean => error.tag === "Store" && error.error.tag === "Stale";

/** Its last turn was taken, whether or not it comes back for what it wrote; that it has ended is yet to be heard. */
const isEnded = (error: HostError): boolean =>
  error.tag === "Checkpoint" && (error.error.tag === "Ended" || isUnsynced(error.error));

const isBusy = (error: HostError): boolean => error.tag === "Checkpoint" && error.error.tag === "Busy";

const reasonOf = (error: HostError): string =>
  error.tag === "Store" ? storeProse(error.error) : error.tag === "Unkept" ? error.reason : hostProse(error);
