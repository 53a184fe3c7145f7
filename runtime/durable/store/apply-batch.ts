// A batch as changes of the ground. Everything is checked against what is there now, for much may have happened since
// a checkpoint was prepared.
import { E, type Either } from "../../../lib/fp.ts";
import type { BaseMemories } from "./base-memories.ts";
import { component, epochOf, kinKey } from "./components.ts";
import type { Draft } from "./draft.ts";
import { encodeHead, type Blob, type Head, type Kept } from "./head.ts";
import { addChunk, hold, indexed, release } from "./holders.ts";
import {
  deadCheckpointKey,
  deadComponentKey,
  epochKey,
  headKey,
  identityKey,
  numberBytes,
  numberOf,
  segmentKey,
  tableKey,
  undoKey,
  valueKey,
} from "./keys.ts";
import { bySegment, decodeSegment, encodeSegment, type PageTable } from "./page-table.ts";
import type { Pins } from "./pins.ts";
import { successionError, type Preparation } from "./preparation.ts";
import { sweep } from "./sweep.ts";
import { count } from "./tally.ts";
import type { Batch, Receipt } from "./store.ts";
import type { StoreError } from "./store-error.ts";

export interface Office {
  readonly bases: BaseMemories;
  readonly pins: Pins;
  /** How many checkpoints of a component are kept, at least 1. */
  readonly keep: number;
  /** Bytes that a component may take where its checkpoint does not say. */
  readonly bound: number;
  /** A number for one more chunk. */
  nextId(): number;
}

const EMPTY = new Uint8Array();
/** Chunks that a commit sweeps for each one that it adds, and besides. */
const SWEEP_EACH = 2;
const SWEEP_BESIDES = 32;

/** Changes the table of the latest memory, and writes down the way back, unless `back` is null: then there is none, and
 *  what it had is let go. Answers the bytes that it takes more. */
const changeTable = (draft: Draft, number: number, changed: PageTable, back: number | null): number => {
  let bytes = 0;
  for (const [segment, changes] of bySegment(changed)) {
    const key = segmentKey(tableKey(number), segment);
    const old = draft.get(key) ?? EMPTY;
    const rows: PageTable = new Map();
    decodeSegment(old, segment, rows);
    const undo: PageTable = new Map();
    for (const [place, hash] of changes) {
      const before = rows.get(place) ?? null;
      undo.set(place, before);
      if (hash === null) rows.delete(place);
      else {
        hold(draft, hash);
        rows.set(place, hash);
      }
      if (back === null && before !== null) release(draft, before);
    }
    const value = encodeSegment(rows);
    if (rows.size === 0) draft.delete(key);
    else draft.set(key, value);
    bytes +=
      (rows.size === 0 ? 0 : key.length + value.length) - (old.length === 0 ? 0 : key.length + old.length);
    if (back === null) continue;
    const undoSegment = segmentKey(undoKey(number, back), segment);
    const undoValue = encodeSegment(undo);
    draft.set(undoSegment, undoValue);
    bytes += undoSegment.length + undoValue.length;
  }
  count(draft, { bytes });
  return bytes;
};

const blobsOf = (kept: Kept): readonly Blob[] =>
  [kept.record, ...kept.attachments.map(([, blob]) => blob)].filter(({ length }) => length > 0);

/** Lets go of a checkpoint's blobs; its way back is left to the sweep. */
const forgetKept = (draft: Draft, number: number, kept: Kept): void => {
  for (const { hash } of blobsOf(kept)) release(draft, hash);
  draft.set(deadCheckpointKey(number, kept.sequence), EMPTY);
};

const addCheckpoint = (
  draft: Draft,
  preparation: Preparation,
  office: Office,
  hurried: boolean,
): Either<StoreError, Receipt> => {
  const { identity, former, label, kin, receipt } = preparation;
  const { kept, changed, fresh } = preparation.work;
  const found = successionError(draft, receipt, kept.parent, former);
  if (E.isLeft(found)) return found;
  const number = found.right?.number ?? count(draft, { made: 1, components: 1 }).made;
  const earlier = former === identity ? (found.right?.head.kept ?? []) : [];
  // What another one had is this one's: its chunks and its table, and none of its checkpoints.
  if (former !== identity) {
    for (const old of found.right?.head.kept ?? []) forgetKept(draft, number, old);
    draft.delete(identityKey(former));
  }
  let bytes = found.right?.head.bytes ?? 0;
  // Others may have brought the same content meanwhile.
  for (const [hash, chunk] of fresh)
    if (indexed(draft, hash) === null)
      bytes += addChunk(draft, office.nextId(), hash, { ...chunk, owner: number });
  for (const { hash } of blobsOf(kept)) hold(draft, hash);
  bytes += changeTable(draft, number, changed, earlier[0]?.sequence ?? null);
  for (const old of earlier.slice(office.keep - 1)) forgetKept(draft, number, old);
  office.bases.record(draft, kept.base);
  const base = office.bases.hash(kept.base) ?? "";
  const first = kin === null ? null : kinKey(kin, base);
  if (first !== null && numberOf(draft.get(first)) === null) draft.set(first, numberBytes(number));
  const head: Head = {
    label,
    kin,
    epoch: Math.max(kept.epoch, found.right?.head.epoch ?? 0),
    bytes,
    kept: [kept, ...earlier.slice(0, office.keep - 1)],
  };
  draft.set(headKey(number), encodeHead(head));
  draft.set(identityKey(identity), numberBytes(number));
  draft.delete(epochKey(identity));
  if (!hurried) sweep(draft, office.pins, fresh.size * SWEEP_EACH + SWEEP_BESIDES);
  return E.map(() => receipt)(withinBound(draft, preparation, office));
};

