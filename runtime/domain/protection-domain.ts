// A protection domain: one child's machine, its capability space and its ledger, driven turn by turn. Every call
// of the child passes here on its only way to core: checked against its contract, charged, served, recorded.
import { produceWithPatches, enablePatches, type Draft } from "immer";
import { prose, type SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import {
  AMBIENT_LOG,
  AMBIENT_TIMER,
  FIRST_SELECTOR,
  PARENT,
  REPLY_CAPABILITY,
  REPLY_ERROR,
  REPLY_JSON,
  REPLY_REGION,
  REPLY_VALUE,
  SIGNAL_BOOT,
  SIGNAL_REVIVED,
  type BootInfo,
  type RevivedInfo,
} from "../../lib/guest/abi.ts";
import { Log } from "../../lib/session/log.ts";
import type { SessionRequest } from "../../lib/session/parent.ts";
import { Timer } from "../../lib/session/timer.ts";
import { Clock } from "../core/clock.ts";
import { isThread, type ThreadObject } from "../core/cpu.ts";
import { isRegion, RegionMap, type RegionObject } from "../core/rm.ts";
import type { Answer, CoreObject, Eventually } from "../core/service.ts";
import type { Cancellable } from "../core/cancellable.ts";
import type { Fault } from "../engine/fault.ts";
import type { Machine, MachinePowers } from "../engine/machine.ts";
import { emptyLedger, usedBy, type CapabilityRecord, type Ledger } from "../intercept/ledger.ts";
import { sessionRecord } from "../intercept/parent.ts";
import { argumentError, methodError } from "./argument-error.ts";
import { AMBIENT, birthright, type Newborn } from "./birthright.ts";
import { invoke, type DomainEvent, type PendingCall } from "./call.ts";
import { capabilityTo, nativeCapability, type Capability, type MethodEntry } from "./capability-space.ts";
import type { DomainEvents, DomainPowers, DomainSpec } from "./domain-powers.ts";
import { turnSeed } from "./entropy.ts";
import { MOST_BYTES_A_TURN, MOST_CALLS, POLLS_A_MS } from "./limits.ts";
import { Mailbox } from "./mailbox.ts";
import { dropRegion, holdRegion, mapRegion } from "./region-memory.ts";

enablePatches();

/** `ended` covers whatever its end was: exited, faulted, or released. */
export type DomainState = "new" | "running" | "ended";

/** How long a domain works before it lets others of its thread have their turn, in ms. */
const SLICE_MS = 4;
/** How long calls that are on their way are waited for when a component exits, in ms. */
const FAREWELL_MS = 5000;

const sizeOf = (args: readonly unknown[]): number => {
  let bytes = 0;
  for (const each of args) if (typeof each === "string" || each instanceof Uint8Array) bytes += each.length;
  return bytes;
};

/** A call that was in flight at a freeze, as a snapshot tells it. */
export interface FormerCall {
  readonly slot: number;
  readonly selector: number;
  readonly method: string;
  readonly thread: number;
  readonly args: readonly unknown[];
  readonly own: number;
  readonly wall: number;
}

export class ProtectionDomain implements Newborn, MachinePowers {
  readonly spec: DomainSpec;
  readonly machine: Machine;
  readonly regions = new RegionMap();
  readonly threads = new Set<ThreadObject>();
  readonly #powers: DomainPowers;
  readonly #events: DomainEvents;
  readonly #secret: number;
  readonly #budget: number;
  #clock: Clock;
  #ledger: Ledger;
  #turn = 0;
  #state: DomainState = "new";
  #exitCode: number | null = null;
  readonly #capabilities = new Map<number, Capability>();
  readonly #pending = new Map<number, PendingCall>();
  readonly #mailbox = new Mailbox((thread) => this.#threadState(thread));
  readonly #clockGranted: boolean;
  #code: Uint8Array | null = null;
  #stopped = false;
  #held = false;
  #pumping = false;
  #scheduled = false;
  readonly #settling = new Set<() => void>();
  #callsThisTurn = 0;
  #bytesThisTurn = 0;
  #flood: string | null = null;

  /** A domain without a program: `boot` gives it one, or `restore` a past. */
  constructor(spec: DomainSpec, machine: Machine, powers: DomainPowers) {
    this.spec = spec;
    this.machine = machine;
    this.#powers = powers;
    this.#events = powers.events;
    this.#secret = powers.entropy.secret();
    this.#budget = Math.ceil(spec.turn * POLLS_A_MS);
    this.#clock = new Clock(powers.clock, 0);
    this.#ledger = emptyLedger(spec.quota);
    this.#clockGranted = powers.router.refusal(Timer.service, "") === null;
    machine.lend(this);
    this.#beBorn();
  }

  // --- what the outside may ask

  get state(): DomainState {
    return this.#state;
  }
  get ledger(): Ledger {
    return this.#ledger;
  }
  get clock(): Clock {
    return this.#clock;
  }
  /** Turns taken so far, over all incarnations. */
  get turns(): number {
    return this.#turn;
  }
  get pending(): Iterable<PendingCall> {
    return this.#pending.values();
  }
  /** Replies that wait to be delivered. */
  get inbox(): readonly DomainEvent[] {
    return this.#mailbox.content;
  }
  get capabilities(): ReadonlyMap<number, Capability> {
    return this.#capabilities;
  }
  get held(): boolean {
    return this.#held;
  }
  /** Whether a turn has anything to do. */
  get idle(): boolean {
    return this.#mailbox.empty && this.#code === null;
  }

  /** Loads a component's code and gives it its first turns. */
  boot(bytecode: Uint8Array): void {
    this.machine.limit(this.spec.quota.ram);
    this.#state = "running";
    this.#code = bytecode;
    const info: BootInfo = {
      label: this.spec.label,
      timer: this.#clockGranted,
    };
    this.#push(-1, SIGNAL_BOOT, JSON.stringify(info), 0, 0);
    this.#schedule();
  }

  /** Lets a held domain go on. */
  go(): void {
    this.#held = false;
    this.#schedule();
  }

  /** No further turn begins until `go`. */
  hold(): void {
    this.#held = true;
  }

  // --- what checkpoint and revival do to it

  /** Takes the turns that load its code, if it has not yet: before them it has no state of its own. */
  load(): void {
    while (this.#state === "running" && this.#code !== null) this.step();
  }

  /** Takes no further turn until `proceed`. */
  stop(): void {
    this.#stopped = true;
  }

  proceed(): void {
    this.#stopped = false;
    this.#schedule();
  }

  /** Resolves when no call is pending for which `waits` holds. */
  async settle(waits: (call: PendingCall) => boolean): Promise<void> {
    while ([...this.#pending.values()].some(waits))
      await new Promise<void>((resolve) => this.#settling.add(resolve));
  }

  /** Becomes what a snapshot says, before anything runs. Its objects are adopted one by one. */
  restore(ledger: Ledger, elapsed: number, turn: number): void {
    this.#ledger = { ...ledger, quota: this.spec.quota };
    this.#clock = new Clock(this.#powers.clock, elapsed);
    this.#turn = turn;
    this.#state = "running";
    this.#beBorn();
  }

  /** Puts a replayed object at its selector. */
  adopt(selector: number, object: CoreObject): void {
    const record = this.#ledger.capabilities[String(selector)];
    const interfaces = record?.kind === "session" ? record.interfaces : this.#interfacesBehind(selector);
    this.#capabilities.set(
      selector,
      interfaces === null ? nativeCapability(object) : capabilityTo(object, interfaces),
    );
    if (isRegion(object) && record?.kind === "region" && record.held !== null)
      mapRegion(this.machine, object, record.held.pointer);
  }

  /** Puts back what waited to be delivered. */
  requeue(inbox: readonly DomainEvent[]): void {
    for (const event of inbox) this.#mailbox.push(event);
  }

  /** Issues a call again that was in flight at the freeze. */
  reissue(call: FormerCall): SessionError | null {
    const capability = this.#capabilities.get(call.selector);
    const entry = capability?.table.find((each) => each?.name === call.method);
    if (capability === undefined || entry === undefined)
      return { tag: "Closed", what: `capability ${call.selector}` };
    const waited = { own: this.#clock.elapsed() - call.own, wall: this.#powers.clock.wall() - call.wall };
    const args = entry.again?.(capability.object, call.args, waited) ?? call.args;
    if (!entry.accepts(args)) return argumentError(capability.object.contract.service, entry, args);
    this.#serve(call.slot, call.selector, call.thread, 0, args, capability, entry);
    return null;
  }

  /** Rejects a call that was in flight at the freeze and is not to be issued again. */
  interrupt(slot: number, thread: number, method: string): void {
    this.#fail(slot, { tag: "Interrupted", method }, thread);
  }

  /** Tells a component that asks that it was revived. */
  signalRevived(info: RevivedInfo): void {
    if (this.#ledger.handlers > 0) this.#push(-1, SIGNAL_REVIVED, JSON.stringify(info), 0, 0);
  }

  /** Gives back everything held outside. The machine is then free for another domain. */
  async release(): Promise<void> {
    this.#state = "ended";
    const objects = [...this.#capabilities.values()].map(({ object }) => object);
    this.#capabilities.clear();
    this.#pending.clear();
    this.#mailbox.clear();
    await Promise.all(objects.reverse().map((object) => object.release?.()));
  }

  // --- the accounts that core sessions see

  ram(): { quota: number; used: number } {
    return { quota: this.#ledger.quota.ram, used: this.machine.size + usedBy(this.#ledger).ram };
  }
  caps(): { quota: number; used: number } {
    return { quota: this.#ledger.quota.caps, used: usedBy(this.#ledger).caps };
  }
  object(selector: number): CoreObject | undefined {
    return this.#capabilities.get(selector)?.object;
  }
  toParent(ram: number, caps: number): Answer<void> {
    const short = this.#shortOf(ram, caps);
    if (short !== null) return E.left(short);
    this.#events.returned(ram, caps);
    return E.right(undefined);
  }

  #shortOf(ram: number, caps: number): SessionError | null {
    const freeRam = this.ram().quota - this.ram().used;
    if (ram > 0 && ram > freeRam)
      return { tag: "QuotaExceeded", resource: "ram", wanted: ram, available: Math.max(0, freeRam) };
    const freeCaps = this.caps().quota - this.caps().used;
    if (caps > 0 && caps > freeCaps)
      return { tag: "QuotaExceeded", resource: "caps", wanted: caps, available: Math.max(0, freeCaps) };
    return null;
  }

  // --- the machine's powers

  monotonic(): number {
    return this.#clockGranted ? this.#clock.elapsed() : 0;
  }
  wall(): number {
    return this.#clockGranted ? this.#powers.clock.wall() : 0;
  }
  entropy(into: Uint8Array): void {
    this.#powers.entropy.fill(into);
  }
  poll(): void {
    this.#events.polls();
  }

  // --- threads

  resumed(thread: ThreadObject): void {
    this.#mailbox.resume(this.#selectorOf(thread));
    this.#schedule();
  }

  killed(thread: ThreadObject): void {
    const selector = this.#selectorOf(thread);
    for (const call of [...this.#pending.values()])
      if (call.thread === selector) {
        this.#pending.delete(call.slot);
        (call.capability.object as Partial<Cancellable>).cancel?.(call.answer);
      }
    this.#mailbox.drop(selector);
  }

  #selectorOf(thread: ThreadObject): number {
    for (const [selector, { object }] of this.#capabilities) if (object === thread) return selector;
    return -1;
  }

  #threadState(selector: number): ThreadObject["current"] {
    const thread = this.object(selector);
    return isThread(thread) ? thread.current : "running";
  }

  // --- turns

  #schedule(): void {
    if (this.#pumping || this.#scheduled || !this.#runnable()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #runnable(): boolean {
    return this.#state === "running" && !this.#stopped && !this.#held && !this.idle;
  }

  #pump(): void {
    this.#pumping = true;
    const until = performance.now() + SLICE_MS;
    for (let turns = 1; this.#runnable(); turns++) {
      this.step();
      if (turns % 16 === 0 && performance.now() > until) break;
    }
    this.#pumping = false;
    this.#schedule();
  }

  /** One turn, if there is something to deliver. */
  step(): void {
    const event = this.#mailbox.take();
    if (event === null && this.#code === null) return;
    const [low, high] = turnSeed(this.#secret, this.#turn++);
    this.machine.seed(low, high);
    this.#events.turnBegins(event?.thread ?? 0);
    const fault = event === null ? this.#evaluate() : this.#deliver(event);
    this.#events.turnEnds();
    const refused = this.machine.takeClockRead() ? this.#clockRead() : null;
    if (fault !== null || refused !== null) this.#abortTurn((fault ?? refused)!);
    else this.#endTurn();
  }

  /** The clock is the Timer route's. A component that was born with one may have been revived without it. */
  #clockRead(): Fault | null {
    if (this.#clockGranted) {
      this.#use(AMBIENT_TIMER);
      return null;
    }
    const error = this.#powers.router.refusal(Timer.service, "")!;
    this.#events.denied(Timer.service, "", error);
    return { reason: `${prose(error)}, and it read the clock`, stack: "" };
  }

  #evaluate(): Fault | null {
    const code = this.#code!;
    this.#code = null;
    return this.machine.evaluate(code, this.#budget);
  }

  #deliver(event: DomainEvent): Fault | null {
    if (event.region === 0) return this.machine.deliver(event.slot, event.form, event.value, 0, this.#budget);
    const region = this.object(event.region) as RegionObject | undefined;
    const held = region === undefined ? null : this.#holdRegion(event.region, region);
    if (held !== null)
      return this.machine.deliver(event.slot, REPLY_REGION, held, region!.address, this.#budget);
    const { quota, used } = this.ram();
    const error: SessionError =
      region === undefined
        ? { tag: "Closed", what: "the region" }
        : {
            tag: "QuotaExceeded",
            resource: "ram",
            wanted: region.dataspace.bytes,
            available: Math.max(0, quota - used),
          };
    this.#record((ledger) => void delete ledger.capabilities[String(event.region)]);
    return this.machine.deliver(event.slot, REPLY_ERROR, JSON.stringify(error), 0, this.#budget);
  }

  #holdRegion(selector: number, region: RegionObject): { readonly box: number } | null {
    this.regions.collect();
    const held = holdRegion(this.machine, region);
    if (held !== null)
      this.#record((ledger) => {
        const record = ledger.capabilities[String(selector)];
        if (record?.kind === "region") record.held = held;
      });
    return held;
  }

  #endTurn(): void {
    this.#callsThisTurn = 0;
    this.#bytesThisTurn = 0;
    this.#flood = null;
    this.machine.takeCalls(this.#dispatch);
    if (this.#flood !== null) return this.#fault({ reason: this.#flood, stack: "" });
    this.regions.synchronise();
    const { quota, used } = this.ram();
    if (used > quota)
      return this.#fault({
        reason: `ram quota exceeded: ${used} bytes in use, ${quota} assigned`,
        stack: "",
      });
    if (this.#exitCode !== null) void this.#finish(this.#exitCode);
    else if (this.#done()) void this.#finish(0);
  }

  /** Of an aborted turn only what it wrote to its log is kept. */
  #abortTurn(fault: Fault): void {
    this.machine.takeCalls((_slot, selector, method, _thread, _fresh, args) => {
      const capability = this.#capabilities.get(selector);
      const isLog = capability?.object.contract === Log && capability.table[method]?.name === "write";
      if (isLog && Log.methods.write.args.is(args)) this.#events.log(args[0]);
    });
    this.#fault(fault);
  }

  #fault(fault: Fault): void {
    if (this.#state !== "running") return;
    void this.release().then(() => this.#events.faulted(fault));
  }

  #done(): boolean {
    return (
      this.#ledger.returned &&
      this.#ledger.handlers === 0 &&
      this.#pending.size === 0 &&
      this.#code === null &&
      this.#mailbox.bare &&
      [...this.threads].every(({ current }) => current !== "running")
    );
  }

  /** Its calls still go out: those on their way are waited for, but not for ever. */
  async #finish(code: number): Promise<void> {
    this.#state = "ended";
    let late!: () => void;
    const patience = new Promise<void>((resolve) => {
      late = this.#powers.clock.after(FAREWELL_MS, resolve);
    });
    await Promise.race([this.settle((call) => call.entry.method.inFlight === "drain"), patience]);
    late();
    await this.release();
    this.#events.exited(code);
  }

  // --- calls

  readonly #dispatch = (
    slot: number,
    selector: number,
    method: number,
    thread: number,
    fresh: number,
    args: unknown,
  ): void => {
    if (this.#flood !== null || (thread !== 0 && this.#threadState(thread) === "killed")) return;
    if (++this.#callsThisTurn > MOST_CALLS || this.#pending.size > MOST_CALLS) {
      this.#flood = `calls quota exceeded: more than ${MOST_CALLS} calls of one turn, or in flight at once`;
      return;
    }
    const capability = this.#capabilities.get(selector);
    if (capability === undefined) return this.#fail(slot, this.#absent(selector), thread);
    const entry = capability.table[method];
    const { service } = capability.object.contract;
    if (entry === undefined) return this.#fail(slot, methodError(service, method), thread);
    if (!entry.accepts(args)) return this.#fail(slot, argumentError(service, entry, args), thread);
    const list = args as readonly unknown[];
    if ((this.#bytesThisTurn += sizeOf(list)) > MOST_BYTES_A_TURN) {
      this.#flood = `the calls of one turn carry more than ${MOST_BYTES_A_TURN} bytes`;
      return;
    }
    if (selector === AMBIENT_LOG || selector === AMBIENT_TIMER) this.#use(selector);
    if (fresh !== 0) {
      const refused = this.#refuseFresh(fresh, selector, entry, list);
      if (refused !== null) return this.#fail(slot, refused, thread);
    }
    this.#serve(slot, selector, thread, fresh, list, capability, entry);
  };

  /** Why a selector names nothing. */
  #absent(selector: number): SessionError {
    const ambient = AMBIENT.get(selector);
    const refused = ambient === undefined ? null : this.#powers.router.refusal(ambient, "");
    return refused ?? { tag: "Closed", what: `capability ${selector}` };
  }

  /** Why a capability may not come to lie at `fresh`: the selector, or the quota. */
  #refuseFresh(
    fresh: number,
    selector: number,
    entry: MethodEntry,
    args: readonly unknown[],
  ): SessionError | null {
    if (fresh < FIRST_SELECTOR || this.#capabilities.has(fresh))
      return {
        tag: "InvalidArgument",
        method: entry.name,
        place: "the selector for its result",
        expected: "a free one",
        actual: String(fresh),
      };
    const cost =
      selector === PARENT && entry.name === "session"
        ? sessionRecord(args[0] as SessionRequest)
        : (entry.returns?.cost ?? { ram: 0, caps: 1 });
    return this.#shortOf(cost.ram, cost.caps);
  }

  #serve(
    slot: number,
    selector: number,
    thread: number,
    fresh: number,
    args: readonly unknown[],
    capability: Capability,
    entry: MethodEntry,
  ): void {
    const answer = invoke(capability.object, entry.name, args);
    if (!(answer instanceof Promise)) {
      this.#complete(slot, selector, thread, fresh, args, capability, entry, answer);
      return;
    }
    const call: PendingCall = {
      slot,
      selector,
      thread,
      fresh,
      args,
      capability,
      entry,
      answer,
      own: this.#clock.elapsed(),
      wall: this.#powers.clock.wall(),
    };
    this.#pending.set(slot, call);
    void answer.then((answered) => {
      if (this.#pending.get(slot) !== call) return;
      this.#pending.delete(slot);
      this.#complete(slot, selector, thread, fresh, args, capability, entry, answered);
      for (const resolve of this.#settling) resolve();
      this.#settling.clear();
      this.#schedule();
    });
  }

  #complete(
    slot: number,
    selector: number,
    thread: number,
    fresh: number,
    args: readonly unknown[],
    capability: Capability,
    entry: MethodEntry,
    answer: Answer<unknown>,
  ): void {
    if (E.isLeft(answer)) return this.#fail(slot, answer.left, thread);
    const result = answer.right;
    const { record } = entry;
    if (record !== undefined) this.#record((ledger) => record(ledger, { selector, fresh, args, result }));
    if (fresh !== 0) {
      const interfaces = selector === PARENT ? (args[0] as SessionRequest).interfaces : capability.interfaces;
      this.#capabilities.set(fresh, capabilityTo(result as CoreObject, interfaces));
      const region = isRegion(result as CoreObject) ? fresh : 0;
      if (isThread(result as CoreObject)) this.#events.threadCreated(fresh, (result as ThreadObject).name);
      this.#push(slot, REPLY_CAPABILITY, undefined, thread, region);
    } else if (
      result === undefined ||
      typeof result === "string" ||
      typeof result === "number" ||
      result instanceof Uint8Array
    )
      this.#push(slot, REPLY_VALUE, result, thread, 0);
    else this.#push(slot, REPLY_JSON, JSON.stringify(result), thread, 0);
  }

  #fail(slot: number, error: SessionError, thread: number): void {
    if (error.tag === "Denied") this.#events.denied(error.service, error.label, error);
    this.#push(slot, REPLY_ERROR, JSON.stringify(error), thread, 0);
  }

  #push(slot: number, form: number, value: DomainEvent["value"], thread: number, region: number): void {
    this.#mailbox.push({ slot, form, value, thread, region });
    if (!this.#pumping) this.#schedule();
  }

  // --- the ledger

  /** Changes the ledger by a recipe; what it no longer names is released. */
  #record(recipe: (ledger: Draft<Ledger>) => void): void {
    const [next, patches] = produceWithPatches(this.#ledger, recipe);
    const before = this.#ledger;
    this.#ledger = next;
    for (const { op, path } of patches)
      if (op === "remove" && path[0] === "capabilities") {
        const selector = Number(path[1]);
        this.#drop(selector, before.capabilities[String(selector)]);
      }
  }

  #drop(selector: number, record: CapabilityRecord | undefined): void {
    const capability = this.#capabilities.get(selector);
    if (capability === undefined) return;
    this.#capabilities.delete(selector);
    for (const call of [...this.#pending.values()])
      if (call.selector === selector) {
        this.#pending.delete(call.slot);
        this.#fail(call.slot, { tag: "Closed", what: capability.object.contract.service }, call.thread);
      }
    void capability.object.release?.();
    if (record?.kind === "region" && record.held !== null) dropRegion(this.machine, record.held);
  }

  /** Notes that one of the two ambient sessions is in use. */
  #use(selector: typeof AMBIENT_LOG | typeof AMBIENT_TIMER): void {
    const timer = selector === AMBIENT_TIMER;
    if (timer ? this.#ledger.usesTimer : this.#ledger.usesLog) return;
    this.#record((ledger) => {
      if (timer) ledger.usesTimer = true;
      else ledger.usesLog = true;
    });
  }

  // --- its birth, and what its parent does for it

  #beBorn(): void {
    for (const [selector, capability] of birthright(this, this.#powers.router, this.#clock))
      this.#capabilities.set(selector, capability);
  }
  open({ service, label, args = {} }: SessionRequest): Eventually<CoreObject> {
    return this.#powers.router.open(service, label, args, null, this.#clock);
  }
  isSession(selector: number): boolean {
    return this.#ledger.capabilities[String(selector)]?.kind === "session";
  }
  exit(code: number): void {
    this.#exitCode = code;
  }
  cancel(slot: number): void {
    const call = this.#pending.get(slot);
    if (call !== undefined) (call.capability.object as Partial<Cancellable>).cancel?.(call.answer);
  }

  /** How the library numbers what a session handed out. */
  #interfacesBehind(selector: number): Capability["interfaces"] | null {
    const record = this.#ledger.capabilities[String(selector)];
    if (record?.kind !== "file") return null;
    const session = this.#ledger.capabilities[String(record.session)];
    return session?.kind === "session" ? session.interfaces : null;
  }
}
