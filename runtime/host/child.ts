// A child as its host sees it: the thread it lives in, what it wrote, how it ended.
import { prose, type SessionError } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import { unsynced, type CheckpointError } from "../checkpoint/checkpoint-error.ts";
import { firstPosition, mapStack } from "../component/position.ts";
import type { ToDomain } from "../core/link.ts";
import type { Base } from "../engine/base.ts";
import type { BaseLibrary } from "../engine/base-library.ts";
import type { Fault } from "../engine/fault.ts";
import type {
  Aside,
  ChildSpec,
  Extent,
  FromResident,
  Glimpse,
  LogMatch,
  Look,
  Survey,
  ToResident,
} from "../shard/protocol.ts";
import type { Ending } from "./ending.ts";
import type { HostEvent } from "./event.ts";
import type { FormerLife } from "./former-life.ts";
import type { CopyRoom } from "./last-copies.ts";
import type { Berth } from "./berth.ts";
import type { ServiceBroker } from "./service-broker.ts";
import type { Placement } from "./placement.ts";
import { memoryFence } from "../provider/epoch/memory-fence.ts";
import { Bar } from "../provider/epoch/incarnation.ts";
import { PortalServer } from "./portal-server.ts";
import type { Providers } from "./providers.ts";
import type { Lodger, Residence } from "./residence.ts";

/** The code of a child, as its image carries it. */
export interface ChildCode {
  /** The component's file name, as stacks show it. */
  readonly file: string;
  /** sha256 of the compiled code, hexadecimal. */
  readonly hash: string;
  readonly sourceMap: string;
}

type RevivedState = Extract<ToResident, { readonly kind: "revive" }>["frozen"];

/** A child as an image or a checkpoint has it. `base`: the hash of the base memory that it began with. */
export type FrozenState = Omit<RevivedState, "anchors"> & { readonly base: string };

export interface ChildIdentity {
  readonly identity: string;
  /** Incarnations so far: 1 at its start, one more with each revival. */
  readonly generation: number;
}

/** What only the thread-holding half of a child may do. */
export interface ChildSurroundings {
  readonly providers: Providers;
  readonly placement: Placement;
  /** The place that is kept for it. */
  readonly berth?: Berth | undefined;
  readonly bases: BaseLibrary;
  readonly emit: (event: HostEvent) => void;
  /** Leads to the other children. */
  readonly broker: ServiceBroker;
  /** The child has ended and its quota, `ram` bytes and `caps` capabilities, is free again. */
  readonly freed: (ram: number, caps: number) => void;
  /** It was lost with its thread, for a reason that another child gave, or what it wrote was; and its quota is free
   *  again. Where nobody takes care of that, it has faulted. */
  readonly lost?: (reason: string) => void;
  /** Whether it will be brought back after it faulted or was lost: then others wait for it. */
  readonly comesBack?: (child: Child, ending: Ending) => boolean;
  /** A kept child should have a checkpoint. */
  readonly due?: (child: Child) => void;
  /** It has been idle for as long as its entry says. */
  readonly idle?: (child: Child) => void;
  /** To others it is there already: it only rested. */
  readonly known?: true;
  /** What a kept child wrote since its last checkpoint may not be on the disk, and never be: resolves when that can't be
   *  forgotten any more. */
  readonly undone?: (child: Child) => Promise<void>;
  /** The journal takes nothing from a kept child, for this reason. */
  readonly unwritten?: (child: Child, reason: string) => void;
}

type Kept = Extract<FromResident, { readonly kind: "kept" }>["result"];
type Rested = Extract<FromResident, { readonly kind: "rested" }>["result"];
type Captured = Extract<FromResident, { readonly kind: "captured" }>["result"];

