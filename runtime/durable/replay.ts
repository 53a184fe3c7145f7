// Brings a protection domain from its last checkpoint to where a journal ends: the machine runs again what it ran,
// and whatever came from outside comes from the journal. Nothing outside is touched. What is left is a snapshot as a
// freeze at that moment would have made it, to be revived like any other.
import { returnedContract, type Contract } from "../../lib/contract.ts";
import { E, type Either } from "../../lib/fp.ts";
import { File } from "../../lib/session/file-system.ts";
import { Log } from "../../lib/session/log.ts";
import { Parent, type SessionRequest } from "../../lib/session/parent.ts";
import type { CheckpointError } from "../checkpoint/checkpoint-error.ts";
import { positionsOf, snapshotOf } from "../checkpoint/capture.ts";
import { revive } from "../checkpoint/revive.ts";
import type { Snapshot } from "../checkpoint/snapshot.ts";
import { recovered, type FilePosition } from "../core/file-position.ts";
import type { ToDomain } from "../core/link.ts";
import { RemotePosition } from "../core/remote.ts";
import type { Answer, CoreObject, Eventually, MadeEffect } from "../core/service.ts";
import { serviceContract } from "../core/services.ts";
import { invoke } from "../domain/call.ts";
import type { DomainPowers, DomainSpec } from "../domain/domain-powers.ts";
import type { ProtectionDomain } from "../domain/protection-domain.ts";
import type { Router } from "../domain/router.ts";
import { NO_EVENT, type Stamp, type Witness, type WitnessedCall } from "../domain/witness.ts";
import type { Machine } from "../engine/machine.ts";
import type { Anchors } from "../engine/anchors.ts";
import type { Registers } from "../engine/registers.ts";
import { interceptorFor } from "../intercept/registry.ts";
import type { Astray } from "./astray.ts";
import { LastCalls } from "./last-calls.ts";
import type { AnswerRecord, DomainRecord, TurnRecord } from "./journal/journal-record.ts";

export interface ReplayOptions {
  readonly spec: DomainSpec;
  /** The routes of that time: what they refused, and which sessions another child served. */
  readonly routes: Required<Pick<Router, "refusal" | "child">>;
  readonly anchors: Anchors;
  readonly snapshot: unknown;
  readonly memory: Uint8Array;
  readonly registers: Registers;
  /** The incarnation's, from which its turns' seeds came. */
  readonly secret: number;
  /** As it made them, from where it was at the checkpoint. */
  readonly names: () => string;
  readonly records: Iterable<DomainRecord>;
  readonly machine: (bytes: number) => Machine | null;
  /** It was at rest before that, for so many ms of its own time. */
  readonly rested?: number | undefined;
  /** Whether what it wrote is wanted: it may have been lost since. Default false. */
  readonly remembers?: boolean;
  /** What those before it wrote that is wanted. */
  readonly made?: readonly MadeBy[];
  /** Where the memory goes: as many bytes as asked for. */
  readonly into: (bytes: number) => Uint8Array;
}

/** What was written by the object at a selector. */
export interface MadeBy {
  readonly selector: number;
  readonly effect: MadeEffect;
}

export interface Replayed {
  readonly snapshot: Snapshot;
  readonly memory: Uint8Array;
  readonly registers: Registers;
  /** The code that it has ended with, which its snapshot says too; null where it goes on. */
  readonly exited: number | null;
  /** What it called last, as texts. */
  readonly calls: readonly string[];
  /** Serves no one any more. */
  readonly machine: Machine;
  /** What it wrote to what it still has, in order. */
  readonly made: readonly MadeBy[];
}

/** An object outside, as far as a replay knows of it. */
class Shadow implements CoreObject {
  readonly contract: Contract;
  position: unknown;
  readonly life = { capture: (): Answer<unknown> => E.right(this.position ?? null) };

  constructor(contract: Contract, position: unknown) {
    this.contract = contract;
    this.position = position;
  }

