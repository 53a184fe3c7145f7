// The ledger: what the interceptor knows of a child's topology, one immutable tree that only pure recipes
// change. It names every capability by the selector that the child chose for it, and says how to acquire it
// again. What moves with every call, positions, is no part of it.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { ThreadState } from "../../lib/session/cpu.ts";
import { OpenMode } from "../../lib/session/file-system.ts";

/** Method names of an interface, in the order that the child's library numbers them. */
const Interfaces = t.array(t.tuple([text, t.array(text)]));

const SessionRecord = struct(
  {
    kind: t.literal("session"),
    service: text,
    label: text,
    /** Further arguments of the request, as JSON. */
    args: t.string,
    /** What it costs: bytes of RAM quota, and capabilities. */
    ram: natural,
    caps: natural,
    interfaces: Interfaces,
  },
  {
    /** Its type is the component's own declaration: another child serves it. */
    declared: t.literal(true),
  },
);

/** A capability that another child handed over. */
const DelegatedRecord = struct(
  {
    kind: t.literal("delegated"),
    service: text,
    /** Whether its type is one of the library's own. */
    native: t.boolean,
    /** The name of the child that did. */
    child: text,
    interfaces: Interfaces,
  },
  {
    /** Of a dataspace. */
    bytes: natural,
    /** The component can't call it any more: it stays for calls under way, and for those who have it from here. */
    lost: t.literal(true),
  },
);

const FileRecord = struct({ kind: t.literal("file"), session: natural, path: text, mode: OpenMode });

const DataspaceRecord = struct({ kind: t.literal("dataspace"), bytes: natural });

const RegionRecord = struct({
  kind: t.literal("region"),
  dataspace: natural,
  address: natural,
  /** Where the machine holds it, once it does: the memory's address and that of the ArrayBuffer's box. */
  held: t.union([t.null, struct({ pointer: natural, box: natural })]),
});

const ThreadRecord = struct({ kind: t.literal("thread"), name: text, state: ThreadState });

export const CapabilityRecord = t.union([
  SessionRecord,
  FileRecord,
  DataspaceRecord,
  RegionRecord,
  ThreadRecord,
  DelegatedRecord,
]);
export type CapabilityRecord = t.TypeOf<typeof CapabilityRecord>;
export type RecordOf<K extends CapabilityRecord["kind"]> = Extract<CapabilityRecord, { readonly kind: K }>;

const isSelector = (u: unknown): u is string => typeof u === "string" && /^[1-9][0-9]{0,9}$/.test(u);

/** A selector as a key. */
const Selector = new t.Type<string>(
  "selector",
  isSelector,
  (u, c) => (isSelector(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
);

export const Ledger = struct(
  {
    /** Assigned to this protection domain: bytes, and capabilities. */
    quota: struct({ ram: natural, caps: natural }),
    /** By selector; in ascending order, what was made from another comes after it. */
    capabilities: t.record(Selector, CapabilityRecord),
    /** Whether its function has returned, and how many signal handlers keep it alive. */
    returned: t.boolean,
    handlers: natural,
    /** Whether it has read the clock or set a timer, which its Timer route must grant again. */
    usesTimer: t.boolean,
    /** Whether it has written to its console, which its LOG route must grant again. */
    usesLog: t.boolean,
  },
  {},
  "Ledger",
);
export type Ledger = t.TypeOf<typeof Ledger>;

export const emptyLedger = (quota: Ledger["quota"]): Ledger => ({
  quota,
  capabilities: {},
  returned: false,
  handlers: 0,
  usesTimer: false,
  usesLog: false,
});

/** Quota in use by what the ledger records: bytes, and capabilities. The machine's memory comes on top. */
export const usedBy = (ledger: Ledger): { readonly ram: number; readonly caps: number } => {
  let ram = 0;
  let caps = 0;
  for (const record of Object.values(ledger.capabilities)) {
    if (record.kind === "session") {
      ram += record.ram;
      caps += record.caps;
    } else {
      caps += 1;
      if (record.kind === "dataspace") ram += record.bytes;
    }
  }
  return { ram, caps };
};

/** Sessions that are held beside the four that every domain begins with. */
export const sessionsIn = ({ capabilities }: Ledger): number =>
  Object.values(capabilities).filter(({ kind }) => kind === "session" || kind === "delegated").length;

/** Selectors that stand and fall with `selector`, itself last: files with their session, regions with their
 *  dataspace. */
export const dependentsOf = (ledger: Ledger, selector: number): readonly number[] => {
  const found: number[] = [];
  for (const [at, record] of Object.entries(ledger.capabilities))
    if (
      (record.kind === "file" && record.session === selector) ||
      (record.kind === "region" && record.dataspace === selector)
    )
      found.push(Number(at));
  return [...found, selector];
};