export class Child implements Lodger {
  readonly spec: ChildSpec;
  readonly code: ChildCode;
  readonly identity: ChildIdentity;
  readonly #surroundings: ChildSurroundings;
  readonly #residence: Residence;
  readonly #expected: Berth["expected"];
  readonly #portal: PortalServer;
  readonly #threadNames = new Map<number, string>();
  #base: Base;
  #quota: { ram: number; caps: number };
  #ending: Ending | null = null;
  #ended!: (ending: Ending) => void;
  #begun: ((result: Either<CheckpointError, RevivedInfo["reopened"]>) => void) | null = null;
  #reviveMs = 0;
  #follows = false;
  #aside: Aside | null = null;
  #isSettled = false;
  /** Why what it wrote is not on stable storage: then it is about to end for that. */
  #unsyncedFor: string | null = null;
  /** There is, or will be, an image of it. */
  #comesBack = true;
  /** The capture that is under way, by number. */
  #captured: ((result: Captured) => void) | null = null;
  #capture = 0;
  /** What it does once its capture has got as far as all of its group must get. */
  #reached: (() => void) | null = null;
  /** The capture that was given up before its shard answered. */
  #abandoned = 0;
  /** It was captured, and neither resumed nor released yet. */
  #standing = false;
  /** It is being put out. */
  #leaving = false;
  /** Its thread is gone while it stands still: what becomes of it if it is not released. */
  #fate: (() => void) | null = null;
  #released: (() => void) | null = null;
  #kept: ((result: Kept) => void) | null = null;
  #rested: ((result: Rested) => void) | null = null;
  #said = 0;
  #turnedOver: (() => void) | null = null;
  readonly #measured = new Set<(extent: Extent | null) => void>();
  #surveyed: ((survey: Survey | null) => void) | null = null;
  #glimpsed: ((glimpse: Glimpse | null) => void) | null = null;
  #heldCallback: (() => void) | null = null;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>;

  constructor(spec: ChildSpec, code: ChildCode, identity: ChildIdentity, surroundings: ChildSurroundings) {
    this.spec = spec;
    this.code = code;
    this.identity = identity;
    this.#base = surroundings.bases.current;
    this.#quota = { ...spec.quota };
    this.#surroundings = surroundings;
    const bar = new Bar((error) => this.#isSettled && void this.#fenced(error));
    this.#portal = new PortalServer(
      surroundings.providers,
      (message) => this.#post({ kind: "portal", message }),
      (provider, service, label) =>
        spec.fenced === undefined
          ? null
          : memoryFence(provider, { incarnation: spec.fenced.incarnation, bar, service, label }),
    );
    this.ended = new Promise((resolve) => {
      this.#ended = resolve;
    });
    const { placement, berth } = surroundings;
    this.#expected = berth?.expected ?? null;
    this.#residence = berth?.take(this) ?? placement.settle(this);
    const say = (said: ToDomain): void => this.say(said);
    // Whoever stands in for it has what it is told until then.
    if (this.known) this.#isSettled = true;
    else surroundings.broker.join(spec.name, identity.identity, say);
  }

  get name(): string {
    return this.spec.name;
  }
  /** Others never noticed that it was away. */
  get known(): boolean {
    return this.#surroundings.known === true;
  }
  /** The base memory that its own differs from: that of the release that first started it. */
  get base(): Base {
    return this.#base;
  }
  get ending(): Ending | null {
    return this.#ending;
  }
  /** Whether it follows the one before it without a checkpoint of its own, which it is to have soon. */
  get follows(): boolean {
    return this.#follows;
  }
  /** What was found at its recovery, where it had faulted. */
  get aside(): Aside | null {
    return this.#aside;
  }
  /** What its revival took, in ms. */
  get reviveMs(): number {
    return this.#reviveMs;
  }

  /** Tells it what another child says. */
  say(message: ToDomain): void {
    this.#said++;
    this.#post({ kind: "link", message });
  }
  /** How often it was told what another child says. */
  get said(): number {
    return this.#said;
  }

  #post(message: ToResident): void {
    if (this.#ending === null && !this.#residence.gone) this.#residence.post(message);
  }

  /** Loads its code. It takes no turn before `go`. */
  boot(code: string): Promise<Either<CheckpointError, RevivedInfo["reopened"]>> {
    this.#comesBack = false;
    const { file, hash } = this.code;
    return this.#begin({ kind: "boot", spec: this.spec, code, file, hash });
  }

