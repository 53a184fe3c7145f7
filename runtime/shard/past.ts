// What one that was here before had become: its records are run again from its last checkpoint, those of whoever
// followed it behind them, in machines that touch nothing outside.
import { E, type Either } from "../../lib/fp.ts";
import type { CheckpointError } from "../checkpoint/checkpoint-error.ts";
import { routeFor, type Route } from "../core/route.ts";
import type { DomainSpec } from "../domain/domain-powers.ts";
import type { Router } from "../domain/router.ts";
import type { Astray } from "../durable/astray.ts";
import type { DomainRecord } from "../durable/journal/journal-record.ts";
import { replay, type MadeBy, type Replayed } from "../durable/replay.ts";
import type { MachinePool } from "../engine/pool.ts";
import { namesOf } from "./keeping.ts";
import type { KeptState, Successor } from "./protocol.ts";

/** Where it is run again. */
export interface PastPlace {
  readonly spec: DomainSpec;
  /** That of today: what it refuses is refused in its words. */
  readonly router: Pick<Router, "refusal">;
  readonly pool: MachinePool;
}

const isGranted = (routes: readonly Route[], service: string, label: string): boolean =>
  routeFor(routes, service, label) !== null;

/** `made`: what those before made. `own`: where its memory may go, once it is in the machine. */
const replayed = async (
  { spec, router, pool }: PastPlace,
  { quota, routes, incarnation, names: given, undone, ...state }: KeptState,
  records: readonly DomainRecord[],
  made: readonly MadeBy[] = [],
  own: Uint8Array | null = null,
): Promise<Either<CheckpointError | Astray, Replayed>> => {
  const names = namesOf(incarnation, given);
  const past = await replay({
    ...state,
    spec: { ...spec, quota },
    routes: {
      refusal: (service, label) =>
        isGranted(routes, service, label) ? null : router.refusal(service, label),
      child: (service, label) => {
        const route = routeFor(routes, service, label);
        return route?.child === undefined ? null : { child: route.child, patience: route.patience ?? null };
      },
    },
    names: () => names.next(),
    records,
    machine: (bytes) => pool.take(bytes, quota.ram),
    remembers: undone !== undefined,
    made,
    into: (bytes) => (own?.length === bytes ? own : new Uint8Array(bytes)),
  });
  if (E.isRight(past)) pool.give(past.right.machine, quota.ram);
  return past;
};

/** Where the last of them stood: `former`, or who followed it one after another, each with what entered it. */
export const pastOf = async (
  place: PastPlace,
  former: KeptState,
  records: readonly DomainRecord[],
  successors: readonly Successor[],
): Promise<Either<CheckpointError | Astray, Replayed>> => {
  const { anchors } = former;
  let past = await replayed(place, former, records);
  for (const { records: more, ...successor } of successors) {
    if (E.isLeft(past)) break;
    const { memory, registers, made } = past.right;
    past = await replayed(place, { ...successor, memory, registers, anchors }, more, made, memory);
  }
  return past;
};
