// Stops a protection domain at a consistent point and takes everything down: its ledger, positions, calls in
// flight, undelivered replies, and memory. Nothing is released here, so that any failure can let it run on.
import { E, type Either } from "../../lib/fp.ts";
import { FIRST_SELECTOR } from "../../lib/guest/abi.ts";
import { isThread } from "../core/cpu.ts";
import { memoryBehind, type DataspaceMemory } from "../core/dataspace.ts";
import type { DataspacePosition } from "../intercept/ram.ts";
import type { RemotePosition } from "../core/remote.ts";
import { remoteBehind } from "../core/remote-object.ts";
import type { CoreObject } from "../core/service.ts";
import { deflate } from "../deflate.ts";
import type { PendingCall } from "../domain/call.ts";
import type { RequestedLink } from "../domain/held-links.ts";
import type { ProtectionDomain } from "../domain/protection-domain.ts";
import type { Machine } from "../engine/machine.ts";
import type { Registers } from "../engine/registers.ts";
import { interceptorFor } from "../intercept/registry.ts";
import type { CheckpointError } from "./checkpoint-error.ts";
import type { Snapshot } from "./snapshot.ts";

/** The steps of a capture, in order; specs make each of them fail. */
export const CAPTURE_STEPS = ["stop", "settle", "suspend", "positions", "memory"] as const;
export type CaptureStep = (typeof CAPTURE_STEPS)[number];

export interface CaptureOptions {
  /** How long calls that must drain are waited for, in ms. */
  readonly deadline: number;
  /** Where what was planned for a call's effect is known, a call that must drain is not waited for: it goes along with
   *  its plan, to be completed. */
  readonly plan?: (slot: number, turn: number) => unknown;
  /** Where the memory goes: a buffer of this many bytes, best one that was touched before. */
  readonly into: (bytes: number) => Uint8Array;
  /** Brings the memory there. Default: copies all of it. */
  readonly copy?: (machine: Machine, memory: Uint8Array) => void;
  /**
   * For one cut through several children: called when this one stands still. Its position and memory are taken once
   * it resolves with true; with false, because another can't be stopped, this one runs on.
   */
  readonly together?: () => Promise<boolean>;
  /** Called in the very moment that the snapshot is of. */
  readonly taken?: () => void;
  /** Reached before each step; what it answers makes the step fail. */
  readonly probe?: (step: CaptureStep) => string | null;
}

export interface Captured {
  readonly snapshot: Snapshot;
  readonly memory: Uint8Array;
  readonly registers: Registers;
  /** How long the child stood still for it, in ms. */
  readonly pauseMs: number;
}

/** More promises than lie between core's answer and the inbox, one behind the other. A whole pass of the event
 *  loop would take longer than copying a small memory. */
const PROMISE_HOPS = 64;

/** Whether there is anything to take down. With plans for its effects, one that is about to end is taken down as well. */
const isThere = ({ state, exiting }: ProtectionDomain, plan: CaptureOptions["plan"]): boolean =>
  state === "running" || (plan !== undefined && exiting !== null);

const drains = (call: PendingCall): boolean => call.inFlight === "drain";

const threadOf = (domain: ProtectionDomain, { thread }: PendingCall): string => {
  const object = domain.object(thread);
  return thread === 0 ? "main" : isThread(object) ? object.name : String(thread);
};

const nameOf = (domain: ProtectionDomain, call: PendingCall): string =>
  `${call.capability.object.contract.service}.${call.entry.name} of thread ${threadOf(domain, call)}`;

const settled = async (domain: ProtectionDomain, deadline: number): Promise<boolean> => {
  if (![...domain.pending].some(drains) && domain.memorySettled) return true;
  domain.hasten();
  let stop!: () => void;
  const late = new Promise<boolean>((resolve) => {
    stop = domain.clock.power.after(deadline, () => resolve(false));
  });
  const all = Promise.all([domain.settle(drains), domain.settleMemory()]);
  const quiet = await Promise.race([all.then(() => true), late]);
  stop();
  return quiet;
};

/** Of a dataspace that was allocated here, or handed over. */
const dataspacePosition = (
  domain: ProtectionDomain,
  object: CoreObject,
  memory: DataspaceMemory,
): DataspacePosition | RemotePosition => {
  const { content, sharing } = memory;
  const copy = domain.copyOf(memory);
  const deflated = content === null || domain.regions.holds(memory) ? null : deflate(content);
  const remote = remoteBehind(object);
  if (remote === undefined) return { deflated, ...(copy === null ? {} : { shared: copy }) };
  const id = sharing?.id ?? "";
  const kept = copy === null ? null : { place: copy.place, deflated };
  return { ...remote.position(), dataspace: { id, copy: kept } };
};

const positionOf = async (
  domain: ProtectionDomain,
  object: CoreObject,
): Promise<Either<CheckpointError, unknown>> => {
  const memory = memoryBehind(object);
  if (memory !== undefined) return E.right(dataspacePosition(domain, object, memory));
  const position = await object.life?.capture?.();
  return position === undefined
    ? E.right(null)
    : E.mapLeft((error: never): CheckpointError => ({
        tag: "Capture",
        what: object.contract.service,
        error,
      }))(position as Either<never, unknown>);
};

const linkOf = (domain: ProtectionDomain, { answer }: PendingCall): Partial<RequestedLink> =>
  domain.linkOf(answer) ?? {};

/** Most bytes of files that one child takes along in its image. */
const CARRIED_BYTES = 64 << 20;

const carriedBy = (position: unknown): number => {
  const { content } = (position ?? {}) as { readonly content?: unknown };
  return content instanceof Uint8Array ? content.length : 0;
};