  /** As a session of files does it. */
  reopen(_path: string, _mode: unknown, position: unknown): Answer<CoreObject> {
    return E.right(new Shadow(File, recovered(position as FilePosition)));
  }
}

interface Deferred {
  readonly call: WitnessedCall;
  readonly settle: (answer: Answer<unknown>) => void;
  plan: unknown;
}

class Script implements Witness {
  readonly replays = true;
  readonly #records: DomainRecord[];
  #next = 0;
  #stamp: Stamp = { own: 0, wall: 0 };
  readonly #pending = new Map<number, Deferred>();
  readonly lastCalls = new LastCalls();
  astray: Astray | null = null;
  /** What was made of effects that can be made again. */
  readonly made: { readonly object: CoreObject; readonly effect: MadeEffect }[] = [];
  readonly #remembers: boolean;

  constructor(records: Iterable<DomainRecord>, remembers: boolean) {
    this.#records = [...records];
    this.#remembers = remembers;
  }

  get done(): boolean {
    return this.#next >= this.#records.length;
  }
  take(): DomainRecord {
    return this.#records[this.#next++]!;
  }
  /** A call that the journal left without an answer: where it reached outside, it is completed now. */
  completed<C extends Snapshot["calls"][number]>(call: C, drains: boolean): C {
    const pending = this.#pending.get(call.slot);
    if (pending === undefined || pending.call.turn !== call.turn)
      return drains ? { ...call, complete: { plan: null } } : call;
    return { ...call, complete: { plan: pending.plan } };
  }

  begin(): Stamp {
    return this.#stamp;
  }
  expect(record: TurnRecord): void {
    this.#expected = record;
    this.#stamp = { own: record.own, wall: record.wall };
  }
  #expected: TurnRecord | null = null;

  entropy(): void {}

  turn(turn: number, slot: number, digest: number): void {
    const expected = this.#expected;
    if (expected?.turn === turn && expected.digest === digest && expected.slot === slot) return;
    this.strayed(
      turn,
      `turn ${expected?.turn}, for slot ${expected?.slot}, with calls ${expected?.digest.toString(16)}`,
      `turn ${turn}, for slot ${slot}, with calls ${digest.toString(16)}`,
    );
  }

  strayed(turn: number, expected: string, actual: string): void {
    this.astray ??= { tag: "Astray", turn, expected, actual };
  }

  heard(): void {}
  remembered(): void {}

  call(call: WitnessedCall): Eventually<unknown> {
    const { object, entry, args, slot, turn } = call;
    this.lastCalls.note(call);
    const opens = object.contract === Parent && entry.name === "session";
    if (!(object instanceof Shadow) && !(opens && !this.isInner(args[0] as SessionRequest)))
      return invoke(object, entry.name, args);
    let { plan } = call;
    for (let next = this.#records[this.#next]; next !== undefined; next = this.#records[this.#next]) {
      if (!("slot" in next) || next.slot !== slot || next.turn !== turn || next.kind === "turn") break;
      this.#next++;
      if (next.kind === "answer") return this.#answerOf(call, plan, next);
      ({ plan } = next);
    }
    return new Promise((settle) => {
      this.#pending.set(slot, { call, settle, plan });
    });
  }

  isInner: (request: SessionRequest) => boolean = () => false;

  /** An answer that came later. */
  answer(record: AnswerRecord): void {
    const pending = this.#pending.get(record.slot);
    // Its thread may have been killed meanwhile, or its object closed.
    if (pending === undefined || pending.call.turn !== record.turn) return;
    this.#pending.delete(record.slot);
    pending.settle(this.#answerOf(pending.call, pending.plan, record));
  }

  #answerOf(call: WitnessedCall, plan: unknown, record: AnswerRecord): Answer<unknown> {
    if (this.#remembers && "value" in record.answer) {
      const effect = madeBy(call, plan);
      if (effect !== null) this.made.push({ object: call.object, effect });
    }
    return answerOf(call, record);
  }

  planned(slot: number, turn: number, plan: unknown): void {
    const pending = this.#pending.get(slot);
    if (pending?.call.turn === turn) pending.plan = plan;
  }
}

