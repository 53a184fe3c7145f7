// What would bring a component back that rests: the deadlines of its timers, news of its ROMs, messages at its gates.
// What others say to it is heard wherever it is. A component that waits for anything else, or holds what can't be put
// away unnoticed, does not rest.
import * as t from "io-ts";
import { duration, struct, text, time } from "../../lib/codec.ts";
import { FIRST_SELECTOR } from "../../lib/guest/abi.ts";
import { Thread } from "../../lib/session/cpu.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Parent } from "../../lib/session/parent.ts";
import { Rom } from "../../lib/session/rom.ts";
import { Timer } from "../../lib/session/timer.ts";
import { memoryBehind } from "../core/dataspace.ts";
import { remoteBehind } from "../core/remote-object.ts";
import { RomPosition } from "../core/rom.ts";
import type { TimerObject } from "../core/timer.ts";
import type { PendingCall } from "../domain/call.ts";
import type { ProtectionDomain } from "../domain/protection-domain.ts";
import type { CapabilityRecord } from "../intercept/ledger.ts";
import type { Snapshot } from "./snapshot.ts";

export const Alarm = t.union([
  /** When its own clock shows so many ms. */
  struct({ kind: t.literal("clock"), at: duration }),
  /** At this hour, in ms since 1970. */
  struct({ kind: t.literal("hour"), at: time }),
  /** When the host's ROM holds something else than it did. */
  struct({ kind: t.literal("rom"), name: text, sha256: t.string }),
  /** When there is a message. */
  struct({ kind: t.literal("gate"), name: text }),
  /** When another child answers: nobody but the host remembers that it was asked. */
  struct({ kind: t.literal("answer") }),
]);
export type Alarm = t.TypeOf<typeof Alarm>;

/** What the component's routes say. */
export interface RestingRoutes {
  /** The provider, ROM or report behind a session. */
  provider(service: string, label: string): string;
  /** Whether a gate's messages wait in the host, whoever is there to receive them. */
  waitsInHost(gate: string): boolean;
  /** Whether a ROM is the component's own, which nobody changes. */
  isOwnRom(label: string): boolean;
}

/** Why it does not rest now. */
export type Restless =
  /** It has something to do. */
  | "busy"
  /** It waits for something that only somebody awake can wait for. */
  | "waiting"
  /** It holds something that somebody outside would miss. */
  | "holding";

type SessionRecord = Extract<CapabilityRecord, { readonly kind: "session" }>;

const sessionAt = (domain: ProtectionDomain, selector: number): SessionRecord | null => {
  const record = domain.ledger.capabilities[String(selector)];
  return record?.kind === "session" ? record : null;
};

/** Gates to foreign peers, memory that others write to: their other ends are somebody else's. */
const holdsBack = (domain: ProtectionDomain, routes: RestingRoutes): boolean => {
  for (const [selector, { object }] of domain.capabilities) {
    if (selector < FIRST_SELECTOR) continue;
    const memory = memoryBehind(object);
    if (memory !== undefined) {
      if (memory.sharing !== null || remoteBehind(object) !== undefined) return true;
      continue;
    }
    if (remoteBehind(object) !== undefined || object.contract !== Gate) continue;
    const record = sessionAt(domain, selector);
    if (record === null || !routes.waitsInHost(routes.provider(record.service, record.label))) return true;
  }
  return false;
};

/** What would bring a call's answer, where its component may rest meanwhile: `null` for what is heard wherever it is. */
const alarmOf = (
  domain: ProtectionDomain,
  { capability, entry, args, own, wall, selector, answer, done }: PendingCall,
  routes: RestingRoutes,
  positions: ReadonlyMap<number, unknown>,
): Alarm | null | "waiting" => {
  const { object } = capability;
  const { contract } = object;
  // It is made for somebody else.
  if (done !== undefined) return "waiting";
  if (contract === Thread) return null;
  if (remoteBehind(object) !== undefined) return { kind: "answer" };
  if (contract === Parent && domain.linkOf(answer) !== undefined) return { kind: "answer" };
  if (contract === Timer && entry.name === "sleep") {
    const ms = args[0] as number;
    const isHour = (object as TimerObject).deadline === "wall";
    return isHour ? { kind: "hour", at: wall + ms } : { kind: "clock", at: own + ms };
  }
  const record = sessionAt(domain, selector);
  if (record === null) return "waiting";
  const name = routes.provider(record.service, record.label);
  if (contract === Gate && entry.name === "receive") return { kind: "gate", name };
  if (contract !== Rom || entry.name !== "changed") return "waiting";
  if (routes.isOwnRom(record.label)) return null;
  const position = positions.get(selector);
  return RomPosition.is(position) ? { kind: "rom", name, sha256: position.sha256 } : "waiting";
};

/** A file that has lost its last name can't be found again. */
const isNameless = (position: unknown): boolean =>
  typeof position === "object" && position !== null && "removed" in position;

/** Whether a component could rest now, as far as can be told while it goes on. */
export const mayRest = (domain: ProtectionDomain, routes: RestingRoutes): boolean =>
  domain.state === "running" &&
  domain.idle &&
  domain.memorySettled &&
  !holdsBack(domain, routes) &&
  [...domain.pending].every((call) => alarmOf(domain, call, routes, new Map()) !== "waiting" || isRom(call));

const isRom = ({ capability, entry }: PendingCall): boolean =>
  capability.object.contract === Rom && entry.name === "changed";

/** What would bring back a component that stands still, and of which this is the snapshot. */
export const alarmsOf = (
  domain: ProtectionDomain,
  { positions, inbox }: Snapshot,
  routes: RestingRoutes,
): readonly Alarm[] | Restless => {
  if (inbox.length > 0 || !domain.memorySettled) return "busy";
  if (holdsBack(domain, routes) || positions.some(([, position]) => isNameless(position))) return "holding";
  const known = new Map(positions);
  const alarms: Alarm[] = [];
  for (const call of domain.pending) {
    const alarm = alarmOf(domain, call, routes, known);
    if (alarm === "waiting") return alarm;
    if (alarm !== null) alarms.push(alarm);
  }
  return alarms;
};

/** The snapshot of a component that goes on where it rested, so many ms of its own time later. Its files are found by
 *  their names and places: they may have gone on meanwhile. */
export const rested = (snapshot: Snapshot, ms: number): Snapshot => {
  const { ledger, positions, elapsed } = snapshot;
  const isFile = (selector: number): boolean => ledger.capabilities[String(selector)]?.kind === "file";
  return {
    ...snapshot,
    elapsed: elapsed + ms,
    positions: positions.map(([selector, position]) =>
      isFile(selector)
        ? [selector, { ...(position as object), identity: null, content: null }]
        : [selector, position],
    ),
  };
};
