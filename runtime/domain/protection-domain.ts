// A protection domain: one child's machine, driven turn by turn. A turn delivers one event and runs until nothing
// is left to do; then its calls go to the desk, and what they are answered waits for turns of its own.
import { randomUUID } from "node:crypto";
import type { Draft } from "immer";
import { prose, type SessionError } from "../../lib/error.ts";
import type { InFlight } from "../../lib/contract.ts";
import { E } from "../../lib/fp.ts";
import {
  AMBIENT_TIMER,
  SIGNAL_BOOT,
  SIGNAL_REVIVED,
  type BootInfo,
  type RevivedInfo,
} from "../../lib/guest/abi.ts";
import { Log } from "../../lib/session/log.ts";
import type { SessionRequest } from "../../lib/session/parent.ts";
import { Timer } from "../../lib/session/timer.ts";
import { Clock } from "../core/clock.ts";
import type { LinkPower, ToDomain } from "../core/link.ts";
import type { Remote } from "../core/remote.ts";
import { giveBack } from "../core/read-buffers.ts";
import { isThread, type ThreadObject } from "../core/cpu.ts";
import { DataspaceMemory, memoryBehind } from "../core/dataspace.ts";
import { RegionMap } from "../core/region-map.ts";
import { remoteBehind } from "../core/remote-object.ts";
import type { SharedCopy } from "../core/shared-message.ts";
import type { Answer, CoreObject, Eventually } from "../core/service.ts";
import type { Fault } from "../engine/fault.ts";
import type { Machine } from "../engine/machine.ts";
import type { MachinePowers } from "../engine/machine-powers.ts";
import type { Waited } from "../intercept/interceptor.ts";
import { emptyLedger, type CapabilityRecord, type Ledger, type RecordOf } from "../intercept/ledger.ts";
import { birthright, type Newborn } from "./birthright.ts";
import { CallDesk, type DeskWorld, type FormerCall } from "./call-desk.ts";
import { invoke, type DomainEvent, type PendingCall } from "./call.ts";
import type { Capability } from "./capability-space.ts";
import type { DomainEvents, DomainPowers, DomainSpec } from "./domain-powers.ts";
import { turnSeed } from "./entropy.ts";
import type { RequestedLink } from "./held-links.ts";
import { POLLS_A_MS } from "./limits.ts";
import { Mailbox } from "./mailbox.ts";
import { MemoryDesk, type MemoryWorld, type Rejoined } from "./memory-desk.ts";
import { isMemoryEvent, MEMORY_SLOT, type MemoryEvent } from "./memory-event.ts";
import { ParentDesk } from "./parent-desk.ts";
import { RegionMemory } from "./region-memory.ts";
import { RunQueue } from "./run-queue.ts";
import { ServiceDesk } from "./service-desk.ts";
import type { ServiceWorld } from "./service-world.ts";
import type { ServiceRecord } from "./service-record.ts";
import { SessionRequests } from "./session-requests.ts";
import { TurnLoop, type Turns } from "./turn-loop.ts";
import { NO_EVENT, type Stamp, type Witness, type WitnessedCall } from "./witness.ts";

/** `ended` covers whatever its end was: exited, faulted, or released. */
export type DomainState = "new" | "running" | "ended";

/** How long calls that are on their way are waited for when a component exits, in ms. */
const FAREWELL_MS = 5000;

/** Slots of calls that are made for others: no component has them. */
const FIRST_PASSED = 0x8000_0000;

/** Where there are no other children, nobody answers for one. */
const NOBODY: LinkPower = { send: () => {} };

