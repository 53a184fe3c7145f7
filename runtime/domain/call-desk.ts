// Where a protection domain's calls arrive: each is checked against its contract, charged, served by core, and
// recorded where it changes the topology. The desk keeps the capability space and the ledger; what a turn is, it
// does not know.
import { enablePatches, produceWithPatches, type Draft } from "immer";
import { returnedContract, type Contract, type InFlight } from "../../lib/contract.ts";
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import {
  AMBIENT_LOG,
  AMBIENT_TIMER,
  FIRST_GIVEN,
  FIRST_SELECTOR,
  PARENT,
  REPLY_CAPABILITY,
  REPLY_ERROR,
  REPLY_JSON,
  REPLY_VALUE,
  RM,
} from "../../lib/guest/abi.ts";
import type { SessionRequest } from "../../lib/session/parent.ts";
import { isThread } from "../core/cpu.ts";
import { isRegion } from "../core/region-map.ts";
import type { Answer, CoreObject, Eventually } from "../core/service.ts";
import type { CallSink } from "../engine/outbox.ts";
import type { Waited } from "../intercept/interceptor.ts";
import {
  dependentsOf,
  usedBy,
  type CapabilityRecord,
  type Ledger,
  type RecordOf,
} from "../intercept/ledger.ts";
import { forget, sessionRecord } from "../intercept/parent.ts";
import { argumentError, methodError } from "./argument-error.ts";
import { AMBIENT } from "./birthright.ts";
import type { DomainEvent, PendingCall } from "./call.ts";
import {
  capabilityTo,
  entriesOf,
  nativeCapability,
  type Capability,
  type MethodEntry,
} from "./capability-space.ts";
import { MOST_BYTES_A_TURN, MOST_CALLS, MOST_RECORDED } from "./limits.ts";
import { ownArguments } from "./own-arguments.ts";
import { PendingCalls } from "./pending-calls.ts";
import type { WitnessedCall } from "./witness.ts";

enablePatches();

/** A call that was in flight at a freeze, as a snapshot tells it. */
export interface FormerCall {
  readonly slot: number;
  readonly selector: number;
  readonly method: string;
  readonly thread: number;
  readonly args: readonly unknown[];
  readonly own: number;
  readonly wall: number;
  /** The selector of its result, where that is a session. */
  readonly fresh?: number | undefined;
  /** The link of such a session. */
  readonly link?: string | undefined;
  readonly epoch?: string | undefined;
  /** It is to be completed, whatever its method says of a freeze: its host had no time to wait for it. */
  readonly complete?: { readonly plan: unknown } | undefined;
  /** The turn that made it, where that is known. */
  readonly turn?: number | undefined;
}

/** How a call was made: with what, in which turn, and when, in ms on its child's clock and on the wall. */
type Made = Pick<PendingCall, "args" | "turn" | "own" | "wall">;

/** What the desk asks of the domain that it serves. */
export interface DeskWorld {
  /** Calls an object. */
  invoke(call: WitnessedCall): Eventually<unknown>;
  /** Turns taken so far. */
  readonly turns: number;
  /** Whether its past is being said again. */
  readonly replays: boolean;
  /** Whether calls that were on their way are still on their way: its past is being said again, or it was only at
   *  rest. */
  readonly goesOn: boolean;
  /** A reply waits for its turn. */
  reply(event: DomainEvent): void;
  /** A call that was waited for is complete. */
  completed(): void;
  denied(service: string, label: string, error: SessionError): void;
  threadCreated(selector: number, name: string): void;
  isKilled(thread: number): boolean;
  /** Why the routes refuse a service under the empty label; null where they don't. */
  refusal(service: string): SessionError | null;
  /** What becomes of a session request that is in flight at a freeze. */
  requestInFlight(request: SessionRequest): InFlight;
  /** Whether others have a capability from here. */
  isLent(selector: number): boolean;
  /** A capability is gone that others may have been given. */
  withdrawn(selector: number): void;
  /** Bytes of the machine's memory. */
  machineBytes(): number;
  /** A capability has left the ledger; its record says what lay in the machine. */
  dropped(record: CapabilityRecord): void;
  /** The component has given up an object for good; its release follows. */
  letGo(object: CoreObject): void;
  /** Now, in ms: on the child's own clock and on the wall, whether or not the child may read them. */
  ownTime(): number;
  wallTime(): number;
}

