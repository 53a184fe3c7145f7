// Makes a protection domain from what a capture took down. An image grants nothing: every session, file and gate
// is requested again, by the routes of the host that revives it, and all that is missing is told at once. Until
// everything is there, nothing has run.
import type * as t from "io-ts";
import { E, type Either } from "../../lib/fp.ts";
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import type { SessionError } from "../../lib/error.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import { memoryBehind } from "../core/dataspace.ts";
import { isRecovered } from "../core/file-position.ts";
import type { DomainEvent } from "../domain/call.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import type { Rejoined } from "../domain/memory-desk.ts";
import { RemotePosition } from "../core/remote.ts";
import type { Router } from "../domain/router.ts";
import type { World } from "../intercept/interceptor.ts";
import type { DomainPowers, DomainSpec } from "../domain/domain-powers.ts";
import { ProtectionDomain } from "../domain/protection-domain.ts";
import type { Machine } from "../engine/machine.ts";
import type { Anchors } from "../engine/anchors.ts";
import type { Registers } from "../engine/registers.ts";
import type { CapabilityRecord, RecordOf } from "../intercept/ledger.ts";
import type { DataspacePosition } from "../intercept/ram.ts";
import { interceptorOf, replayOf } from "../intercept/registry.ts";
import { rested } from "./alarms.ts";
import type { CheckpointError, Missing } from "./checkpoint-error.ts";
import { enact, type Effects, type OwnedEffect } from "./effects.ts";
import { recordsInOrder } from "./record-order.ts";
import { reopenedHandles } from "./reopened.ts";
import { decoded, malformed, refusedSessions, tooLarge } from "./revivable.ts";
import type { Snapshot } from "./snapshot.ts";

/** The steps of a revival, in order; specs make each of them fail. */
export const REVIVE_STEPS = [
  "decode",
  "quota",
  "routes",
  "acquire",
  "memory",
  "rejoin",
  "effects",
  "reissue",
] as const;
export type ReviveStep = (typeof REVIVE_STEPS)[number];

export interface ReviveOptions {
  readonly spec: DomainSpec;
  readonly powers: DomainPowers;
  readonly anchors: Anchors;
  /** As it came out of an image: nothing about it is taken for granted. */
  readonly snapshot: unknown;
  readonly memory: Uint8Array;
  readonly registers: Registers;
  /** A machine for that much memory, no larger; null where there is none to be had. */
  readonly machine: (bytes: number) => Machine | null;
  /** Told of the domain before it acquires anything: those it asks may answer it. */
  readonly made?: (domain: ProtectionDomain) => void;
  /**
   * For several that are revived together: called when this one has all that it had, before it does anything. With
   * false, because another can't be revived, all is given back.
   */
  readonly together?: () => Promise<boolean>;
  readonly probe?: (step: ReviveStep) => string | null;
  /** The snapshot was made from a journal: files are known by their names and places alone. */
  readonly recovers?: boolean;
  /** Makes again what was lost of what it did. All that it had is acquired then, and no call in flight is issued again
   *  yet: an append that finds its place only now must find it behind that. On Left nothing has run. */
  readonly redo?: (domain: ProtectionDomain) => Either<CheckpointError, void>;
  /** It was at rest: for so many ms of its own time. */
  readonly rested?: number | undefined;
}

export interface Revival {
  /** Stands still until `proceed`. */
  readonly domain: ProtectionDomain;
  readonly reopened: RevivedInfo["reopened"];
  /** What it changed outside: to be confirmed when the child goes on, or else retracted. */
  readonly effects: Effects;
}

const serviceOf = (record: CapabilityRecord): string =>
  record.kind === "session" || record.kind === "delegated" ? record.service : SERVICES[record.kind];

const SERVICES = { file: "File", dataspace: "Dataspace", region: "Region", thread: "Thread" } as const;

const nameOf = (record: CapabilityRecord): string => {
  switch (record.kind) {
    case "session":
      return record.label;
    case "delegated":
      return `from ${record.child}`;
    case "file":
      return record.path;
    case "thread":
      return record.name;
    case "region":
      return `at ${record.address}`;
    case "dataspace":
      return `of ${record.bytes} bytes`;
  }
};

const replayed = <K extends CapabilityRecord["kind"]>(
  record: RecordOf<K>,
  position: unknown,
  world: World,
): Eventually<CoreObject> => replayOf<K>(record.kind).replay(record, position, world);

/** A session that another child serves has none where the host served it before. */
const positionCodec = (record: CapabilityRecord, router: Router): t.Mixed | undefined => {
  if (record.kind === "delegated") return RemotePosition;
  if (record.kind === "session" && record.declared === true) return undefined;
  if (record.kind === "session" && (router.child?.(record.service, record.label) ?? null) !== null)
    return undefined;
  return interceptorOf(serviceOf(record)).position;
};