/** Sweeps all there is before it says that there is too much. */
const withinBound = (
  draft: Draft,
  { identity, label, bound: own }: Preparation,
  { pins, bound: general }: Office,
): Either<StoreError, void> => {
  const bound = own ?? general;
  for (;;) {
    const found = component(draft, identity);
    if (E.isLeft(found)) return found;
    const bytes = found.right === null ? 0 : chargedBytes(found.right.head);
    if (bytes <= bound) return E.right(undefined);
    if (!sweep(draft, pins, 1000).more) return E.left({ tag: "OverBound", identity, label, bytes, bound });
  }
};

/** All that is charged to a component, its entry included. */
export const chargedBytes = (head: Head): number => head.bytes + encodeHead(head).length;

const removeComponent = (draft: Draft, identity: string, bases: BaseMemories): Either<StoreError, void> => {
  const found = component(draft, identity);
  if (E.isLeft(found)) return found;
  if (found.right === null) return E.right(undefined);
  const { number, head } = found.right;
  for (const kept of head.kept) {
    for (const { hash } of blobsOf(kept)) release(draft, hash);
    const first = head.kin === null ? null : kinKey(head.kin, bases.hash(kept.base) ?? "");
    if (first !== null && numberOf(draft.get(first)) === number) draft.delete(first);
  }
  draft.delete(headKey(number));
  draft.delete(identityKey(identity));
  count(draft, { components: -1 });
  draft.set(epochKey(identity), numberBytes(head.epoch));
  draft.set(deadComponentKey(number), EMPTY);
  return E.right(undefined);
};

const advance = (draft: Draft, identity: string, epoch: number): Either<StoreError, void> => {
  const recorded = epochOf(draft, identity);
  if (E.isLeft(recorded)) return recorded;
  if (recorded.right !== null && epoch <= recorded.right)
    return E.left({ tag: "Stale", identity, epoch, latest: recorded.right });
  const found = component(draft, identity);
  if (E.isLeft(found)) return found;
  if (found.right === null) draft.set(epochKey(identity), numberBytes(epoch));
  else draft.set(headKey(found.right.number), encodeHead({ ...found.right.head, epoch }));
  return E.right(undefined);
};

const forget = (draft: Draft, identity: string): Either<StoreError, void> => {
  if (draft.get(identityKey(identity)) !== null)
    return E.left({
      tag: "Malformed",
      place: "forget",
      expected: "identities without checkpoints",
      actual: identity,
    });
  draft.delete(epochKey(identity));
  return E.right(undefined);
};

/** Draws up a whole batch; after an error the draft means nothing. */
export const applyBatch = (
  draft: Draft,
  batch: Batch,
  preparations: readonly Preparation[],
  office: Office,
): Either<StoreError, readonly Receipt[]> => {
  const receipts: Receipt[] = [];
  for (const preparation of preparations) {
    const added = addCheckpoint(draft, preparation, office, batch.hurried === true);
    if (E.isLeft(added)) return added;
    receipts.push(added.right);
  }
  for (const identity of batch.remove ?? []) {
    const removed = removeComponent(draft, identity, office.bases);
    if (E.isLeft(removed)) return removed;
  }
  for (const [identity, epoch] of batch.epochs ?? []) {
    const advanced = advance(draft, identity, epoch);
    if (E.isLeft(advanced)) return advanced;
  }
  for (const identity of batch.forget ?? []) {
    const forgotten = forget(draft, identity);
    if (E.isLeft(forgotten)) return forgotten;
  }
  for (const [name, value] of batch.set ?? []) draft.set(valueKey(name), new Uint8Array(value));
  for (const name of batch.unset ?? []) draft.delete(valueKey(name));
  return E.right(receipts);
};