/** What a call wrote, and where; null for one that wrote nothing, or did it by a handle that moves only there. */
const madeBy = ({ object, entry, args }: WitnessedCall, plan: unknown): MadeEffect | null => {
  if (object.contract !== File && object.contract !== Log) return null;
  const kept = args.map((each) => (each instanceof Uint8Array ? new Uint8Array(each) : each));
  if (entry.name === "truncate") return { method: entry.name, args: kept, place: 0 };
  if (entry.name !== "write") return null;
  const { place } = (plan ?? {}) as { readonly place?: unknown };
  const { offset } = ((object as Shadow).position ?? {}) as { readonly offset?: unknown };
  const at = typeof place === "number" ? place : offset;
  return typeof at === "number" ? { method: entry.name, args: kept, place: at } : null;
};

const answerOf = (
  { object, entry, args }: WitnessedCall,
  { answer, place }: AnswerRecord,
): Answer<unknown> => {
  const { contract } = object;
  if ("error" in answer) {
    const { moves } = interceptorFor(contract);
    if (moves?.failed !== undefined && object instanceof Shadow)
      object.position = moves.failed(object.position as never, place);
    return E.left(answer.error);
  }
  if (contract === Parent && entry.name === "session") {
    const service = serviceContract((args[0] as SessionRequest).service);
    return service === undefined
      ? E.left({ tag: "NoSuchService", service: (args[0] as SessionRequest).service, label: "" })
      : E.right(shadow(service, answer.value));
  }
  const { moves } = interceptorFor(contract);
  if (moves !== undefined && object instanceof Shadow)
    object.position = moves.by(object.position as never, {
      method: entry.name,
      args,
      result: answer.value,
      place,
    });
  const returned = returnedContract(entry.method);
  return returned === undefined ? E.right(answer.value) : E.right(shadow(returned, answer.value));
};

/** `opened`: where it began, as far as it said so. */
const shadow = (contract: Contract, opened: unknown = null): Shadow =>
  new Shadow(contract, opened ?? interceptorFor(contract).moves?.from ?? null);

/** Lets every promise that can settle do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const connected = (link: string, owner: string): ToDomain => ({
  kind: "connected",
  link,
  owner,
  error: null,
  renewed: false,
});

/** The owners of the links that a snapshot names. */
const ownersOf = (snapshot: unknown): ReadonlyMap<string, string> => {
  const { positions } = (snapshot ?? {}) as Partial<Snapshot>;
  const links = (positions ?? []).map(([, position]) => position).filter((each) => RemotePosition.is(each));
  return new Map(links.map(({ link, owner }) => [link, owner]));
};

const powersOf = (
  { secret, names, routes, snapshot }: ReplayOptions,
  script: Script,
  drawn: { bytes: readonly Uint8Array[] },
  ended: { code: number | null },
  hear: (message: ToDomain) => void,
): DomainPowers & { readonly time: { now: number } } => {
  const time = { now: 0 };
  const router: Router = {
    ...routes,
    rights: () => null,
    open: (service, _label, _args, position) => {
      const contract = serviceContract(service);
      return contract === undefined
        ? E.left({ tag: "NoSuchService", service, label: "" })
        : E.right(new Shadow(contract, position ?? interceptorFor(contract).moves?.from ?? null));
    },
    provider: () => "",
  };
  const owners = ownersOf(snapshot);
  return {
    time,
    router,
    names,
    witness: script,
    clock: { monotonic: () => time.now, wall: () => script.begin().wall, after: () => () => {} },
    entropy: {
      secret: () => secret,
      fill(into) {
        const [first, ...rest] = drawn.bytes;
        drawn.bytes = rest;
        if (first?.length === into.length) into.set(first);
        else script.strayed(0, `${first?.length ?? 0} bytes of entropy`, `${into.length}`);
      },
    },
    links: {
      send: (message) => {
        if (message.kind === "attach") hear(connected(message.link, owners.get(message.link) ?? ""));
      },
    },
    events: {
      log: () => {},
      exited: (code) => {
        ended.code = code;
      },
      faulted: ({ reason }) => script.strayed(0, "a turn that ends well", reason),
      denied: () => {},
      returned: () => {},
      threadCreated: () => {},
      turnBegins: () => {},
      polls: () => {},
      turnEnds: () => {},
    },
  };
};

