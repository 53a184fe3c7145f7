// Who needs a chunk: how many tables, records and other chunks name it. A chunk without holders is garbage, and can
// be held again until it is swept.
import { encodeChunk, hashesIn, type StoredChunk } from "./chunk.ts";
import type { Draft, Source } from "./draft.ts";
import {
  chunkKey,
  garbageKey,
  hashBytes,
  indexKey,
  numberBytes,
  numberIn,
  numberOf,
  type Hash,
} from "./keys.ts";
import { valueBytes, type Key } from "./ground.ts";
import { count } from "./tally.ts";

interface Indexed {
  readonly place: Key;
  readonly holders: number;
}

const idBytes = 6;
const EMPTY = new Uint8Array();

/** Where a chunk lies and how many hold it; `null` where it is not in the store. */
export const indexed = (source: Source, hash: Hash): Indexed | null => {
  const value = source.get(indexKey(hash));
  if (value === null || value.length < idBytes) return null;
  const place = `c${Buffer.from(value.subarray(0, idBytes)).toString("latin1")}`;
  const holders = value.length === idBytes ? 1 : numberOf(value.subarray(idBytes));
  return holders === null ? null : { place, holders };
};

/** The bytes of a chunk, or `null`. */
export const chunkAt = (source: Source, hash: Hash): Uint8Array | null => {
  const entry = indexed(source, hash);
  return entry === null ? null : source.get(entry.place);
};

const setHolders = (draft: Draft, hash: Hash, entry: Indexed, holders: number): void => {
  const id = Buffer.from(entry.place.slice(1), "latin1");
  draft.set(indexKey(hash), holders === 1 ? id : Buffer.concat([id, numberBytes(holders)]));
  if (holders === 0) draft.set(garbageKey(hash), EMPTY);
  else if (entry.holders === 0) draft.delete(garbageKey(hash));
};

/** One holder more. The chunk must be there. */
export const hold = (draft: Draft, hash: Hash): void => {
  const entry = indexed(draft, hash);
  if (entry === null)
    throw new Error(`chunk ${Buffer.from(hash, "latin1").toString("hex")} is held and not there`);
  setHolders(draft, hash, entry, entry.holders + 1);
};

/** One holder less. A chunk that is not there any more, after damage, has none. */
export const release = (draft: Draft, hash: Hash): void => {
  const entry = indexed(draft, hash);
  if (entry !== null && entry.holders > 0) setHolders(draft, hash, entry, entry.holders - 1);
};

/** What a chunk holds itself. */
const held = (chunk: StoredChunk): readonly Hash[] => {
  if (chunk.form === "chunk" || chunk.form === "text") return [chunk.reference];
  return chunk.form === "list" ? hashesIn(chunk.payload) : [];
};

/** What a chunk with a value of this length is charged, in bytes: keys and values of the two entries it has. */
export const chunkCharge = (length: number): number => 1 + idBytes + length + 1 + hashBytes + idBytes;

/** Adds a chunk, which nobody holds yet; answers what it is charged. What it holds must be there already. */
export const addChunk = (draft: Draft, id: number, hash: Hash, chunk: StoredChunk): number => {
  const key = chunkKey(id);
  const bytes = encodeChunk(chunk);
  draft.set(key, bytes);
  setHolders(draft, hash, { place: key, holders: 1 }, 0);
  for (const each of held(chunk)) hold(draft, each);
  const charge = chunkCharge(valueBytes(bytes));
  count(draft, { chunks: 1, bytes: charge });
  return charge;
};

/** Takes a chunk away that nobody holds, and lets go of what it held. */
export const removeChunk = (draft: Draft, hash: Hash, chunk: StoredChunk | null): void => {
  const entry = indexed(draft, hash);
  if (entry !== null) draft.delete(entry.place);
  draft.delete(indexKey(hash));
  draft.delete(garbageKey(hash));
  if (chunk !== null) for (const each of held(chunk)) release(draft, each);
};

/** The id of the chunk that was added last. */
export const lastId = (key: Key | null): number => (key === null ? 0 : numberIn(key));
