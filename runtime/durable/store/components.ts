// What is on record of components, found by their identities.
import { createHash } from "node:crypto";
import { E, type Either } from "../../../lib/fp.ts";
import type { BaseMemories } from "./base-memories.ts";
import type { Source } from "./draft.ts";
import { checkpointHash, decodeHead, type Head, type Kept } from "./head.ts";
import { epochKey, hashBytes, headKey, identityKey, numberOf, tableKey, undoKey } from "./keys.ts";
import type { Key } from "./ground.ts";
import { readTable, tableDigest, type PageTable } from "./page-table.ts";
import type { StoreError } from "./store-error.ts";

export interface Component {
  readonly identity: string;
  readonly number: number;
  readonly head: Head;
}

/** `null` where the identity has no checkpoint. */
export const component = (source: Source, identity: string): Either<StoreError, Component | null> => {
  const number = numberOf(source.get(identityKey(identity)));
  if (number === null) return E.right(null);
  const bytes = source.get(headKey(number));
  const head = bytes === null ? null : decodeHead(bytes);
  if (head !== null) return E.right({ identity, number, head });
  const actual = bytes === null ? "missing" : "damaged";
  return E.left({
    tag: "Corrupt",
    identity,
    sequence: 0,
    place: "what is on record of it",
    expected: "",
    actual,
    intact: null,
  });
};

/** The epoch on record. */
export const epochOf = (source: Source, identity: string): Either<StoreError, number | null> => {
  const found = component(source, identity);
  if (E.isLeft(found)) return found;
  return E.right(found.right?.head.epoch ?? numberOf(source.get(epochKey(identity))));
};

/** The table of a kept checkpoint, as it stands: the latest one's, changed back step by step. */
export const tableOf = (source: Source, { number, head }: Component, sequence: number): PageTable => {
  const table = readTable(source, tableKey(number));
  for (const kept of head.kept.slice(1)) {
    if (kept.sequence < sequence) break;
    readTable(source, undoKey(number, kept.sequence), table);
  }
  return table;
};

/** What a checkpoint's hash is, by what stands there now; whole where that is the hash on record. */
export const hashNow = (identity: string, kept: Kept, table: PageTable, bases: BaseMemories): string =>
  checkpointHash(identity, bases.hash(kept.base) ?? "", kept, tableDigest(table));

/** Where the number of the component stands that others of its kin are differences from. */
export const kinKey = (kin: string, base: string): Key =>
  `k${createHash("sha256").update(`${base}\n${kin}`).digest().toString("latin1", 0, hashBytes)}`;