export class ProtectionDomain implements Newborn, Turns, MachinePowers, DeskWorld, ServiceWorld, MemoryWorld {
  readonly spec: DomainSpec;
  readonly machine: Machine;
  readonly regions = new RegionMap();
  readonly threads = new Set<ThreadObject>();
  /** How it comes by its sessions. */
  readonly requests: SessionRequests;
  /** What its component asks of its parent. */
  readonly parent: ParentDesk;
  readonly #powers: DomainPowers;
  readonly #events: DomainEvents;
  readonly #witness: Witness | null;
  /** What a witnessed turn takes for now. */
  #stamp: Stamp = { own: 0, wall: 0 };
  readonly #secret: number;
  readonly #budget: number;
  #clock: Clock;
  #turn = 0;
  #state: DomainState = "new";
  #revival: Pick<RevivedInfo, "generation" | "host"> | null = null;
  /** What it is ending with, while its last calls go out. */
  #exiting: number | null = null;
  /** The slot of the event whose turn runs, or ran last. */
  #delivering: number | null = null;
  readonly #desk: CallDesk;
  readonly #services: ServiceDesk;
  readonly #memory: MemoryDesk;
  readonly #regionMemory: RegionMemory;
  readonly #mailbox = new Mailbox((thread) => this.#threadState(thread));
  readonly #clockGranted: boolean;
  readonly #loop: TurnLoop;
  #code: Uint8Array | null = null;
  #released = false;
  #deaf = false;
  readonly #settling = new Set<() => void>();

