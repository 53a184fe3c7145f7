// Writes down what enters a protection domain, and lets its effects out only when all they depend on is durable.
// Turns don't wait for that, and neither do calls that change nothing outside.
import { prose, type SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { Log } from "../../lib/session/log.ts";
import type { ToDomain } from "../core/link.ts";
import {
  DONE,
  type Answer,
  type CoreObject,
  type Eventually,
  type Growth,
  type Serving,
} from "../core/service.ts";
import { invoke } from "../domain/call.ts";
import { ownArguments } from "../domain/own-arguments.ts";
import type { Stamp, Witness, WitnessedCall } from "../domain/witness.ts";
import { File, FileSystem } from "../../lib/session/file-system.ts";
import type { Reach } from "../intercept/interceptor.ts";
import { Parent, type SessionRequest } from "../../lib/session/parent.ts";
import { encodeEntry, type DomainRecord } from "./journal/journal-record.ts";
import { CheckpointClock, DEFAULT_POLICY, type CheckpointPolicy } from "./checkpoint-policy.ts";
import { isNamePlan, madeBefore, namedBy, namesIn, planName, type NamePlan } from "./renaming.ts";
import type { JournalWriter } from "./journal/journal-writer.ts";
import type { GrowthPlans } from "./growth-plans.ts";

/** An append that is to go to one place, however often it is made. */
export interface AppendPlan {
  readonly place: number;
}

/** It is on record that a call was let out: whether it was made before a crash, nobody knows. */
export interface OncePlan {
  readonly once: true;
}

const ONCE: OncePlan = { once: true };

const isOncePlan = (plan: unknown): plan is OncePlan => (plan as Partial<OncePlan> | null)?.once === true;

type Plan = AppendPlan | NamePlan | OncePlan;

const isAppendPlan = (plan: unknown): plan is AppendPlan =>
  typeof plan === "object" && plan !== null && Number.isSafeInteger((plan as Partial<AppendPlan>).place);

export interface RecorderOptions {
  readonly incarnation: number;
  readonly journal: JournalWriter;
  readonly plans: GrowthPlans;
  /** When it should have another checkpoint, and who is told of it. Default: often enough, and nobody. */
  readonly policy?: CheckpointPolicy;
  /** How many children its thread has. Default: many. */
  readonly sharers?: () => number;
  readonly due?: () => void;
  /** Called when what it wrote can't be had on stable storage: nothing leaves until it has another checkpoint, in another
   *  file, and `open` says so. */
  readonly unwritten?: (reason: string) => void;
  /** Brings what it writes beside files to stable storage. */
  readonly alsoSync?: () => Answer<void>;
  /** Called when what it wrote can't be had on stable storage: after a failed sync nobody can tell what of it is there. It
   *  is as if it had ended before: nothing leaves or is noted any more, and a recovery writes all of it again. */
  readonly unsynced?: (reason: string) => void;
  /** Something failed that nobody who calls can be told of. */
  readonly warn?: (text: string) => void;
  /** Whether a session request is answered by another child, whose answers are heard, not recorded. */
  readonly isInner: (request: SessionRequest) => boolean;
}

interface Waiting {
  readonly call: WitnessedCall;
  readonly reach: Reach;
  /** How many records must be durable before it may leave. */
  after: number;
  plan: Plan | null;
  /** It was made, and waits to be answered. */
  made: boolean;
  readonly settle: (answer: Answer<unknown>) => void;
}

/** Effects on one part of the world outside, in the order that they were called. */
interface Queue {
  readonly waiting: Waiting[];
  busy: boolean;
  /** How many records must be durable before another effect may leave. */
  floor: number;
}

const growthOf = ({ object, entry }: WitnessedCall): Growth | null =>
  entry.name === "write" ? (object.life?.growth ?? null) : null;

const isOnce = ({ object }: WitnessedCall): boolean => object.life?.foreign?.again === false;

/** Whether a call tells the other side that nothing follows. */
const parts = ({ object, entry }: WitnessedCall): boolean =>
  entry.name === "close" && object.life?.parts === true;

/** Whether files may end elsewhere after an effect that was no planned append. */
const movesEnds = ({ object, entry }: WitnessedCall): boolean => isFiles(object) && entry.name !== "sync";

/** How long the disk may take with appends of one that is dropped, in ms. */
const LAST_APPENDS_MS = 2000;

/** Between tries to write an entry of a log, in ms. */
const LOG_PAUSE_MS = 200;

const isFiles = ({ contract }: CoreObject): boolean => contract === File || contract === FileSystem;

export class Recorder implements Witness {
  readonly replays = false;
  readonly #options: RecorderOptions;
  readonly #journal: JournalWriter;
  /** All files are one queue: moves and removals concern what others have open. */
  readonly #files: Queue = { waiting: [], busy: false, floor: 0 };
  readonly #queues = new WeakMap<CoreObject, Queue>();
  /** Queues in which something may wait: that of files is always there, because it would come and go with each step. */
  readonly #pending = new Set<Queue>([this.#files]);
  #sequence: number;
  /** Since the last checkpoint. */
  readonly #clock: CheckpointClock;
  /** When the turn that runs began, in ms. */
  #began = 0;
  /** Files with effects that are not on stable storage. */
  readonly #dirty = new Set<CoreObject>();
  #stamp: Stamp = { own: 0, wall: 0 };
  #entropy: Uint8Array[] = [];
  #ended = false;
  /** Called when all appends are made that have their place, once nothing else is let out. */
  #finished: (() => void) | null = null;
  /** Why what it wrote is not on stable storage. */
  #undone: SessionError | null = null;
  /** Its component was told that a sync has failed: what was written before is not known to be there. */
  #unsynced: SessionError | null = null;
  /** Waits for what it did to be on stable storage, so that it can end. */
  #ending: ((isKept: boolean | null) => void) | null = null;
  #isUnlogged = false;
  /** Whether effects may leave: not before the checkpoint that the records come after is durable. */
  #open: boolean;
  readonly #stopped = new Set<Queue>();
  /** Others are yet to come back who may have planned what ends where it would append, or are yet to write it again. */
  #awaits = false;
  /** How often the journal had been mended when effects were last let out, and when the last checkpoint was taken. */
  #mends: number;
  #mendsTaken: number;
  /** What is to be confirmed when its answer is durable after all. */
  #unconfirmed: (() => void)[] = [];
  #held: (() => void)[] | null = null;
  /** Entries of one that stands still, at rest as far as its checkpoint knows; null while it goes on. */
  #beside: Uint8Array[] | null = null;

  /** `sequence`: how many records the incarnation has already; `open`: as if `open` had been called. */
  constructor(options: RecorderOptions, { sequence = 0, open = false } = {}) {
    this.#open = open;
    this.#options = options;
    const due = (): void => options.due?.();
    this.#clock = new CheckpointClock(options.policy ?? DEFAULT_POLICY, due, options.sharers);
    this.#journal = options.journal;
    this.#mends = this.#mendsTaken = options.journal.mends;
    this.#sequence = sequence;
  }

  /** A checkpoint was taken of what is there now; its child stood still for so many ms. */
  checkpointed(pause: number): void {
    this.#clock.taken(pause);
  }

  /** Returns when all that was written is on stable storage. Left: it is not, and `unsynced` was told. */
  syncFiles(): Answer<void> {
    if (this.#undone !== null) return E.left(this.#undone);
    if (this.#ended) return DONE;
    if (this.#unsynced !== null) return this.#synced(E.left(this.#unsynced));
    for (const object of this.#dirty) {
      const synced = this.#synced((object as Serving<typeof File>).sync());
      if (E.isLeft(synced)) return synced;
      this.#dirty.delete(object);
    }
    return this.#synced(this.#options.alsoSync?.() ?? DONE);
  }

  #synced(answer: Eventually<unknown>): Answer<void> {
    if (answer instanceof Promise || E.isRight(answer)) return DONE;
    this.#undone = answer.left;
    this.end();
    this.#ending?.(null);
    this.#options.unsynced?.(prose(answer.left));
    return answer;
  }

  /** What the incarnation before this one did to these may not be on stable storage yet. */
  inherit(objects: Iterable<CoreObject>): void {
    for (const object of objects) if (object.contract === File) this.#dirty.add(object);
  }

  /** How many records it has written: what a checkpoint taken now comes after. */
  get sequence(): number {
    return this.#sequence;
  }

  /** It goes on where `former` ended, as the note says, which knows `sequence`: effects may leave when that is durable.
   *  Resolves then, or when it can't be written just now. */
  follow(former: number, note: Uint8Array): Promise<void> {
    this.#record({ kind: "follows", former, note });
    return new Promise((resolve) => {
      this.#journal.whenDurable((failed) => {
        if (!this.#ended && failed === null) this.open();
        else if (failed !== null) this.#options.unwritten?.(failed.message);
        resolve();
      });
    });
  }

  /** The checkpoint that the records come after is durable: effects may leave. */
  open(): void {
    this.#open = true;
    this.#mends = this.#mendsTaken;
    if (this.#intact) for (const confirm of this.#unconfirmed.splice(0)) confirm();
    this.#kick();
  }

  /** Whether all that it wrote since its last checkpoint is in the journal. */
  get #intact(): boolean {
    return this.#mends === this.#journal.mends;
  }

  /** No effect leaves, and none that has left is answered, until `release`: while a checkpoint is taken. */
  hold(): void {
    this.#mendsTaken = this.#journal.mends;
    this.#held ??= [];
  }
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const go of held) go();
    this.#kick();
  }

  /** It is about to rest: what enters it from now on, the end of a sleep for one, is no part of its past unless it stirs.
   *  It goes on where it rested, and hears that again: else two records would bear one number. */
  rest(): void {
    this.#beside = [];
  }

  /** It does not rest after all. */
  stir(): void {
    const entries = this.#beside ?? [];
    this.#beside = null;
    for (const entry of entries) this.#journal.add(entry);
  }

  /** It comes back, and others may do so after it: what it appends that has no place yet gets one when all are back. */
  awaitOthers(): void {
    this.#awaits = true;
  }
  /** All who come back are there. */
  othersBack(): void {
    if (!this.#awaits) return;
    this.#awaits = false;
    this.#kick();
  }

  #kick(): void {
    const stopped = [...this.#stopped];
    this.#stopped.clear();
    for (const queue of stopped) this.#next(queue);
  }

  /** What was planned for a call that has not left yet; null for one that needs no plan. */
  plan(slot: number, turn: number): unknown {
    for (const { waiting } of this.#pending)
      for (const { call, plan } of waiting)
        if (plan !== null && call.slot === slot && call.turn === turn) return plan;
    return null;
  }

  /** Nothing leaves any more but appends that have their place in a file: others may have theirs behind it. Resolves when
   *  these are made, or can't be for now. */
  finish(): Promise<void> {
    // One whose writes are lost comes back to what it had planned.
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const late = setTimeout(resolve, LAST_APPENDS_MS);
      this.#finished = () => {
        clearTimeout(late);
        resolve();
      };
      this.#lookFinished();
    });
  }

  #lookFinished(): void {
    if (this.#finished === null) return;
    for (const { busy, waiting } of this.#pending) if (busy && isAppendPlan(waiting[0]?.plan)) return;
    this.#finished();
  }

  /** What was called and has not left will not leave any more. */
  end(): void {
    if (this.#ended) return;
    for (const { waiting } of this.#pending)
      for (const { call, plan, made } of waiting) {
        const growth = made ? null : growthOf(call);
        if (growth !== null && isAppendPlan(plan)) this.#giveUp(call, growth, plan);
      }
    this.#ended = true;
    this.#clock.end();
  }

  /** One that fell comes back to what it had planned. Who is put out does so only where its host has stopped it, and is to
   *  find another place then: others may have this one. */
  #giveUp({ slot, turn }: WitnessedCall, growth: Growth, { place }: AppendPlan): void {
    const { plans } = this.#options;
    if (this.#finished === null) return plans.leave(growth, place);
    plans.done(growth, false);
    this.#record({ kind: "plan", slot, turn, plan: null });
  }

  // --- the witness

  ending(): Promise<boolean | null> {
    if (this.#ended) return Promise.resolve(this.#undone === null ? false : null);
    return new Promise((resolve) => {
      this.#ending = resolve;
      this.#whenKept(() =>
        this.#unlessHeld(() => {
          resolve(E.isRight(this.syncFiles()) ? true : null);
        }),
      );
    });
  }

  falling(): boolean {
    return E.isRight(this.syncFiles());
  }

  /** A file that goes with its session was not closed. The turn that did that is taken again at a recovery, and what has
   *  no handle then can't be written again. */
  dropped(object: CoreObject): void {
    if (this.#ended || !this.#dirty.delete(object)) return;
    const synced = (object as Serving<typeof File>).sync();
    if (!(synced instanceof Promise) && E.isLeft(synced))
      this.#options.warn?.(
        `${prose(synced.left)}, and it went with its session: what was written there may be lost`,
      );
  }

  /** Now, or when the checkpoint that is being taken is. */
  #unlessHeld(act: () => void): void {
    if (this.#held === null) act();
    else this.#held.push(act);
  }

  /** Whole microseconds, so that a journal keeps them exactly. */
  begin({ own, wall }: Stamp): Stamp {
    this.#entropy = [];
    this.#began = performance.now();
    return (this.#stamp = { own: Math.floor(own * 1000) / 1000, wall });
  }

  entropy(into: Uint8Array): void {
    this.#entropy.push(new Uint8Array(into));
  }

  turn(turn: number, slot: number, digest: number): void {
    const { own, wall } = this.#stamp;
    this.#clock.turned(performance.now() - this.#began);
    this.#record({ kind: "turn", turn, slot, digest, own, wall, entropy: this.#entropy });
  }

  remembered(): void {
    this.#record({ kind: "memory" });
  }

  heard(message: ToDomain): void {
    this.#record({ kind: "heard", message });
  }

  call(call: WitnessedCall): Eventually<unknown> {
    const { entry, object, args } = call;
    if (entry.reach === null) {
      if (object.contract !== Parent || entry.name !== "session" || this.#isInner(args))
        return invoke(object, entry.name, args);
      return this.#answered(call, invoke(object, entry.name, args));
    }
    if (entry.reach === undefined || entry.reach === "none")
      return this.#answered(call, invoke(object, entry.name, args));
    const reach = typeof entry.reach === "function" ? entry.reach(args) : entry.reach;
    const queue = this.#queueOf(object);
    if (
      reach === "ordered" &&
      queue.waiting.length === 0 &&
      !(entry.name === "close" && (this.#dirty.has(object) || parts(call)))
    )
      return this.#answered(call, invoke(object, entry.name, args));
    return new Promise((settle) => this.#enqueue(queue, call, reach, settle));
  }

  #isInner(args: readonly unknown[]): boolean {
    return this.#options.isInner(args[0] as SessionRequest);
  }

  #queueOf(object: CoreObject): Queue {
    if (isFiles(object)) return this.#files;
    const known = this.#queues.get(object);
    if (known !== undefined) return known;
    const queue = { waiting: [], busy: false, floor: 0 };
    this.#queues.set(object, queue);
    return queue;
  }

  // --- effects

  #enqueue(queue: Queue, call: WitnessedCall, reach: Reach, settle: Waiting["settle"]): void {
    // What has no record now has none of where it goes, either.
    if (this.#ended || this.#finished !== null) return;
    const { slot, turn, object, entry, plan } = call;
    const waiting: Waiting = {
      call: { slot, turn, object, entry, args: ownArguments(call.args), plan },
      reach,
      plan: null,
      made: false,
      after: 0,
      settle,
    };
    // Where what waits may move the file's end, the place of an append is known when its turn has come.
    const certain =
      !this.#awaits && queue.waiting.every((each) => each.plan !== null || each.reach === "ordered");
    const growth = growthOf(call);
    if (growth !== null && (certain || isAppendPlan(call.plan))) this.#plan(waiting, growth);
    const isNext = queue.waiting.length === 0;
    if (isOncePlan(call.plan) || (isNext && reach === "effect" && isOnce(call))) this.#planOnce(waiting);
    // A change of names is noted when its turn has come, and waits for that.
    if ((reach === "effect" && namedBy(call) === null) || parts(call)) waiting.after = this.#journal.added;
    queue.waiting.push(waiting);
    if (isNext && queue !== this.#files) this.#pending.add(queue);
    if (!queue.busy) this.#next(queue);
  }

  /** Says where an append will go, before it goes there. */
  #plan(waiting: Waiting, growth: Growth): void {
    const { slot, turn, args, object } = waiting.call;
    const { plans } = this.#options;
    // What was planned for another file tells nothing of this one.
    const plan = object.life?.changed === undefined ? waiting.call.plan : null;
    const place = isAppendPlan(plan) ? plan.place : plans.reserve(growth, args[0]);
    if (place === null) return;
    if (isAppendPlan(plan)) plans.resume(growth, args[0], place);
    waiting.plan = { place };
    this.#planned(slot, turn, waiting.plan);
  }

  /** It is about to be let out, and will not be again. */
  #planOnce(waiting: Waiting): void {
    waiting.plan = ONCE;
    this.#planned(waiting.call.slot, waiting.call.turn, ONCE);
  }

  #planned(slot: number, turn: number, plan: Plan): void {
    this.#record({ kind: "plan", slot, turn, plan });
  }

  /** The next of a queue, once it may leave. */
  #next(queue: Queue): void {
    const [first] = queue.waiting;
    if (first === undefined || this.#ended) return;
    if (this.#finished !== null && !isAppendPlan(first.plan)) return;
    // A change of names that was planned by the former incarnation does no harm, and others wait for it.
    const isShut = !this.#open && !isNamePlan(first.call.plan);
    const isPlaceless = this.#awaits && first.plan === null && growthOf(first.call) !== null;
    if (isShut || isPlaceless || !this.#intact || this.#held !== null) return void this.#stopped.add(queue);
    queue.busy = true;
    const after = first.reach === "effect" || parts(first.call) ? Math.max(first.after, queue.floor) : 0;
    if (this.#journal.durable >= after) return this.#leave(queue, first);
    this.#journal.whenDurable((failed) => {
      if (this.#ended) return;
      if (failed === null && this.#intact) return this.#leave(queue, first);
      queue.busy = false;
      this.#stopped.add(queue);
      this.#lookFinished();
      if (failed !== null) this.#options.unwritten?.(failed.message);
    });
  }

  #leave(queue: Queue, first: Waiting): void {
    if (this.#ended) return;
    if (this.#held !== null) return void this.#held.push(() => this.#leave(queue, first));
    const { call } = first;
    const growth = growthOf(call);
    if (growth !== null && first.plan === null) {
      this.#plan(first, growth);
      first.after = this.#journal.added;
      if (first.plan !== null) return this.#next(queue);
    }
    // What is closed is no longer there to be synced at the next checkpoint.
    if (call.entry.name === "close" && this.#dirty.has(call.object)) {
      const synced = this.#synced((call.object as Serving<typeof File>).sync());
      if (E.isLeft(synced)) return;
      this.#dirty.delete(call.object);
    }
    if (call.object.contract === File && first.reach === "effect") this.#dirty.add(call.object);
    const name = namedBy(call);
    if (name !== null && first.plan === null) {
      first.plan = isNamePlan(call.plan) ? call.plan : planName(call, name);
      this.#planned(call.slot, call.turn, first.plan);
      first.after = this.#journal.added;
      return this.#next(queue);
    }
    if (first.plan === null && first.reach === "effect" && isOnce(call)) {
      this.#planOnce(first);
      first.after = this.#journal.added;
      return this.#next(queue);
    }
    const { plan } = first;
    const { foreign } = call.object.life ?? {};
    if (isOncePlan(call.plan) && foreign !== undefined) return this.#left(queue, first, foreign.doubtful());
    const made = name !== null && isNamePlan(call.plan) ? madeBefore(call, name, call.plan) : null;
    const answer =
      made ??
      (growth !== null && isAppendPlan(plan)
        ? this.#grow(growth, first, plan)
        : invoke(call.object, call.entry.name, call.args));
    if (answer instanceof Promise) void answer.then((answered) => this.#left(queue, first, answered));
    else if (E.isLeft(answer) && call.object.contract === Log) this.#logLater(queue, first, answer.left);
    else this.#left(queue, first, answer);
  }

  /** Entries of a log are nobody's to lose: no component can do anything about its host's disk. */
  #logLater(queue: Queue, first: Waiting, error: SessionError): void {
    if (!this.#isUnlogged)
      this.#options.warn?.(
        `its log can't be written: ${prose(error)}; what it says there waits until it can`,
      );
    this.#isUnlogged = true;
    setTimeout(() => {
      if (!this.#ended) this.#leave(queue, first);
    }, LOG_PAUSE_MS).unref();
  }

  #grow(growth: Growth, first: Waiting, { place }: AppendPlan): Answer<unknown> {
    const answer = growth.append(first.call.args[0], place);
    // An entry of a log that could not be written still is to be.
    first.made = E.isRight(answer) || first.call.object.contract !== Log;
    if (first.made) this.#options.plans.done(growth, E.isRight(answer));
    return answer;
  }

  #left(queue: Queue, first: Waiting, answer: Answer<unknown>): void {
    if (this.#held !== null) return void this.#held.push(() => this.#left(queue, first, answer));
    queue.waiting.shift();
    queue.busy = false;
    if (queue.waiting.length === 0 && queue !== this.#files) this.#pending.delete(queue);
    if (first.reach === "effect" && movesEnds(first.call) && !isAppendPlan(first.plan))
      this.#options.plans.forget();
    // A name is not given again once its answer is on record.
    if (first.call.object.contract === FileSystem && first.reach === "effect") {
      const before = namedBy(first.call) === null ? [] : namesIn(first.call);
      const settled = first.call.object.life?.settle?.(before) ?? DONE;
      if (E.isLeft(this.#synced(settled))) return;
    }
    this.#note(first.call, answer);
    // What bears a name may be another thing by the next effect, and look the same.
    // And one that can't tell what was said twice must not have to doubt two things.
    const isForeign = first.reach === "effect" && first.call.object.life?.foreign !== undefined;
    if (isForeign || namedBy(first.call) !== null) queue.floor = this.#journal.added;
    first.settle(answer);
    this.#next(queue);
    this.#lookFinished();
  }

  // --- answers

  #answered(call: WitnessedCall, answer: Eventually<unknown>): Eventually<unknown> {
    if (!(answer instanceof Promise)) {
      this.#note(call, answer);
      return answer;
    }
    return answer.then((answered) => {
      this.#note(call, answered);
      return answered;
    });
  }

  #note({ slot, turn, entry, object }: WitnessedCall, answer: Answer<unknown>): void {
    const place = object.life?.place?.(answer) ?? null;
    const returns = entry.returns !== undefined || (object.contract === Parent && entry.name === "session");
    this.#record({
      kind: "answer",
      slot,
      turn,
      place,
      answer: E.isLeft(answer)
        ? { error: answer.left }
        : { value: returns ? ((answer.right as CoreObject).life?.opened ?? null) : answer.right },
    });
    if (E.isLeft(answer) && entry.name === "sync" && this.#dirty.has(object)) this.#unsynced = answer.left;
    const begun = E.isRight(answer) ? (returns ? (answer.right as CoreObject) : null) : object;
    const life = E.isLeft(answer) && place === null ? undefined : begun?.life;
    if (life?.noted !== undefined) this.#whenKept(() => life.noted?.());
    const confirmable = object.life?.kept;
    if (confirmable?.method !== entry.name || E.isLeft(answer)) return;
    this.#whenKept(() => confirmable.confirm());
  }

  /** Calls `then` once a crash can lose nothing of what was written down by now: neither its records, nor the checkpoint
   *  that they come after. */
  #whenKept(then: () => void): void {
    if (this.#beside !== null) return void this.#held?.push(() => this.#whenKept(then));
    this.#journal.whenDurable((failed) => {
      if (this.#ended) return;
      if (failed === null && this.#intact && this.#open) return then();
      this.#unconfirmed.push(then);
      if (failed !== null) this.#options.unwritten?.(failed.message);
    });
  }

  #record(record: DomainRecord): void {
    if (this.#ended) return;
    const { incarnation } = this.#options;
    const entry = encodeEntry({ incarnation, sequence: this.#sequence++, record });
    if (this.#beside === null) this.#journal.add(entry);
    else this.#beside.push(entry);
    this.#clock.record(entry.length, record.kind === "turn");
  }
}