const tooMuch = (bytes: number): CheckpointError => ({
  tag: "Capture",
  what: "File",
  error: { tag: "TooLarge", what: "the content of its files", bytes, limit: CARRIED_BYTES },
});

/** Where everything stands that a domain holds, by selector. `reached`: told of each before it is asked. */
export const positionsOf = async (
  domain: ProtectionDomain,
  reached: (object: CoreObject) => void = () => {},
): Promise<Either<CheckpointError, [number, unknown][]>> => {
  const positions: [number, unknown][] = [];
  let carried = 0;
  for (const [selector, { object }] of domain.capabilities) {
    if (selector < FIRST_SELECTOR) continue;
    reached(object);
    const position = await positionOf(domain, object);
    if (E.isLeft(position)) return position;
    if (position.right === null) continue;
    const { found } = interceptorFor(object.contract);
    const finding = found?.(position.right);
    if (finding !== undefined) domain.note((ledger) => finding.note(ledger, selector));
    carried += carriedBy(position.right);
    if (carried > CARRIED_BYTES) return E.left(tooMuch(carried));
    positions.push([selector, finding?.position ?? position.right]);
  }
  return E.right(positions.sort(([a], [b]) => a - b));
};

/** What a domain that stands still is, its positions given. */
export const snapshotOf = (
  domain: ProtectionDomain,
  positions: [number, unknown][],
  plan?: CaptureOptions["plan"],
): Snapshot => {
  const services = domain.services();
  return {
    ledger: domain.ledger,
    elapsed: domain.clock.elapsed(),
    turn: domain.turns,
    positions,
    // Calls that are made for others are these others' to say again.
    calls: [...domain.pending]
      .filter(({ done }) => done === undefined)
      .map((call) => ({
        slot: call.slot,
        selector: call.selector,
        method: call.entry.name,
        thread: call.thread,
        args: [...call.args],
        own: call.own,
        wall: call.wall,
        turn: call.turn,
        ...(plan !== undefined && drains(call)
          ? { complete: { plan: plan(call.slot, call.turn) ?? null } }
          : {}),
        ...(call.fresh === 0 ? {} : { fresh: call.fresh, ...linkOf(domain, call) }),
        rule: call.inFlight === "fail" ? ("fail" as const) : ("reissue" as const),
      })),
    // What waits to be delivered may lie in a buffer that is used again after that.
    inbox: domain.inbox.map(({ value = null, ...event }) => ({
      ...event,
      value: value instanceof Uint8Array ? new Uint8Array(value) : value,
    })),
    ...(services === null ? {} : { services }),
    ...(domain.exiting === null ? {} : { exiting: domain.exiting }),
  };
};

/** Lets a domain that was stopped by `capture` run on. */
export const resume = (domain: ProtectionDomain): void => {
  for (const { object } of domain.capabilities.values()) object.life?.resume?.();
  domain.listen();
  domain.proceed();
};

/** On success the domain stands still, to be released or resumed by the caller; on failure it runs on. */
export const capture = async (
  domain: ProtectionDomain,
  { deadline, into, copy, plan, taken, together, probe = () => null }: CaptureOptions,
): Promise<Either<CheckpointError, Captured>> => {
  const fail = (error: CheckpointError): Either<CheckpointError, never> => {
    resume(domain);
    return E.left(error);
  };
  const tripped = (step: CaptureStep): CheckpointError | null => {
    const reason = probe(step);
    return reason === null ? null : { tag: "Step", step, reason };
  };
  domain.load();
  if (!isThere(domain, plan)) return E.left({ tag: "Ended", child: domain.spec.label });
  // The buffer is made, and touched, before anything stops.
  const staging = into(domain.machine.size);
  let failed = tripped("stop");
  if (failed !== null) return E.left(failed);
  const began = performance.now();
  domain.stop();
  failed = tripped("settle");
  if (failed !== null) return fail(failed);
  if (plan === undefined && !(await settled(domain, deadline)))
    return fail({
      tag: "Deadline",
      deadline,
      calls: [
        ...[...domain.pending].filter(drains).map((call) => nameOf(domain, call)),
        ...(domain.memorySettled ? [] : ["what it changed of a shared dataspace"]),
      ],
    });
  failed = tripped("suspend");
  if (failed !== null) return fail(failed);
  const suspended = new Set<CoreObject>();
  const suspend = (object: CoreObject): void => {
    if (suspended.has(object)) return;
    suspended.add(object);
    object.life?.suspend?.();
  };
  for (const { object } of domain.capabilities.values()) suspend(object);
  domain.deafen();
  // Replies that core gave before it was suspended are on their way through promises; they belong to the inbox.
  for (let hop = 0; hop < PROMISE_HOPS; hop++) await Promise.resolve();
  if (!isThere(domain, plan)) return E.left({ tag: "Ended", child: domain.spec.label });
  if (together !== undefined && !(await together()))
    return fail({ tag: "Step", step: "together", reason: "another child of the group could not be stopped" });
  failed = tripped("positions");
  if (failed !== null) return fail(failed);
  // A session that was being opened may have come since.
  const positions = await positionsOf(domain, suspend);
  if (E.isLeft(positions)) return fail(positions.left);
  failed = tripped("memory");
  if (failed !== null) return fail(failed);
  const snapshot = snapshotOf(domain, positions.right, plan);
  taken?.();
  const { size } = domain.machine;
  const memory = staging.length === size ? staging : into(size);
  if (copy === undefined) domain.machine.state.copyTo(memory);
  else copy(domain.machine, memory);
  return E.right({
    snapshot,
    memory,
    registers: domain.machine.registers(),
    pauseMs: performance.now() - began,
  });
};
