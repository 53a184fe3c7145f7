// What a journal says, one record after another: everything that entered a protection domain, in the order in which
// it entered, and what was planned for its effects. The memory and the ledger follow from that.
import { Decoder, Encoder } from "cbor-x";
import type { Stamp } from "../../domain/witness.ts";
import type { ToDomain } from "../../core/link.ts";
import type { SessionError } from "../../../lib/error.ts";
import { plainEntry } from "./plain-entry.ts";
import { readPlain } from "./plain-reader.ts";

/** A turn: which event was delivered, and what the machine drew from outside. */
export interface TurnRecord extends Stamp {
  readonly kind: "turn";
  /** Turns taken, this one included. */
  readonly turn: number;
  readonly slot: number;
  /** Of the calls that it made; a replay that makes others has gone astray. */
  readonly digest: number;
  /** What it drew of entropy, in the order that it was drawn. */
  readonly entropy: readonly Uint8Array[];
}

/** An answer from outside, to the call that `turn` made in `slot`. */
export interface AnswerRecord {
  readonly kind: "answer";
  readonly slot: number;
  readonly turn: number;
  readonly answer: { readonly error: SessionError } | { readonly value: unknown };
  /** Where the object that answered stands now; null where it says nothing. */
  readonly place: unknown;
}

/** What another child said. */
export interface HeardRecord {
  readonly kind: "heard";
  readonly message: ToDomain;
}

/** What another child did to the memory took effect: the next of what was heard of it. */
export interface MemoryRecord {
  readonly kind: "memory";
}

/** How the effect of a call is made harmless to repeat. */
export interface PlanRecord {
  readonly kind: "plan";
  readonly slot: number;
  readonly turn: number;
  readonly plan: unknown;
}

/** It goes on where another incarnation ended: what comes after this record comes after that. */
export interface FollowsRecord {
  readonly kind: "follows";
  readonly former: number;
  /** A `Succession`. */
  readonly note: Uint8Array;
}

export type DomainRecord =
  TurnRecord | AnswerRecord | HeardRecord | MemoryRecord | PlanRecord | FollowsRecord;

/** A record, and whose it is. */
export interface JournalEntry {
  /** The number of the incarnation; see `journal.ts`. */
  readonly incarnation: number;
  /** Counts this incarnation's records. */
  readonly sequence: number;
  readonly record: DomainRecord;
}

const TURN = 0;
const ANSWER = 1;
const HEARD = 2;
const PLAN = 3;
const MEMORY = 4;
const FOLLOWS = 5;

const options = { useRecords: false, tagUint8Array: false, variableMapSize: true };
const encoder = new Encoder(options);
const decoder = new Decoder(options);

/** Text that UTF-8 can't carry: halves of surrogate pairs. */
const ILL_FORMED = "\u0000utf16";

type Checked = string & { isWellFormed?(): boolean };

const packed = (value: unknown): unknown =>
  typeof value === "string" && (value as Checked).isWellFormed?.() === false
    ? { [ILL_FORMED]: Buffer.from(value, "utf16le") }
    : value;

const unpacked = (value: unknown): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, ILL_FORMED)
    ? Buffer.from((value as Record<string, Uint8Array>)[ILL_FORMED]!).toString("utf16le")
    : value;

const fieldsOf = (record: DomainRecord): unknown[] => {
  switch (record.kind) {
    case "turn": {
      const { turn, slot, digest, own, wall, entropy } = record;
      const fields = [TURN, turn, slot, digest, own, wall];
      return entropy.length === 0 ? fields : [...fields, entropy];
    }
    case "answer": {
      const { slot, turn, answer, place } = record;
      return "error" in answer
        ? [ANSWER, slot, turn, place, 0, answer.error]
        : [ANSWER, slot, turn, place, 1, packed(answer.value)];
    }
    case "heard":
      return [HEARD, record.message];
    case "memory":
      return [MEMORY];
    case "plan":
      return [PLAN, record.slot, record.turn, record.plan];
    case "follows":
      return [FOLLOWS, record.former, record.note];
  }
};

const isPlace = (plan: unknown): plan is { readonly place: number } =>
  typeof plan === "object" &&
  plan !== null &&
  typeof (plan as { place?: unknown }).place === "number" &&
  Object.keys(plan).length === 1;

/** The bytes of an entry that holds nothing but numbers; null of any other. */
const plain = (incarnation: number, sequence: number, record: DomainRecord): Uint8Array | null => {
  switch (record.kind) {
    case "turn": {
      const { turn, slot, digest, own, wall, entropy } = record;
      if (entropy.length > 0) return null;
      return plainEntry([incarnation, sequence, TURN, turn, slot, digest, own, wall]);
    }
    case "answer": {
      const { slot, turn, answer, place } = record;
      if ("error" in answer || typeof answer.value !== "number") return null;
      if (place !== null && typeof place !== "number") return null;
      return plainEntry([incarnation, sequence, ANSWER, slot, turn, place, 1, answer.value]);
    }
    case "plan": {
      const { slot, turn, plan } = record;
      return isPlace(plan) ? plainEntry([incarnation, sequence, PLAN, slot, turn], plan.place) : null;
    }
    default:
      return null;
  }
};