const NO_COST: { readonly ram: number; readonly caps: number } = { ram: 0, caps: 0 };

const sizeOf = (args: readonly unknown[]): number => {
  let bytes = 0;
  for (const each of args) if (typeof each === "string" || each instanceof Uint8Array) bytes += each.length;
  return bytes;
};

/** Calls of the parent that nothing comes back from. */
const POSTED: ReadonlySet<string> = new Set(["answer", "refuse", "revoke", "lost"]);

type Delegated = RecordOf<"delegated">;

/** Nobody has it any more. */
const discard = (object: CoreObject): void => {
  object.life?.dismissed?.();
  void object.life?.release?.();
};

/** The contracts that objects of a contract hand out, and those of what they hand out. */
const handedOut = (contract: Contract): Contract[] =>
  Object.values(contract.methods).flatMap((method) => {
    const returned = returnedContract(method);
    return returned === undefined ? [] : [returned, ...handedOut(returned)];
  });

export class CallDesk {
  readonly #world: DeskWorld;
  #ledger: Ledger;
  readonly #capabilities = new Map<number, Capability>();
  readonly #calls = new PendingCalls();
  /** `#calls` by slot. */
  readonly #pending = this.#calls.bySlot;
  /** What `#usage` was counted for. */
  #counted: Ledger | null = null;
  #usage = NO_COST;
  #made = 0;
  #bytes = 0;
  #flood: string | null = null;
  /** Selectors that the component can't call any more. */
  readonly #lost = new Set<number>();

  constructor(world: DeskWorld, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }
  get capabilities(): ReadonlyMap<number, Capability> {
    return this.#capabilities;
  }
  get pending(): PendingCalls["bySlot"] {
    return this.#pending;
  }

  /** Starts from a ledger of the past; its capabilities are given back one by one. */
  restore(ledger: Ledger): void {
    this.#ledger = ledger;
  }

  /** Puts an object at a selector, called by the numbers that its record says, or by this release's own. */
  give(selector: number, object: CoreObject): void {
    const interfaces = this.#interfacesOf(selector);
    const capability = interfaces === null ? nativeCapability(object) : capabilityTo(object, interfaces);
    this.#capabilities.set(selector, capability);
  }

  /** Puts a capability there that needs no record: every domain has it. */
  endow(selector: number, capability: Capability): void {
    this.#capabilities.set(selector, capability);
  }