/** Changes of names that a crash came into: they are completed before anything is looked for by its name. */
const changesNames = ({ ledger }: Snapshot, call: Snapshot["calls"][number]): boolean => {
  const record = ledger.capabilities[String(call.selector)];
  // One for which nothing was planned had not begun.
  return (
    (call.complete?.plan ?? null) !== null &&
    record?.kind === "session" &&
    record.service === FileSystem.service
  );
};

/** The position of an object, some of whose calls are still to be completed. */
const withUnsure = (
  { calls }: Snapshot,
  selector: number,
  record: CapabilityRecord,
  position: unknown,
): unknown => {
  const methods = calls.flatMap((call) =>
    call.selector === selector && call.complete !== undefined ? [call.method] : [],
  );
  if (methods.length === 0 || position === null || record.kind !== "session" || record.declared === true)
    return position;
  return interceptorOf(record.service).unsure?.(position as never, methods) ?? position;
};

const acquire = async (
  domain: ProtectionDomain,
  { powers: { router }, recovers = false }: ReviveOptions,
  snapshot: Snapshot,
  isWanted: (record: CapabilityRecord) => boolean,
): Promise<readonly Missing[]> => {
  const { positions } = snapshot;
  const missing: Missing[] = [];
  const known = new Map(positions);
  const world: World = {
    object: (selector) => domain.object(selector),
    session: (record, position) => domain.requests.reopen(record, position),
    delegated: (record, position) => domain.requests.retake(record, position),
    revival: crypto.randomUUID(),
    dataspace: (content, shared) => domain.dataspace(content, shared),
    regions: domain.regions,
    threads: domain.threads,
    watch: domain,
  };
  const lost = new Set<number>();
  for (const [selector, record] of recordsInOrder(domain.ledger)) {
    if (!isWanted(record) || domain.object(selector) !== undefined) continue;
    const parent = record.kind === "file" ? record.session : record.kind === "region" ? record.dataspace : 0;
    if (lost.has(parent)) {
      lost.add(selector);
      continue;
    }
    const note = (error: SessionError): void => {
      lost.add(selector);
      missing.push({ service: serviceOf(record), name: nameOf(record), error });
    };
    const codec = positionCodec(record, router);
    const position = known.get(selector) ?? null;
    const isKnown =
      codec === undefined ||
      codec.is(position) ||
      (recovers && record.kind === "file" && isRecovered(position));
    if (!isKnown) {
      note({
        tag: "InvalidArgument",
        method: "revive",
        place: "its position",
        expected: codec?.name ?? "",
        actual: position === null ? "missing" : "something else",
      });
      continue;
    }
    const object = await replayed(record, withUnsure(snapshot, selector, record, position), world);
    if (E.isLeft(object)) note(object.left);
    else domain.adopt(selector, object.right);
  }
  return missing;
};

const effectsOf = ({ ledger }: Snapshot, domain: ProtectionDomain): readonly OwnedEffect[] =>
  recordsInOrder(ledger).flatMap(([selector, record]) => {
    const effect = domain.object(selector)?.life?.effect;
    return effect === undefined ? [] : [{ service: serviceOf(record), name: nameOf(record), effect }];
  });

/** Whether the machine's memory tells a dataspace's content. */
const isInMemory = (position: unknown): boolean => {
  const { deflated, dataspace } = position as Partial<DataspacePosition & RemotePosition>;
  return deflated === null || dataspace?.copy?.deflated === null;
};

/** Dataspaces whose home did not take them back. */
const lostMemory = (
  { ledger }: Snapshot,
  domain: ProtectionDomain,
  rejoined: readonly Rejoined[],
): readonly Missing[] =>
  rejoined.flatMap(({ memory, error }) => {
    if (error === null) return [];
    const known = recordsInOrder(ledger).find(
      ([selector]) => memoryBehind(domain.object(selector)) === memory,
    );
    return [{ service: SERVICES.dataspace, name: known === undefined ? "" : nameOf(known[1]), error }];
  });

const unissuable = ({ method }: Snapshot["calls"][number], { tag }: SessionError): CheckpointError =>
  malformed(`the call ${method} in flight`, "one that can be issued again", tag);