  /** Brings it from a checkpoint to where its records end. It takes no turn before `go`; it may have ended.
   *  `examined`: only to see what was set aside; it has ended then. */
  recover(
    { state, base: hash, records, successors, follows: forerunner, aside }: FormerLife,
    examined = false,
  ): Promise<Either<CheckpointError, RevivedInfo["reopened"]>> {
    const { generation } = this.identity;
    const base = this.#from(hash);
    if (E.isLeft(base)) return Promise.resolve(base);
    const former = { ...state, anchors: base.right.anchors };
    const follows = forerunner === null ? null : { ...forerunner, generation };
    return this.#begin({
      ...{ kind: "recover", spec: this.spec, former, records, successors, follows },
      ...{ aside, examined, generation },
    });
  }

  /** Takes its state down for a checkpoint of a durable host, into the copy of the one before where there is one; it runs
   *  on. One at a time. */
  keep(last: CopyRoom | null): Promise<Kept> {
    if (this.#ending !== null) return Promise.resolve(E.left(this.#gone));
    return new Promise((resolve) => {
      this.#kept = resolve;
      const { buffer = null, known = 0, loaded = false } = last ?? {};
      this.#post({ kind: "keep", copy: buffer, known, loaded });
    });
  }

  /** Takes its state down so that it can rest. On success it stands still until `stir` or `release`. */
  rest(last: CopyRoom | null): Promise<Rested> {
    if (this.unready !== null) return Promise.resolve(E.left(this.unready));
    return new Promise((resolve) => {
      this.#rested = resolve;
      this.#post({ kind: "rest", copy: last?.buffer ?? null, known: last?.known ?? 0 });
    });
  }

  /** It does not rest after all. */
  stir(): void {
    this.#post({ kind: "stir" });
  }

  /** Goes on where it rested. It takes no turn before `go`. On success, what it has that is another one now. */
  wake(
    { state, base: hash }: FormerLife,
    known: boolean,
  ): Promise<Either<CheckpointError, RevivedInfo["reopened"]>> {
    const { generation } = this.identity;
    const base = this.#from(hash);
    if (E.isLeft(base)) return Promise.resolve(base);
    const former = { ...state, anchors: base.right.anchors };
    return this.#begin({ kind: "wake", spec: this.spec, former, generation, known });
  }

  /** Its first checkpoint is durable. */
  open(): void {
    this.#post({ kind: "open" });
  }

  /** Its records go elsewhere from now on; resolves when its thread has done so. */
  async turnOver(former: number, journal: number): Promise<void> {
    if (this.#ending !== null) return;
    await new Promise<void>((resolve) => {
      this.#turnedOver = resolve;
      this.#post({ kind: "turnOver", former, journal });
    });
  }

  /**
   * Brings it back from a frozen state. It takes no turn before `go`. `together`: it is one of several; called when
   * it has acquired all that it had, and resolves with whether all of them have.
   */
  revive(
    { base: hash, ...state }: FrozenState,
    together?: () => Promise<boolean>,
  ): Promise<Either<CheckpointError, RevivedInfo["reopened"]>> {
    const { generation } = this.identity;
    this.#reached = () => void together?.().then((go) => this.#post({ kind: "together", go }));
    const isOne = together !== undefined;
    const base = this.#from(hash);
    if (E.isLeft(base)) return Promise.resolve(base);
    const frozen = { ...state, anchors: base.right.anchors };
    const expected = this.#expected;
    return this.#begin({ kind: "revive", spec: this.spec, frozen, generation, expected, together: isOne });
  }

  /** Its memory differs from the base with this hash. */
  #from(hash: string): Either<CheckpointError, Base> {
    const base = this.#surroundings.bases.find(hash);
    if (base === null) return E.left({ tag: "Step", step: "memory", reason: `no base memory ${hash}` });
    this.#base = base;
    return E.right(base);
  }

  #begin(message: ToResident): Promise<Either<CheckpointError, RevivedInfo["reopened"]>> {
    return new Promise((resolve) => {
      this.#begun = resolve;
      this.#post(message);
    });
  }

  /** It has begun. */
  settled(): void {
    this.#isSettled = true;
    this.#comesBack = true;
  }

  /** Lets it take turns. */
  go(): void {
    this.#post({ kind: "go" });
  }
  /** It takes no further turn until `go`. */
  hold(): void {
    this.#post({ kind: "hold" });
  }
  /** Holds it in the turn that writes a matching log entry, and calls back. Null takes that back. */
  watch(match: LogMatch | null, held: () => void = () => {}): void {
    this.#heldCallback = held;
    this.#post({ kind: "watch", match });
  }

  /** How much it takes now; null where it has ended, or its thread does not answer at once. */
  async measure(): Promise<Extent | null> {
    if (this.#ending !== null) return null;
    return new Promise((resolve) => {
      const settle = (extent: Extent | null): void => {
        clearTimeout(late);
        this.#measured.delete(settle);
        resolve(extent);
      };
      const late = setTimeout(() => settle(null), MEASURE_MS);
      this.#measured.add(settle);
      this.#post({ kind: "measure" });
    });
  }

  /** What it holds now; null where it has ended. One at a time. */
  async survey(): Promise<Survey | null> {
    if (this.#ending !== null) return null;
    return new Promise((resolve) => {
      this.#surveyed = resolve;
      this.#post({ kind: "survey" });
    });
  }

  /** Its memory now, between two turns; it runs on. Null where it has ended, or is being captured. One at a time.
   *  `staging` and `since` as for `capture`. */
  async glimpse(staging: SharedArrayBuffer | null, since?: Look): Promise<Glimpse | null> {
    if (this.#ending !== null) return null;
    return new Promise((resolve) => {
      this.#glimpsed = resolve;
      this.#post({ kind: "glimpse", staging, ...(since === undefined ? {} : { since }) });
    });
  }

  /** Why it can't be captured now, or null. */
  get unready(): CheckpointError | null {
    if (this.#ending !== null) return { tag: "Ended", child: this.name };
    return this.#captured !== null || this.#standing || this.#abandoned !== 0
      ? { tag: "Busy", child: this.name }
      : null;
  }

  /**
   * Stops it and takes its state down. On success it stands still until `resume` or `release`. `deadline` in ms, for
   * the turn that runs and for the calls that must complete. `together`: it is one of several; called when it stands
   * still, and resolves with whether all of them do. `since`: the buffer holds what was seen in an earlier look,
   * and only what differs is written.
   */
  async capture(
    deadline: number,
    staging: SharedArrayBuffer | null,
    together?: () => Promise<boolean>,
    since?: Look,
  ): Promise<Captured> {
    const { unready } = this;
    if (unready !== null) return E.left(unready);
    const capture = ++captures;
    this.#capture = capture;
    return new Promise((resolve) => {
      const giveUp = (): void => {
        // The thread does not even answer: a turn of the child has not ended.
        this.#captured = null;
        this.#abandoned = capture;
        const { running } = this.#residence;
        const whose =
          typeof running === "string"
            ? `a turn of ${running} on the same thread`
            : `the turn of thread ${this.#threadName(running ?? 0)}`;
        resolve(E.left({ tag: "Deadline", deadline, calls: [`${whose}, which has not ended`] }));
      };
      let late = setTimeout(giveUp, deadline + CAPTURE_GRACE_MS);
      this.#captured = (result) => {
        clearTimeout(late);
        this.#captured = null;
        this.#standing = E.isRight(result);
        resolve(result);
      };
      this.#reached = () => {
        // It has kept its deadline; how long the others take is theirs to answer for.
        clearTimeout(late);
        void together?.().then((go) => {
          if (this.#captured === null) return;
          late = setTimeout(giveUp, deadline + CAPTURE_GRACE_MS);
          this.#post({ kind: "together", go });
        });
      };
      this.#post({
        kind: "capture",
        ...{ capture, deadline, staging, together: together !== undefined },
        ...(since === undefined ? {} : { since }),
      });
    });
  }

  /** Lets it run on after a capture. */
  resume(): void {
    this.#standing = false;
    if (this.#fate === null) this.#post({ kind: "resume" });
    else this.#fate();
  }

  /** Gives back everything it holds; it has ended then. */
  async release(ending: Ending = { kind: "frozen" }): Promise<void> {
    if (this.#ending !== null) return;
    this.#leaving = true;
    if (this.#fate === null)
      await new Promise<void>((resolve) => {
        this.#released = resolve;
        this.#post({ kind: "release" });
      });
    await this.#end(ending);
  }

  /** Drops it with no farewell. */
  async kill(): Promise<void> {
    if (this.#ending !== null) return;
    this.#leaving = true;
    await this.#residence.evict();
    if (this.ending !== null) return;
    const ended = this.#end({ kind: "killed" });
    this.#surroundings.emit({ event: "killed", child: this.name });
    await ended;
  }

  /** A later incarnation has taken its place: it is put out, and others do not wait for it. */
  #fenced(error: SessionError): Promise<void> {
    return this.overtaken(prose(error));
  }

  /** As when a provider had said that a later incarnation is there. */
  async overtaken(reason: string): Promise<void> {
    if (this.#ending !== null) return;
    this.hold();
    this.#leaving = true;
    await this.#residence.evict();
    if (this.ending !== null) return;
    const ended = this.#end({ kind: "fenced", reason });
    this.#surroundings.emit({ event: "fenced", child: this.name, reason });
    await ended;
  }

  /** Ends it as one that has faulted and is not forgiven: it wants what its host does not give. */
  async stop(reason: string): Promise<void> {
    if (this.#ending !== null) return;
    this.#leaving = true;
    await this.#residence.evict();
    this.#faulted({ reason, stack: "" }, null, true);
    await this.ended;
  }

  /** What it wrote is lost or not, and nobody can tell: it comes back from before that. */
  async #unsynced(reason: string): Promise<void> {
    if (this.#ending !== null) return;
    this.#unsyncedFor = reason;
    await this.#surroundings.undone?.(this);
    if (this.#leaving && this.#isSettled) {
      const text = `${reason}; what it wrote last may be lost`;
      this.#surroundings.emit({ event: "warning", child: this.name, text });
    }
    if (this.#leaving) return;
    this.#leaving = true;
    await this.#residence.evict();
    const { lost } = this.#surroundings;
    if (lost === undefined) return this.#faulted({ reason, stack: "" }, null, true);
    const known = this.#isSettled;
    // Where it was only about to come back, whoever brings it back hears of that.
    await this.#end(known ? { kind: "unsynced", reason } : { kind: "frozen" });
    if (known) lost(reason);
  }

  /** What those hear who wait for something of one that has ended. */
  get #gone(): CheckpointError {
    return this.#unsyncedFor === null ? { tag: "Ended", child: this.name } : unsynced(this.#unsyncedFor);
  }

  // --- what the shard says

  log(text: string): void {
    const kept = this.spec.kept === undefined ? {} : { kept: true as const };
    this.#surroundings.emit({ event: "log", child: this.name, text, ...kept });
  }

  message(message: FromResident): void {
    switch (message.kind) {
      case "booted":
        return this.#booted(message.fault);
      case "revived":
        this.#reviveMs = message.ms;
        this.#follows = message.follows === true;
        return this.#begun?.(message.result);
      case "kept":
        return this.#kept?.(message.result);
      case "due":
        return this.#surroundings.due?.(this);
      case "idle":
        return this.#surroundings.idle?.(this);
      case "rested":
        return this.#rested?.(message.result);
      case "unsynced":
        return void this.#unsynced(message.reason);
      case "warning":
        return this.#surroundings.emit({ event: "warning", child: this.name, text: message.text });
      case "unwritten":
        return this.#surroundings.unwritten?.(this, message.reason);
      case "turnedOver":
        return this.#turnedOver?.();
      case "surveyed":
        return this.#surveyed?.(message.survey);
      case "glimpsed":
        return this.#glimpsed?.(message.glimpse);
      case "measured":
        for (const settle of [...this.#measured]) settle(message.extent);
        return;
      case "astray":
        return this.#begun?.(E.left({ tag: "Step", step: "replay", reason: message.reason }));
      case "denied":
        return this.denied(message.service, message.label, message.error);
      case "exited":
        void this.#end({ kind: "exited", code: message.code });
        return;
      case "faulted":
        return this.#faulted(message.fault, message.slot);
      case "aside":
        this.#aside = { event: message.event, calls: message.calls };
        return;
      case "fenced":
        return void this.#fenced(message.error);
      case "held":
        return this.#heldCallback?.();
      case "quota":
        this.#quota.ram -= message.ram;
        this.#quota.caps -= message.caps;
        return this.#surroundings.freed(message.ram, message.caps);
      case "thread":
        return void this.#threadNames.set(message.selector, message.name);
      case "reached":
        if (this.#abandoned !== 0 && message.capture === this.#abandoned)
          return this.#post({ kind: "together", go: false });
        return message.capture === this.#capture ? this.#reached?.() : undefined;
      case "captured":
        if (message.capture === this.#abandoned) {
          this.#abandoned = 0;
          if (E.isRight(message.result)) this.resume();
          return;
        }
        return message.capture === this.#capture ? this.#captured?.(message.result) : undefined;
      case "released":
        return this.#released?.();
      case "link":
        return this.#surroundings.broker.hear(this.identity.identity, message.message);
      case "portal":
        return void this.#portal.receive(message.message);
    }
  }

  died(reason: string): void {
    this.#afterwards(() => this.#faulted({ reason, stack: "" }, null));
  }

  lost(reason: string): void {
    const { lost } = this.#surroundings;
    if (lost === undefined) return this.died(reason);
    this.#afterwards(() => {
      if (this.#ending !== null) return;
      const known = this.#isSettled;
      void this.#end({ kind: "lost", reason }).then(() => known && lost(reason));
    });
  }

  /** What stands still does so in an image too: whether it is frozen is not yet decided then. */
  #afterwards(fate: () => void): void {
    if (this.#standing) this.#fate = fate;
    else fate();
  }

  /** Reports a session that was refused. */
  denied(service: string, label: string, error: SessionError): void {
    this.#surroundings.emit({ event: "denied", child: this.name, service, label, reason: prose(error) });
  }

  #threadName(selector: number): string {
    return selector === 0 ? "main" : (this.#threadNames.get(selector) ?? String(selector));
  }

  #booted(fault: Fault | null): void {
    if (fault === null) return this.#begun?.(E.right([]));
    const reason = `${fault.reason}${fault.stack === "" ? "" : `\n${fault.stack}`}`;
    this.#begun?.(E.left({ tag: "Step", step: "boot", reason }));
  }

  #faulted(fault: Fault, slot: number | null, isFinal = false): void {
    if (this.#ending !== null) return;
    const stack = mapStack(fault.stack, this.code.file, this.code.sourceMap);
    const position = firstPosition(stack);
    const at = position === undefined ? null : `${position.file}:${position.line}:${position.column}`;
    const reason = at === null ? fault.reason : `${fault.reason} (at ${at})`;
    this.#surroundings.emit({ event: "log", child: this.name, text: `fault: ${reason}` });
    void this.#end({ kind: "faulted", reason, slot, ...(isFinal ? { final: true } : {}) });
    this.#surroundings.emit({ event: "faulted", child: this.name, reason: fault.reason, at, stack });
  }

  async #end(ending: Ending): Promise<void> {
    if (this.#ending !== null) return;
    this.#ending = ending;
    if (ending.kind === "exited")
      this.#surroundings.emit({ event: "exited", child: this.name, code: ending.code });
    const gone = E.left(this.#gone);
    this.#captured?.(gone);
    this.#begun?.(gone);
    this.#released?.();
    this.#kept?.(gone);
    this.#rested?.(gone);
    this.#turnedOver?.();
    this.#surveyed?.(null);
    this.#glimpsed?.(null);
    for (const settle of [...this.#measured]) settle(null);
    const comesBack =
      ending.kind === "frozen" ||
      ((ending.kind === "faulted" || ending.kind === "lost" || ending.kind === "unsynced") &&
        (this.#surroundings.comesBack?.(this, ending) ?? false));
    const left = !comesBack || !this.#comesBack ? "ended" : this.#isSettled ? "frozen" : "failed";
    if (ending.kind !== "resting") this.#surroundings.broker.leave(this.identity.identity, left);
    await this.#portal.close();
    this.#residence.leave();
    this.#surroundings.freed(this.#quota.ram, this.#quota.caps);
    this.#ended(ending);
  }
}

/** Captures so far, of all children: each has a number of its own. */
let captures = 0;

/** How long a thread may take to say how much a child takes, in ms. */
const MEASURE_MS = 500;

/** What a shard may take beyond the deadline to say that it was missed, in ms. */
const CAPTURE_GRACE_MS = 500;