const follow = async (
  domain: ProtectionDomain,
  script: Script,
  drawn: { bytes: readonly Uint8Array[] },
  began: number,
  time: { now: number },
): Promise<void> => {
  while (!script.done && script.astray === null) {
    const record = script.take();
    switch (record.kind) {
      case "turn": {
        script.expect(record);
        drawn.bytes = record.entropy;
        time.now = record.own - began;
        const before = domain.turns;
        const slot = record.slot === NO_EVENT ? undefined : record.slot;
        domain.step(slot);
        // What the last turns completed inside the domain, a `join` for one, is still on its way.
        if (domain.turns === before) await settled().then(() => domain.step(slot));
        if (domain.turns === before) script.strayed(before, `an event for slot ${slot}`, "none");
        break;
      }
      case "answer":
        script.answer(record);
        await settled();
        break;
      case "heard":
        domain.hear(record.message);
        await settled();
        break;
      case "memory":
        if (!domain.remember()) script.strayed(domain.turns, "a change of its memory", "none");
        break;
      case "plan":
        script.planned(record.slot, record.turn, record.plan);
        break;
      case "follows":
        script.strayed(domain.turns, "what entered it", "whom it follows");
        break;
    }
  }
};

const slotOf = ({ slot }: { readonly slot: number }): number => slot;

/** What the domain has become. On failure nothing is left of it. */
export const replay = async (options: ReplayOptions): Promise<Either<CheckpointError | Astray, Replayed>> => {
  const { spec, anchors, snapshot, memory, registers, machine, records, into } = options;
  const script = new Script(records, options.remembers ?? false);
  const drawn: { bytes: readonly Uint8Array[] } = { bytes: [] };
  const ended: { code: number | null } = { code: null };
  let hears: ProtectionDomain | null = null;
  const powers = powersOf(options, script, drawn, ended, (message) => hears?.hear(message));
  const revived = await revive({
    spec,
    powers,
    anchors,
    snapshot,
    memory,
    registers,
    machine,
    rested: options.rested,
    made: (domain) => {
      hears = domain;
      script.isInner = ({ service, label, declared }) =>
        declared === true || (options.routes.child(service, label) ?? null) !== null;
    },
  });
  if (E.isLeft(revived)) return revived;
  const { domain } = revived.right;
  for (const { selector, effect } of options.made ?? []) {
    const object = domain.object(selector);
    if (object !== undefined) script.made.push({ object, effect });
  }
  domain.hold();
  domain.proceed();
  const began = domain.clock.elapsed();
  await settled();
  await follow(domain, script, drawn, began, powers.time);
  await settled();
  if (script.astray !== null) {
    await domain.release();
    return E.left(script.astray);
  }
  const positions = await positionsOf(domain);
  if (E.isLeft(positions)) {
    await domain.release();
    return positions;
  }
  const taken = snapshotOf(domain, positions.right);
  const selectors = new Map([...domain.capabilities].map(([selector, { object }]) => [object, selector]));
  const made = script.made.flatMap(({ object, effect }) => {
    const selector = selectors.get(object);
    return selector === undefined ? [] : [{ selector, effect }];
  });
  const drains = new Set([...domain.pending].filter(({ inFlight }) => inFlight === "drain").map(slotOf));
  const copy = into(domain.machine.size);
  domain.machine.state.copyTo(copy);
  const result: Replayed = {
    snapshot: { ...taken, calls: taken.calls.map((call) => script.completed(call, drains.has(call.slot))) },
    memory: copy,
    registers: domain.machine.registers(),
    exited: ended.code,
    calls: script.lastCalls.texts(domain),
    machine: domain.machine,
    made,
  };
  await domain.release();
  return E.right(result);
};