  #interfacesOf(selector: number): Capability["interfaces"] | null {
    const record = this.#ledger.capabilities[String(selector)];
    if (record?.kind === "delegated") return record.interfaces;
    const session = record?.kind === "file" ? this.#ledger.capabilities[String(record.session)] : record;
    return session?.kind === "session" ? session.interfaces : null;
  }

  // --- quota

  ram(): { quota: number; used: number } {
    const used = this.#world.machineBytes() + this.#used().ram + this.#calls.promised.ram;
    return { quota: this.#ledger.quota.ram, used };
  }
  caps(): { quota: number; used: number } {
    return { quota: this.#ledger.quota.caps, used: this.#used().caps + this.#calls.promised.caps };
  }

  /** By what the ledger records; counted once for each, as it is asked for in every turn. */
  #used(): typeof NO_COST {
    if (this.#counted !== this.#ledger) {
      this.#counted = this.#ledger;
      this.#usage = usedBy(this.#ledger);
    }
    return this.#usage;
  }

  /** Why so much can't be taken from the unused quota; null where it can. */
  shortOf(ram: number, caps: number): SessionError | null {
    const lacks = (
      resource: "ram" | "caps",
      wanted: number,
      { quota, used }: { quota: number; used: number },
    ): SessionError | null =>
      wanted > 0 && wanted > quota - used
        ? { tag: "QuotaExceeded", resource, wanted, available: Math.max(0, quota - used) }
        : null;
    return lacks("ram", ram, this.ram()) ?? lacks("caps", caps, this.caps());
  }

  // --- calls

  /** A turn's calls begin. */
  beginTurn(): void {
    this.#made = 0;
    this.#bytes = 0;
    this.#flood = null;
  }

  /** Why the turn's calls were too much, if they were. */
  get flood(): string | null {
    return this.#flood;
  }

  readonly dispatch: CallSink = (slot, selector, method, thread, fresh, args) => {
    if (this.#flood !== null || (thread !== 0 && this.#world.isKilled(thread))) return;
    if (++this.#made > MOST_CALLS || this.#pending.size > MOST_CALLS) {
      this.#flood = `calls quota exceeded: more than ${MOST_CALLS} calls of one turn, or in flight at once`;
      return;
    }
    const capability = this.#capabilities.get(selector);
    if (capability === undefined) return this.fail(slot, this.#absent(selector), thread);
    const entry = capability.table[method];
    if (slot < 0 && !(selector === PARENT && POSTED.has(entry?.name ?? ""))) return;
    const { service } = capability.object.contract;
    if (entry === undefined) return this.fail(slot, methodError(service, method), thread);
    if (!entry.accepts(args)) return this.fail(slot, argumentError(service, entry, args), thread);
    const list = args as readonly unknown[];
    if ((this.#bytes += sizeOf(list)) > MOST_BYTES_A_TURN) {
      this.#flood = `the calls of one turn carry more than ${MOST_BYTES_A_TURN} bytes`;
      return;
    }
    if (entry.record !== undefined) {
      const bytes = JSON.stringify(list).length;
      const what = `${service}.${entry.name}`;
      if (bytes > MOST_RECORDED)
        return this.fail(slot, { tag: "TooLarge", what, bytes, limit: MOST_RECORDED }, thread);
    }
    if (selector === AMBIENT_LOG || selector === AMBIENT_TIMER) this.use(selector);
    let cost = NO_COST;
    const opens = selector === PARENT && entry.name === "session";
    if (fresh !== 0 || opens || entry.returns !== undefined) {
      cost = opens ? sessionRecord(list[0] as SessionRequest) : (entry.returns?.cost ?? NO_COST);
      const refused = this.#refuseFresh(fresh, entry, opens) ?? this.shortOf(cost.ram, cost.caps);
      if (refused !== null) return this.fail(slot, refused, thread);
    }
    this.#serve(slot, selector, thread, fresh, list, capability, entry, cost);
  };

  /** Whether a call that was in flight at a freeze can be issued again, and if not, why. Without effect. */
  reissuable(call: FormerCall): Answer<void> {
    const again = this.#again(call);
    return E.isLeft(again) ? again : E.right(undefined);
  }

  /** Issues a call again that was in flight at a freeze, and is `reissuable`. */
  reissue(call: FormerCall): void {
    const again = this.#again(call);
    if (E.isLeft(again)) throw new Error(`the call ${call.method} can't be issued again`);
    const { slot, selector, thread, own, wall, turn = 0 } = call;
    const { args, capability, entry, fresh, cost } = again.right;
    const plan = call.complete?.plan ?? null;
    const made = this.#world.goesOn ? { args: call.args, own, wall, turn } : undefined;
    this.#serve(slot, selector, thread, fresh, args, capability, entry, cost, plan, made);
  }

  #again(call: FormerCall): Answer<{
    readonly args: readonly unknown[];
    readonly capability: Capability;
    readonly entry: MethodEntry;
    readonly fresh: number;
    readonly cost: PendingCall["cost"];
  }> {
    const capability = this.#capabilities.get(call.selector);
    const entry = capability?.table.find((each) => each?.name === call.method);
    if (capability === undefined || entry === undefined)
      return E.left({ tag: "Closed", what: `capability ${call.selector}` });
    const { service } = capability.object.contract;
    if (!entry.accepts(call.args)) return E.left(argumentError(service, entry, call.args));
    const opens = call.selector === PARENT && call.fresh !== undefined && entry.name === "session";
    const { replays, goesOn } = this.#world;
    const inFlight =
      call.complete !== undefined || goesOn
        ? "reissue"
        : opens
          ? this.#world.requestInFlight(call.args[0] as SessionRequest)
          : entry.method.inFlight;
    if (inFlight !== "reissue") return E.left({ tag: "Interrupted", method: entry.name });
    const waited = { own: this.#world.ownTime() - call.own, wall: this.#world.wallTime() - call.wall };
    const again = replays ? undefined : entry.again?.(capability.object, call.args, waited);
    const args = again ?? call.args;
    if (!entry.accepts(args)) return E.left(argumentError(service, entry, args));
    const fresh = opens || entry.returns !== undefined ? (call.fresh ?? 0) : 0;
    const cost =
      opens && fresh !== 0 ? sessionRecord(args[0] as SessionRequest) : (entry.returns?.cost ?? NO_COST);
    return E.right({ args, capability, entry, fresh, cost });
  }

  /** Why a selector names nothing. */
  #absent(selector: number): SessionError {
    const ambient = AMBIENT.get(selector);
    const refused = ambient === undefined ? null : this.#world.refusal(ambient);
    return refused ?? { tag: "Closed", what: `capability ${selector}` };
  }

  /** Why a capability may not come to lie at `fresh`. */
  #refuseFresh(fresh: number, entry: MethodEntry, opens: boolean): SessionError | null {
    const taken =
      this.#capabilities.has(fresh) || [...this.#pending.values()].some((call) => call.fresh === fresh);
    const own = fresh >= FIRST_SELECTOR && fresh < FIRST_GIVEN;
    if (own && !taken && (opens || entry.returns !== undefined)) return null;
    return {
      tag: "InvalidArgument",
      method: entry.name,
      place: "the selector for its result",
      expected: "a free one, for a method that returns a capability",
      actual: String(fresh),
    };
  }

  #serve(
    slot: number,
    selector: number,
    thread: number,
    fresh: number,
    args: readonly unknown[],
    capability: Capability,
    entry: MethodEntry,
    cost: PendingCall["cost"],
    plan: unknown = null,
    made?: Made,
  ): void {
    const turn = made?.turn ?? this.#world.turns;
    const answer = this.#world.invoke({ slot, turn, object: capability.object, entry, args, plan });
    if (!(answer instanceof Promise)) {
      this.#complete(slot, selector, thread, fresh, args, capability, entry, answer);
      return;
    }
    const own = made?.own ?? this.#world.ownTime();
    const wall = made?.wall ?? this.#world.wallTime();
    const inFlight =
      selector === PARENT && fresh !== 0
        ? this.#world.requestInFlight(args[0] as SessionRequest)
        : entry.method.inFlight;
    // No spreading: the engine below would make a new shape for each call.
    const call: PendingCall = {
      slot,
      selector,
      thread,
      fresh,
      args: made?.args ?? ownArguments(args),
      capability,
      entry,
      cost,
      answer,
      inFlight,
      own,
      wall,
      turn,
    };
    this.#calls.add(call);
    void answer.then((answered) => {
      if (this.#pending.get(slot) !== call) {
        // Nobody waits for it any more; what it acquired is given back.
        this.#calls.settle(call);
        if (fresh !== 0 && E.isRight(answered)) discard(answered.right as CoreObject);
        return;
      }
      this.#calls.remove(slot);
      this.#complete(slot, selector, thread, fresh, args, capability, entry, answered);
      this.#world.completed();
      if (this.#lost.size > 0) this.sweep(selector);
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
    if (E.isLeft(answer)) return this.fail(slot, answer.left, thread);
    const result = answer.right;
    const { record } = entry;
    if (record !== undefined) this.record((ledger) => record(ledger, { selector, fresh, args, result }));
    if (fresh !== 0) {
      const object = result as CoreObject;
      const interfaces = selector === PARENT ? (args[0] as SessionRequest).interfaces : capability.interfaces;
      this.#capabilities.set(fresh, capabilityTo(object, interfaces));
      if (isThread(object)) this.#world.threadCreated(fresh, object.name);
      this.#reply(slot, REPLY_CAPABILITY, undefined, thread, isRegion(object) ? fresh : 0);
    } else if (
      result === undefined ||
      typeof result === "string" ||
      typeof result === "number" ||
      result instanceof Uint8Array
    )
      this.#reply(slot, REPLY_VALUE, result, thread, 0);
    else this.#reply(slot, REPLY_JSON, JSON.stringify(result), thread, 0);
  }

  /** Rejects the call in a slot. */
  fail(slot: number, error: SessionError, thread: number): void {
    // What another component calls denied was none of the routes'.
    if (error.tag === "Denied" && error.by === undefined)
      this.#world.denied(error.service, error.label, error);
    this.#reply(slot, REPLY_ERROR, JSON.stringify(error), thread, 0);
  }

  #reply(slot: number, form: number, value: DomainEvent["value"], thread: number, region: number): void {
    if (slot < 0) return;
    this.#world.reply({ slot, form, value, thread, region });
  }

  /** Nobody waits any more for the call in a slot: it is completed now, where it can be. */
  cancel(slot: number): void {
    const call = this.#pending.get(slot);
    if (call !== undefined) call.capability.object.life?.cancel?.(call.answer);
  }

  /** Drops the calls of a thread. */
  dropThread(thread: number): void {
    for (const call of [...this.#pending.values()])
      if (call.thread === thread) {
        this.#calls.abandon(call.slot);
        call.capability.object.life?.cancel?.(call.answer);
      }
    for (const selector of [...this.#lost]) this.sweep(selector);
  }

  // --- the ledger

  /** Changes the ledger by a recipe; what it no longer names is released. */
  record(recipe: (ledger: Draft<Ledger>) => void): void {
    const before = this.#ledger;
    const [next, patches] = produceWithPatches(before, recipe);
    this.#ledger = next;
    for (const { op, path } of patches)
      if (op === "remove" && path[0] === "capabilities")
        this.#drop(Number(path[1]), before.capabilities[String(path[1])]!);
  }

  #drop(selector: number, record: CapabilityRecord): void {
    const capability = this.#capabilities.get(selector);
    this.#capabilities.delete(selector);
    this.#lost.delete(selector);
    for (const call of [...this.#pending.values()])
      if (call.selector === selector) {
        this.#calls.abandon(call.slot);
        const error: SessionError = { tag: "Closed", what: call.capability.object.contract.service };
        if (call.done !== undefined) call.done(error);
        else this.fail(call.slot, error, call.thread);
      }
    if (capability !== undefined) {
      this.#world.letGo(capability.object);
      discard(capability.object);
    }
    this.#world.dropped(record);
    this.#world.withdrawn(selector);
    if (record.kind === "region" && this.#lost.size > 0) this.sweep(record.dataspace);
  }

  // --- on behalf of others

  /** Puts an object at a selector of the runtime's choice; why not, where the quota has no room. */
  receive(selector: number, object: CoreObject, record: Omit<Delegated, "interfaces">): SessionError | null {
    const short = this.shortOf(0, 1);
    if (short !== null) return short;
    const capability = nativeCapability(object, ...handedOut(object.contract));
    const interfaces = capability.interfaces.map(([name, methods]): [string, string[]] => [
      name,
      [...methods],
    ]);
    this.record((ledger) => {
      ledger.capabilities[String(selector)] = { ...record, interfaces };
    });
    this.#capabilities.set(selector, capability);
    return null;
  }

  /** Gives up what was lost before a freeze. */
  sweepAll(): void {
    for (const [selector, record] of Object.entries(this.#ledger.capabilities))
      if (record.kind === "delegated" && record.lost === true) this.lose(Number(selector));
  }

  /** Takes a capability away from the component. */
  withdraw(selector: number): void {
    if (this.#capabilities.has(selector)) this.record((ledger) => forget(ledger, selector));
  }

  /** The component can't call a capability any more. */
  lose(selector: number): void {
    this.#lost.add(selector);
    this.sweep(selector);
  }

  /** Gives up what the component has lost, unless somebody needs it still. */
  sweep(selector: number): void {
    if (!this.#lost.has(selector) || this.#world.isLent(selector)) return;
    for (const call of this.#pending.values())
      if (call.selector === selector || (call.selector === RM && call.args[0] === selector)) return;
    // What is attached of a dataspace stands and falls with its capability.
    if (dependentsOf(this.#ledger, selector).length > 1) return;
    this.#lost.delete(selector);
    this.withdraw(selector);
  }

  /** Calls an object for another protection domain: checked, charged and recorded like a call of the component's. A
   *  capability in the answer comes to lie at `fresh`. `waited` is there for a call that was in flight at a freeze. */
  passOn(
    slot: number,
    selector: number,
    method: string,
    args: unknown,
    waited: Waited | null,
    fresh: () => number,
    done: (answer: Answer<unknown>, fresh: number) => void,
  ): void {
    const refuse = (error: SessionError): void => done(E.left(error), 0);
    const capability = this.#capabilities.get(selector);
    if (capability === undefined) return refuse({ tag: "Closed", what: `capability ${selector}` });
    const { object } = capability;
    const entry = entriesOf(object.contract).get(method);
    if (entry === undefined)
      return refuse({
        tag: "InvalidArgument",
        method: object.contract.service,
        place: "its method",
        expected: "one of its contract",
        actual: method,
      });
    if (!entry.accepts(args)) return refuse(argumentError(object.contract.service, entry, args));
    if (waited !== null && entry.method.inFlight === "fail")
      return refuse({ tag: "Interrupted", method: entry.name });
    const cost = entry.returns?.cost ?? NO_COST;
    const short = this.shortOf(cost.ram, cost.caps);
    if (short !== null) return refuse(short);
    const given = args as readonly unknown[];
    const list = (waited === null ? undefined : entry.again?.(object, given, waited)) ?? given;
    const finish = (answered: Answer<unknown>): void => {
      if (E.isLeft(answered)) return done(answered, 0);
      const at = entry.returns === undefined ? 0 : fresh();
      const { record } = entry;
      if (record !== undefined)
        this.record((ledger) => record(ledger, { selector, fresh: at, args: list, result: answered.right }));
      if (at !== 0)
        this.#capabilities.set(at, capabilityTo(answered.right as CoreObject, capability.interfaces));
      done(answered, at);
    };
    const answer = this.#world.invoke({ slot, turn: 0, object, entry, args: list, plan: null });
    if (!(answer instanceof Promise)) return finish(answer);
    const { inFlight } = entry.method;
    const own = this.#world.ownTime();
    const wall = this.#world.wallTime();
    const call: PendingCall = {
      slot,
      selector,
      thread: 0,
      fresh: 0,
      args: list,
      capability,
      entry,
      cost,
      answer,
      inFlight,
      own,
      wall,
      turn: 0,
      done: refuse,
    };
    this.#calls.add(call);
    void answer.then((answered) => {
      if (this.#pending.get(slot) !== call) {
        this.#calls.settle(call);
        if (entry.returns !== undefined && E.isRight(answered)) discard(answered.right as CoreObject);
        return;
      }
      this.#calls.remove(slot);
      finish(answered);
      this.#world.completed();
      if (this.#lost.size > 0) this.sweep(selector);
    });
  }

  /** Notes that one of the two ambient sessions is in use. */
  use(selector: typeof AMBIENT_LOG | typeof AMBIENT_TIMER): void {
    const timer = selector === AMBIENT_TIMER;
    if (timer ? this.#ledger.usesTimer : this.#ledger.usesLog) return;
    this.record((ledger) => {
      if (timer) ledger.usesTimer = true;
      else ledger.usesLog = true;
    });
  }

  /** Gives every object back, the newest first. Calls on their way are nobody's. */
  async release(): Promise<void> {
    const objects = [...this.#capabilities.values()].map(({ object }) => object);
    this.#capabilities.clear();
    this.#calls.clear();
    await Promise.all(objects.toReversed().map(async (object) => object.life?.release?.()));
  }
}