/** The bytes of an entry, valid until the next one is encoded. */
export const encodeEntry = ({ incarnation, sequence, record }: JournalEntry): Uint8Array =>
  plain(incarnation, sequence, record) ?? encoder.encode([incarnation, sequence, ...fieldsOf(record)]);

const isNatural = (u: unknown): u is number => Number.isSafeInteger(u) && (u as number) >= 0;
const isNumber = (u: unknown): u is number => typeof u === "number";

const recordOf = ([kind, ...fields]: readonly unknown[]): DomainRecord | null => {
  switch (kind) {
    case TURN: {
      const [turn, slot, digest, own, wall, entropy = []] = fields;
      if (!isNatural(turn) || !isNumber(slot) || !isNatural(digest) || !isNumber(own) || !isNumber(wall))
        return null;
      if (!Array.isArray(entropy) || !entropy.every((each) => each instanceof Uint8Array)) return null;
      return { kind: "turn", turn, slot, digest, own, wall, entropy };
    }
    case ANSWER: {
      const [slot, turn, place, ok, value] = fields;
      if (!isNumber(slot) || !isNatural(turn)) return null;
      const answer = ok === 1 ? { value: unpacked(value) } : { error: value as SessionError };
      return { kind: "answer", slot, turn, place, answer };
    }
    case HEARD:
      return { kind: "heard", message: fields[0] as ToDomain };
    case MEMORY:
      return { kind: "memory" };
    case PLAN: {
      const [slot, turn, plan] = fields;
      return isNumber(slot) && isNatural(turn) ? { kind: "plan", slot, turn, plan } : null;
    }
    case FOLLOWS: {
      const [former, note] = fields;
      return isNatural(former) && note instanceof Uint8Array ? { kind: "follows", former, note } : null;
    }
    default:
      return null;
  }
};

/** The entry that the bytes are, where it holds nothing but numbers, as most do; null of any other. */
const plainEntryOf = (bytes: Uint8Array): JournalEntry | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read = readPlain(view, 0, bytes.length, Infinity);
  if (read === null) return null;
  const { values, isPlaced } = read;
  const [incarnation, sequence, kind] = values;
  if (!isNatural(incarnation) || !isNatural(sequence)) return null;
  const record = plainRecordOf(kind, values, isPlaced);
  return record === null ? null : { incarnation, sequence, record };
};

const plainRecordOf = (
  kind: unknown,
  values: readonly (number | null)[],
  isPlaced: boolean,
): DomainRecord | null => {
  const fields = values.length - 3;
  if (kind === TURN && fields === 5 && !isPlaced) {
    const [, , , turn, slot, digest, own, wall] = values;
    if (!isNatural(turn) || !isNumber(slot) || !isNatural(digest) || !isNumber(own) || !isNumber(wall))
      return null;
    return { kind: "turn", turn, slot, digest, own, wall, entropy: [] };
  }
  if (kind === ANSWER && fields === 5 && !isPlaced) {
    const [, , , slot, turn, place, ok, value] = values;
    if (!isNumber(slot) || !isNatural(turn) || ok !== 1) return null;
    return { kind: "answer", slot, turn, place, answer: { value } };
  }
  if (kind === PLAN && fields === 3 && isPlaced) {
    const [, , , slot, turn, place] = values;
    return isNumber(slot) && isNatural(turn) ? { kind: "plan", slot, turn, plan: { place } } : null;
  }
  return null;
};

/** The entry that the bytes are, or null. They may be anything. */
export const decodeEntry = (bytes: Uint8Array): JournalEntry | null =>
  plainEntryOf(bytes) ?? anyEntryOf(bytes);

const anyEntryOf = (bytes: Uint8Array): JournalEntry | null => {
  let decoded: unknown;
  try {
    decoded = decoder.decode(bytes);
  } catch {
    return null;
  }
  if (!Array.isArray(decoded)) return null;
  const [incarnation, sequence, ...fields] = decoded as unknown[];
  if (!isNatural(incarnation) || !isNatural(sequence)) return null;
  const record = recordOf(fields);
  return record === null ? null : { incarnation, sequence, record };
};

/** Whose an entry is, which of its, and whom it follows by it. */
export interface Whose extends Pick<JournalEntry, "incarnation" | "sequence"> {
  readonly follows: number | null;
}

/** Whose entry the bytes are: what `decodeEntry` says of it, at a fraction of the time. */
export const whoseEntry = (bytes: Uint8Array): Whose | null =>
  whoseEntryAt(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes);

/** As `whoseEntry`, of the bytes that lie at a place in what `view` shows. */
export const whoseEntryAt = (view: DataView, at: number, bytes: Uint8Array): Whose | null => {
  const read = readPlain(view, at, at + bytes.length, 3);
  if (read !== null) {
    // By their places: taking an array apart takes longer than reading it did.
    const { values } = read;
    const incarnation = values[0];
    const sequence = values[1];
    const kind = values[2];
    if (isNatural(incarnation) && isNatural(sequence) && isNumber(kind) && kind !== FOLLOWS)
      return { incarnation, sequence, follows: null };
  }
  const entry = anyEntryOf(bytes);
  if (entry === null) return null;
  const { incarnation, sequence, record } = entry;
  return { incarnation, sequence, follows: record.kind === "follows" ? record.former : null };
};