/** On failure everything acquired is released, and nothing has run. */
export const revive = async (options: ReviveOptions): Promise<Either<CheckpointError, Revival>> => {
  const { spec, powers, memory, registers, together, probe = () => null } = options;
  const tripped = (step: ReviveStep): CheckpointError | null => {
    const reason = probe(step);
    return reason === null ? null : { tag: "Step", step, reason };
  };
  let failed = tripped("decode");
  if (failed !== null) return E.left(failed);
  const checked = decoded(options.snapshot, memory.length);
  if (E.isLeft(checked)) return checked;
  const snapshot = options.rested === undefined ? checked.right : rested(checked.right, options.rested);

  failed = tripped("quota");
  if (failed !== null) return E.left(failed);
  const large = tooLarge(snapshot, memory.length, spec.quota);
  if (large !== null) return E.left(large);

  failed = tripped("routes");
  if (failed !== null) return E.left(failed);
  const refused = refusedSessions(snapshot, powers.router);
  if (refused.length > 0) return E.left({ tag: "Refused", missing: refused });

  const machine = options.machine(memory.length);
  if (machine === null)
    return E.left({ tag: "Step", step: "memory", reason: `no machine of ${memory.length} bytes` });
  const domain = new ProtectionDomain(spec, machine, powers);
  domain.stop();
  const undo = async (error: CheckpointError): Promise<Either<CheckpointError, never>> => {
    await domain.release();
    return E.left(error);
  };
  domain.restore(snapshot.ledger, snapshot.elapsed, snapshot.turn);
  options.made?.(domain);
  if (snapshot.services !== undefined) domain.restoreServices(snapshot.services);
  failed = tripped("acquire");
  if (failed !== null) return undo(failed);
  domain.requeue(
    snapshot.inbox.map(({ value, ...event }) => ({ ...event, value: value ?? undefined }) as DomainEvent),
  );
  const early = snapshot.calls.filter((call) => changesNames(snapshot, call));
  const isLate = ({ kind }: CapabilityRecord): boolean => early.length > 0 && kind === "file";
  let missing = await acquire(domain, options, snapshot, (record) => !isLate(record));
  if (missing.length > 0) return undo({ tag: "Refused", missing });
  for (const call of early) {
    const again = domain.reissuable(call);
    if (E.isLeft(again)) return undo(unissuable(call, again.left));
    domain.reissue(call);
  }
  if (!domain.replays) await domain.settle(({ slot }) => early.some((call) => call.slot === slot));
  missing = await acquire(domain, options, snapshot, isLate);
  if (missing.length > 0) return undo({ tag: "Refused", missing });

  failed = tripped("memory");
  if (failed !== null) return undo(failed);
  if (!machine.load(memory, registers, options.anchors))
    return undo({ tag: "Quota", resource: "ram", wanted: memory.length, available: spec.quota.ram });
  if (machine.size !== memory.length)
    return undo(malformed("the memory", `at least ${machine.size} bytes`, `${memory.length} bytes`));
  machine.limit(spec.quota.ram);
  for (const [selector, position] of snapshot.positions) {
    const dataspace = memoryBehind(domain.object(selector));
    if (dataspace !== undefined && isInMemory(position)) domain.regions.recall(dataspace);
  }

  failed = tripped("rejoin");
  if (failed !== null) return undo(failed);
  const rejoined = await domain.rejoin();
  const lost = lostMemory(snapshot, domain, rejoined);
  if (lost.length > 0) return undo({ tag: "Refused", missing: lost });

  failed = tripped("effects");
  if (failed !== null) return undo(failed);
  const effects = await enact(effectsOf(snapshot, domain));
  if (E.isLeft(effects)) return undo({ tag: "Refused", missing: effects.left });
  const retract = async (error: CheckpointError): Promise<Either<CheckpointError, never>> => {
    const stuck = await effects.right.retract();
    return undo(stuck.length === 0 ? error : { tag: "Refused", missing: stuck });
  };

  failed = tripped("reissue");
  if (failed !== null) return retract(failed);
  const late = snapshot.calls.filter((call) => !early.includes(call));
  const isFailed = ({ rule }: Snapshot["calls"][number]): boolean => rule === "fail" && !domain.goesOn;
  for (const call of late) {
    const again = isFailed(call) ? E.right(undefined) : domain.reissuable(call);
    if (E.isLeft(again)) return retract(unissuable(call, again.left));
  }
  if (together !== undefined && !(await together()))
    return retract({
      tag: "Step",
      step: "together",
      reason: "another child of the group could not be revived",
    });
  const redone = options.redo?.(domain) ?? E.right(undefined);
  if (E.isLeft(redone)) return retract(redone.left);
  // What is issued again has effects of its own, so nothing may fail from here on.
  for (const call of late)
    if (isFailed(call)) domain.interrupt(call.slot, call.thread, call.method);
    else domain.reissue(call);
  domain.serving();
  if (snapshot.exiting !== undefined) domain.finish(snapshot.exiting);
  const reopened = reopenedHandles(snapshot, powers.router, domain, rejoined);
  return E.right({ domain, reopened, effects: effects.right });
};
