// What a frozen child holds, read from its snapshot: names, positions and sizes, and nothing of what it computes.
import { E } from "../../lib/fp.ts";
import { Snapshot } from "../checkpoint/snapshot.ts";
import { sizeOfDataspace } from "../checkpoint/unsound-memory.ts";
import { FilePosition } from "../core/file-position.ts";
import { GatePosition } from "../core/gate.ts";
import { RemotePosition } from "../core/remote.ts";
import { RomPosition } from "../core/rom.ts";
import { usedBy, type CapabilityRecord } from "../intercept/ledger.ts";

export interface SessionOutline {
  readonly selector: number;
  readonly service: string;
  readonly label: string;
  /** The child that serves it, where that is not the host. */
  readonly child?: string;
}

export interface HandleOutline {
  readonly selector: number;
  readonly kind: "file" | "gate" | "rom";
  /** The label of the session that it came from or is. */
  readonly session: string;
  /** A file's path. */
  readonly name: string;
  /** A file's offset in bytes; messages received from a gate; a ROM's version. Null where it is not known. */
  readonly position: number | null;
  /** More about it, by name: a file's mode and size, a gate's messages sent and unread. */
  readonly facts: Readonly<Record<string, number | string>>;
}

export interface ChildOutline {
  readonly sessions: readonly SessionOutline[];
  readonly handles: readonly HandleOutline[];
  readonly threads: readonly { readonly name: string; readonly state: string }[];
  /** Sizes in bytes. */
  readonly dataspaces: readonly { readonly selector: number; readonly bytes: number }[];
  readonly regions: readonly {
    readonly selector: number;
    readonly address: number;
    readonly bytes: number;
  }[];
  /** Calls in flight. */
  readonly calls: readonly { readonly method: string; readonly on: string; readonly rule: string }[];
  /** Replies that wait to be delivered. */
  readonly waiting: number;
  /** Its own clock, in ms. */
  readonly elapsedMs: number;
  /** Turns it has taken. */
  readonly turns: number;
  /** What its capabilities take of its quota, its memory left out. */
  readonly used: { readonly ram: number; readonly caps: number };
}

type Session = Extract<CapabilityRecord, { readonly kind: "session" }>;

const modeOf = (mode: object): string =>
  Object.entries(mode)
    .flatMap(([name, on]) => (on === true ? [name] : []))
    .join(" ") || "read";

const fileOutline = (position: unknown): Pick<HandleOutline, "position" | "facts"> => {
  if (!FilePosition.is(position)) return { position: null, facts: {} };
  const { offset, removed, identity, content } = position;
  const carried = content === null ? {} : { carried: content.length };
  const facts = { size: identity.size, ...carried, ...(removed === undefined ? {} : { removed: "yes" }) };
  return { position: offset, facts };
};

const sessionHandle = (selector: number, { service, label }: Session, position: unknown): HandleOutline[] => {
  const common = { selector, session: label, name: "" };
  if (GatePosition.is(position) && service === "Gate") {
    const { sent, received, unread, conversation } = position;
    const kept = conversation === undefined ? {} : { unacknowledged: conversation.unacknowledged.length };
    return [{ ...common, kind: "gate", position: received, facts: { sent, unread: unread.length, ...kept } }];
  }
  if (RomPosition.is(position) && service === "ROM")
    return [{ ...common, kind: "rom", position: position.version, facts: { seen: position.seen } }];
  return [];
};

/** Nothing where the snapshot is none of this release. */
export const childOutline = (snapshot: unknown): ChildOutline | Record<string, never> => {
  const read = Snapshot.decode(snapshot);
  if (E.isLeft(read)) return {};
  const { ledger, positions, calls, inbox, elapsed, turn } = read.right;
  const known = new Map(positions);
  const records = Object.entries(ledger.capabilities)
    .map(([selector, record]) => ({ selector: Number(selector), record }))
    .sort((a, b) => a.selector - b.selector);
  const nameOf = (selector: number): string => {
    const record = ledger.capabilities[String(selector)];
    if (record === undefined) return "";
    if (record.kind === "session")
      return `${record.service}${record.label === "" ? "" : ` "${record.label}"`}`;
    return record.kind === "file" ? `file ${record.path}` : record.kind;
  };
  const sessions: SessionOutline[] = [];
  const handles: HandleOutline[] = [];
  const threads: ChildOutline["threads"][number][] = [];
  const dataspaces: ChildOutline["dataspaces"][number][] = [];
  const regions: ChildOutline["regions"][number][] = [];
  for (const { selector, record } of records) {
    const position = known.get(selector);
    switch (record.kind) {
      case "session":
        sessions.push({
          ...{ selector, service: record.service, label: record.label },
          ...(RemotePosition.is(position) ? { child: position.child } : {}),
        });
        handles.push(...sessionHandle(selector, record, position));
        break;
      case "delegated":
        sessions.push({ selector, service: record.service, label: "", child: record.child });
        break;
      case "file": {
        const { facts, ...at } = fileOutline(position);
        const session = ledger.capabilities[String(record.session)];
        handles.push({
          selector,
          kind: "file",
          session: session?.kind === "session" ? session.label : "",
          name: record.path,
          ...at,
          facts: { mode: modeOf(record.mode), ...facts },
        });
        break;
      }
      case "thread":
        threads.push({ name: record.name, state: record.state });
        break;
      case "dataspace":
        dataspaces.push({ selector, bytes: record.bytes });
        break;
      case "region": {
        const of = ledger.capabilities[String(record.dataspace)];
        const bytes = sizeOfDataspace(of) ?? 0;
        regions.push({ selector, address: record.address, bytes });
        break;
      }
    }
  }
  return {
    sessions,
    handles,
    threads,
    dataspaces,
    regions,
    calls: calls.map(({ method, selector, rule }) => ({ method, on: nameOf(selector), rule })),
    waiting: inbox.length,
    elapsedMs: elapsed,
    turns: turn,
    used: usedBy(ledger),
  };
};