  /** A domain without a program: `boot` gives it one, or `restore` a past. */
  constructor(spec: DomainSpec, machine: Machine, powers: DomainPowers) {
    this.spec = spec;
    this.machine = machine;
    this.#powers = powers;
    this.#events = powers.events;
    this.#witness = powers.witness ?? null;
    this.#secret = powers.entropy.secret();
    this.#budget = Math.ceil(spec.turn * POLLS_A_MS);
    this.#clock = new Clock(powers.clock, 0);
    this.#desk = new CallDesk(this, emptyLedger(spec.quota));
    const links = powers.links ?? NOBODY;
    this.#memory = new MemoryDesk(this, links);
    this.#services = new ServiceDesk(spec.name, this, links, this.#memory);
    this.#regionMemory = new RegionMemory(machine, this.#desk, this.regions);
    this.requests = new SessionRequests(spec, powers.router, this.#services.held, () => this.#clock);
    this.parent = new ParentDesk(this.requests, this.#desk, this.#services);
    this.#clockGranted = powers.router.refusal(Timer.service, "") === null;
    this.#loop = new TurnLoop(this, powers.queue ?? new RunQueue());
    machine.lend(this);
    this.#beBorn();
  }

  // --- what the outside may ask

  get state(): DomainState {
    return this.#state;
  }
  get ledger(): Ledger {
    return this.#desk.ledger;
  }
  get clock(): Clock {
    return this.#clock;
  }
  /** What it is ending with, while its last calls go out; null before that. */
  get exiting(): number | null {
    return this.#state === "ended" && !this.#released ? this.#exiting : null;
  }
  /** Turns taken so far, over all incarnations. */
  get turns(): number {
    return this.#turn;
  }
  get pending(): Iterable<PendingCall> {
    return this.#desk.pending.values();
  }
  /** Replies that wait to be delivered. */
  get inbox(): readonly DomainEvent[] {
    return this.#mailbox.content;
  }
  get capabilities(): ReadonlyMap<number, Capability> {
    return this.#desk.capabilities;
  }
  get held(): boolean {
    return this.#loop.held;
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
    this.#signal(SIGNAL_BOOT, info);
  }

  /** Lets a held domain go on. */
  go(): void {
    this.#loop.go();
  }

  /** No further turn begins until `go`. */
  hold(): void {
    this.#loop.hold();
  }

  // --- what checkpoint and revival do to it

  /** Takes the turns that load its code, if it has not yet: before them it has no state of its own. */
  load(): void {
    while (this.#state === "running" && this.#code !== null) this.step();
  }

  /** Takes no further turn until `proceed`. */
  stop(): void {
    this.#loop.stop();
  }

  proceed(): void {
    this.#loop.proceed();
  }

  /** Resolves when no call is pending for which `waits` holds. */
  async settle(waits: (call: PendingCall) => boolean): Promise<void> {
    while ([...this.pending].some(waits)) await new Promise<void>((resolve) => this.#settling.add(resolve));
  }

  /** Resolves when all that it changed of shared dataspaces has its place. */
  async settleMemory(): Promise<void> {
    while (!this.#memory.settled) await new Promise<void>((resolve) => this.#settling.add(resolve));
  }

  /** Becomes what a snapshot says, before anything runs. Its objects are adopted one by one. */
  restore(ledger: Ledger, elapsed: number, turn: number): void {
    this.#desk.restore({ ...ledger, quota: this.spec.quota });
    this.#clock = new Clock(this.#powers.clock, elapsed);
    // Calls that are issued again before its first turn have waited until now.
    this.#stamp = { own: elapsed, wall: this.#powers.clock.wall() };
    this.#turn = turn;
    this.#state = "running";
    this.#beBorn();
  }

  /** What it serves, of a past; before anything is acquired. */
  restoreServices(record: ServiceRecord): void {
    this.#services.restore(record, (holder) => this.requests.isKin(holder));
  }
  /** Says what it serves, once everything is there. */
  serving(): void {
    this.#services.serving();
    this.#desk.sweepAll();
  }
  /** What it serves, as a snapshot keeps it. */
  services(): ServiceRecord | null {
    return this.#services.record();
  }
  /** What other children say to it. */
  hear(message: ToDomain): void {
    if (this.#state === "running") this.#services.receive(message);
  }
  /** The link of a session request that has no answer yet. */
  linkOf(request: Promise<unknown>): RequestedLink | undefined {
    return this.#services.held.linkOf(request);
  }
  /** Listens to no other child until `listen`. */
  deafen(): void {
    this.#deaf = true;
    this.#services.suspend();
  }
  listen(): void {
    this.#deaf = false;
    this.#services.resume();
  }

  /** Whether all that it changed of shared dataspaces has its place. */
  get memorySettled(): boolean {
    return this.#memory.settled;
  }
  /** Its copy of a shared dataspace, as a snapshot keeps it beside the content; null where it has none. */
  copyOf(memory: DataspaceMemory): SharedCopy | null {
    return this.#memory.record(memory);
  }
  /** Finds out what its copies of shared dataspaces have missed since the snapshot. */
  async rejoin(): Promise<readonly Rejoined[]> {
    this.#memory.requeue(this.#mailbox.content.filter(isMemoryEvent));
    return this.replays ? [] : this.#memory.rejoin();
  }
  /** Whether others can know its dataspaces, those of a snapshot among them. */
  get #shares(): boolean {
    return this.#powers.links !== undefined;
  }
  /** A dataspace of a snapshot that it allocated. */
  dataspace(content: Uint8Array, shared: SharedCopy | null): DataspaceMemory {
    const bytes = content.length;
    if (shared === null || !this.#shares) return new DataspaceMemory(bytes, content);
    const { id, place } = shared;
    return this.#memory.restore({ id, bytes }, true, { place, content });
  }

  /** Brings the ledger up to date with what was found out. */
  note(recipe: (ledger: Draft<Ledger>) => void): void {
    this.#desk.record(recipe);
  }

  /** Puts a replayed object at its selector. */
  adopt(selector: number, object: CoreObject): void {
    this.#desk.give(selector, object);
    this.#regionMemory.adopt(selector, object);
  }

  /** Puts back what waited to be delivered. */
  requeue(inbox: readonly DomainEvent[]): void {
    for (const event of inbox) this.#mailbox.push(event);
  }

  /** Ends once its calls have gone out: it had got that far before. */
  finish(code: number): void {
    void this.#finish(code);
  }

  /** Whether a call that was in flight at the freeze can be issued again, and if not, why. */
  reissuable(call: FormerCall): Answer<void> {
    return this.#desk.reissuable(call);
  }
  /** Issues a call again that was in flight at the freeze, and is `reissuable`. */
  reissue(call: FormerCall): void {
    const { link, epoch } = call;
    this.#services.held.again(link === undefined ? null : { link, epoch }, () => this.#desk.reissue(call));
  }

  /** Rejects a call that was in flight at the freeze and is not to be issued again. */
  interrupt(slot: number, thread: number, method: string): void {
    this.#desk.fail(slot, { tag: "Interrupted", method }, thread);
  }

  /** Tells a component that asks that it was revived. */
  signalRevived(info: RevivedInfo): void {
    this.#revival = { generation: info.generation, host: info.host };
    if (this.ledger.handlers > 0) this.#signal(SIGNAL_REVIVED, info);
  }

  /** A session's server came up after this revival, and without it: there is a new session. */
  renewed(remote: Remote): void {
    const revival = this.#revival;
    const selector =
      [...this.capabilities].find(([, { object }]) => remoteBehind(object) === remote)?.[0] ?? -1;
    const record = this.ledger.capabilities[String(selector)];
    if (revival === null || record?.kind !== "session") return;
    const { service, label } = record;
    const provider = this.#powers.router.provider(service, label);
    const entry = { kind: service.toLowerCase(), provider, name: label, position: null };
    this.signalRevived({ ...revival, reopened: [{ ...entry, changed: "new session" }] });
  }

  /** Gives back everything held outside. The machine is then free for another domain. */
  async release(): Promise<void> {
    this.#state = "ended";
    this.#released = true;
    this.#memory.release(this.#deaf);
    this.#mailbox.clear();
    const released = this.#desk.release();
    this.completed();
    await released;
  }

  // --- the accounts that core sessions see

  ram(): { quota: number; used: number } {
    return this.#desk.ram();
  }
  caps(): { quota: number; used: number } {
    return this.#desk.caps();
  }
  object(selector: number): CoreObject | undefined {
    return this.capabilities.get(selector)?.object;
  }
  toParent(ram: number, caps: number): Answer<void> {
    const short = this.#desk.shortOf(ram, caps);
    if (short !== null) return E.left(short);
    if (ram > 0) this.machine.limit(this.ledger.quota.ram - ram);
    this.#events.returned(ram, caps);
    return E.right(undefined);
  }

  // --- the machine's powers

  monotonic(): number {
    return this.#clockGranted ? this.ownTime() : 0;
  }
  wall(): number {
    return this.#clockGranted ? this.wallTime() : 0;
  }
  entropy(into: Uint8Array): void {
    this.#powers.entropy.fill(into);
    this.#witness?.entropy(into);
  }
  called(selector: number, text: string): void {
    if (this.capabilities.get(selector)?.object.contract === Log) this.#events.logging?.(text);
  }
  poll(): void {
    this.#loop.polled();
    this.#events.polls();
  }
  givenUp(): boolean {
    return this.#events.givenUp?.() === true;
  }

  // --- threads

  resumed(thread: ThreadObject): void {
    this.#mailbox.resume(this.#selectorOf(thread));
    this.#loop.wake();
  }

  killed(thread: ThreadObject): void {
    const selector = this.#selectorOf(thread);
    this.#desk.dropThread(selector);
    this.#mailbox.drop(selector);
  }
  isKilled(thread: number): boolean {
    return this.#threadState(thread) === "killed";
  }

  #selectorOf(thread: ThreadObject): number {
    for (const [selector, { object }] of this.capabilities) if (object === thread) return selector;
    return -1;
  }

  #threadState(selector: number): ThreadObject["current"] {
    const thread = this.object(selector);
    return isThread(thread) ? thread.current : "running";
  }

  // --- turns

  /** Whether there is something to do for a turn, and nothing to wait for first. */
  get ready(): boolean {
    return this.#state === "running" && !this.idle && !this.#memory.congested;
  }

  /** One turn, if there is something to deliver: the next event, or the next one for `slot`. */
  step(slot?: number): void {
    const event = slot === undefined ? this.#mailbox.take() : this.#mailbox.takeFor(slot);
    if (event === null && this.#code === null) return;
    if (event !== null && isMemoryEvent(event)) return this.#remember(event);
    this.#delivering = event?.slot ?? null;
    if (this.#witness !== null)
      this.#stamp = this.#witness.begin({ own: this.#clock.elapsed(), wall: this.#powers.clock.wall() });
    const [low, high] = turnSeed(this.#secret, this.#turn++);
    this.machine.seed(low, high);
    this.#events.turnBegins(event?.thread ?? 0);
    const fault = event === null ? this.#evaluate() : this.#deliver(event);
    this.#events.turnEnds();
    const refused = this.machine.takeClockRead() ? this.#clockRead() : null;
    if (fault !== null || refused !== null) this.#abortTurn((fault ?? refused)!);
    else this.#endTurn(event?.slot ?? NO_EVENT);
  }

  /** The clock is the Timer route's. A component that was born with one may have been revived without it. */
  #clockRead(): Fault | null {
    if (this.#clockGranted) {
      this.#desk.use(AMBIENT_TIMER);
      return null;
    }
    const error = this.#powers.router.refusal(Timer.service, "")!;
    this.#events.denied(Timer.service, "", error);
    return { reason: `${prose(error)}, and it read the clock`, stack: "" };
  }

  /** The next of what others did to its memory takes effect; false where nothing waits. */
  remember(): boolean {
    const event = this.#mailbox.takeFor(MEMORY_SLOT);
    if (event !== null) this.#remember(event as MemoryEvent);
    return event !== null;
  }

  /** What others did to its memory. It may be the last that it waited for. */
  #remember(event: MemoryEvent): void {
    this.#witness?.remembered();
    this.#memory.take(event);
    if (this.#done()) void this.#finish(0);
  }

  #evaluate(): Fault | null {
    const code = this.#code!;
    this.#code = null;
    return this.machine.evaluate(code, this.#budget);
  }

  #deliver(event: DomainEvent): Fault | null {
    if (event.region !== 0) return this.#regionMemory.deliver(event, this.#budget);
    const { slot, form, value, key = 0 } = event;
    const fault = this.machine.deliver(slot, form, value, key, this.#budget);
    // The machine has copied it. A witness may still have to write it down.
    if (typeof value === "object" && fault === null && this.#witness === null) giveBack(value);
    return fault;
  }

  #endTurn(slot: number): void {
    this.#witness?.turn(this.#turn, slot, this.machine.callDigest());
    this.#desk.beginTurn();
    // What was written before a call is there before the call is served.
    this.regions.synchronise();
    this.machine.takeCalls(this.#desk.dispatch);
    const { flood } = this.#desk;
    if (flood !== null) return this.#fault({ reason: flood, stack: "" });
    const { quota, used } = this.ram();
    if (used > quota)
      return this.#fault({
        reason: `ram quota exceeded: ${used} bytes in use, ${quota} assigned`,
        stack: "",
      });
    const { exitCode } = this.parent;
    if (exitCode !== null) void this.#finish(exitCode);
    else if (this.#done()) void this.#finish(0);
  }

  /** Of an aborted turn only what it wrote to its log is kept. */
  #abortTurn(fault: Fault): void {
    this.machine.takeCalls((_slot, selector, method, _thread, _fresh, args) => {
      const capability = this.capabilities.get(selector);
      const isLog = capability?.object.contract === Log && capability.table[method]?.name === "write";
      if (isLog && Log.methods.write.args.is(args)) this.#events.log(args[0]);
    });
    this.#fault(fault);
  }

  #fault(fault: Fault): void {
    if (this.#state !== "running") return;
    const slot = this.#delivering;
    void this.#fall().then((fell) => fell && this.#events.faulted(fault, slot));
  }

  /** On a durable host, what the turns before have called may not have left yet: it still does. */
  async #fall(): Promise<boolean> {
    this.#state = "ended";
    if (this.#witness !== null) await this.#farewell();
    if (this.#witness?.falling?.() === false) return false;
    await this.release();
    return true;
  }

  #done(): boolean {
    return (
      this.ledger.returned &&
      this.ledger.handlers === 0 &&
      !this.#services.announces &&
      this.#desk.pending.size === 0 &&
      this.#code === null &&
      this.#mailbox.bare &&
      [...this.threads].every(({ current }) => current !== "running")
    );
  }

  /** Calls that must complete are about to be waited for. */
  hasten(): void {
    for (const { object } of this.capabilities.values()) object.life?.hasten?.();
  }

  /** Its calls still go out. */
  async #finish(code: number): Promise<void> {
    this.#state = "ended";
    this.#exiting = code;
    await this.#farewell();
    // What is left of it is looked at, and then comes to its end in earnest.
    if (this.replays) return this.#events.exited(code);
    const isSettled = await this.#settled();
    if (this.#released || isSettled === null) return;
    // Whoever is told that it is over must not find it alive again.
    if (isSettled) for (const { object } of this.capabilities.values()) object.life?.dismissed?.();
    await this.release();
    this.#events.exited(code);
  }

  /** Whether what it did can't be undone any more; a disk that can't be written is not waited for for ever. */
  async #settled(): Promise<boolean | null> {
    const ending = this.#witness?.ending?.();
    return ending === undefined ? true : this.#patiently(ending, false);
  }

  /** Calls that must complete are waited for, but not for ever. */
  async #farewell(): Promise<void> {
    this.hasten();
    await this.#patiently(
      this.settle((call) => call.inFlight === "drain"),
      undefined,
    );
  }

  /** What comes of it; `otherwise`, when nothing has for too long. */
  async #patiently<T>(awaited: Promise<T>, otherwise: T): Promise<T> {
    let late!: () => void;
    const patience = new Promise<T>((resolve) => {
      late = this.#powers.clock.after(FAREWELL_MS, () => resolve(otherwise));
    });
    const first = await Promise.race([awaited, patience]);
    late();
    return first;
  }

  // --- what its desk asks

  reply(event: DomainEvent): void {
    this.#mailbox.push(event);
    this.#loop.wake();
  }
  completed(): void {
    if (this.#settling.size > 0) {
      for (const resolve of this.#settling) resolve();
      this.#settling.clear();
    }
    this.#loop.wake();
  }
  denied(service: string, label: string, error: SessionError): void {
    this.#events.denied(service, label, error);
  }
  threadCreated(selector: number, name: string): void {
    this.#events.threadCreated(selector, name);
  }
  refusal(service: string): SessionError | null {
    return this.#powers.router.refusal(service, "");
  }
  machineBytes(): number {
    return this.machine.size;
  }
  dropped(record: CapabilityRecord): void {
    this.#regionMemory.dropped(record);
  }
  letGo(object: CoreObject): void {
    this.#witness?.dropped?.(object);
  }
  ownTime(): number {
    return this.#witness === null ? this.#clock.elapsed() : this.#stamp.own;
  }
  wallTime(): number {
    return this.#witness === null ? this.#powers.clock.wall() : this.#stamp.wall;
  }
  invoke(call: WitnessedCall): Eventually<unknown> {
    const witness = this.#witness;
    return witness === null ? invoke(call.object, call.entry.name, call.args) : witness.call(call);
  }
  name(): string {
    return this.#powers.names?.() ?? randomUUID();
  }
  get replays(): boolean {
    return this.#witness?.replays ?? false;
  }
  get goesOn(): boolean {
    return this.#powers.goesOn === true || this.replays;
  }
  heard(message: ToDomain): void {
    this.#witness?.heard(message);
  }

  #signal(form: number, info: BootInfo | RevivedInfo): void {
    this.reply({ slot: -1, form, value: JSON.stringify(info), thread: 0, region: 0 });
  }

  // --- its birth, and what its parent does for it

  #beBorn(): void {
    for (const [selector, capability] of birthright(this, this.#powers.router, this.#clock))
      this.#desk.endow(selector, capability);
  }
  requestInFlight(request: SessionRequest): InFlight {
    return this.requests.inFlight(request);
  }

  // --- what its service desk asks

  serve(form: number, packet: string | Uint8Array, key = 0): void {
    this.reply({ slot: -1, form, value: packet, thread: 0, region: 0, ...(key === 0 ? {} : { key }) });
  }
  give(
    selector: number,
    object: CoreObject,
    what: Pick<RecordOf<"delegated">, "service" | "native" | "child" | "bytes">,
  ): SessionError | null {
    return this.#desk.receive(selector, object, { kind: "delegated", ...what });
  }
  drop(selector: number): void {
    this.#desk.withdraw(selector);
  }
  isLent(selector: number): boolean {
    return this.#services.isLent(selector);
  }
  unlent(selector: number): void {
    this.#desk.sweep(selector);
  }
  withdrawn(selector: number): void {
    this.#services.dropped(selector);
  }
  passOn(
    key: number,
    selector: number,
    method: string,
    args: unknown,
    waited: Waited | null,
    fresh: () => number,
    done: (answer: Answer<unknown>, fresh: number) => void,
  ): void {
    this.#desk.passOn(FIRST_PASSED + key, selector, method, args, waited, fresh, done);
  }
  // --- what its memory desk asks

  fetch(memory: DataspaceMemory): Promise<SessionError | null> | null {
    return this.#memory.fetch(memory);
  }
  detachMemory(memory: DataspaceMemory): void {
    this.#regionMemory.detach((object) => memoryBehind(object) === memory);
  }
  detachLink(link: string): void {
    this.#regionMemory.detach((object) => remoteBehind(object)?.link === link);
  }
}
