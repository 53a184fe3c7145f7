// Which chunks a memory consists of, apart from those that are as in its base: in segments of 256 chunks, 16 MiB,
// each an entry of the ground. In the tables that lead back to an earlier memory, some chunks became as in the base.
//
//   of each chunk, in ascending order:  place in the segment(1), hash(16), zeros where it is as in the base
import { createHash } from "node:crypto";
import type { Source } from "./draft.ts";
import { hashBytes, segmentIn, type Hash } from "./keys.ts";
import type { Key } from "./ground.ts";

const segmentChunks = 256;
const rowBytes = 1 + hashBytes;
const AS_BASE = "\0".repeat(hashBytes);

/** By number of the chunk; `null`: as in the base, as those are that have no entry. */
export type PageTable = Map<number, Hash | null>;

export const encodeSegment = (rows: ReadonlyMap<number, Hash | null>): Uint8Array => {
  const bytes = Buffer.alloc(rows.size * rowBytes);
  let at = 0;
  for (const [place, hash] of [...rows].sort(([a], [b]) => a - b)) {
    bytes[at] = place % segmentChunks;
    bytes.write(hash ?? AS_BASE, at + 1, "latin1");
    at += rowBytes;
  }
  return bytes;
};

/** Adds the rows of a segment to a table. What is no whole row is left out: the checkpoint's hash will not fit then. */
export const decodeSegment = (bytes: Uint8Array, segment: number, into: PageTable): void => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + rowBytes <= buffer.length; at += rowBytes) {
    const hash = buffer.toString("latin1", at + 1, at + rowBytes);
    into.set(segment * segmentChunks + buffer[at]!, hash === AS_BASE ? null : hash);
  }
};

/** All that a table, or the way back to one, says; `prefix` is that of its segments. */
export const readTable = (source: Source, prefix: Key, into: PageTable = new Map()): PageTable => {
  for (const [key, value] of source.range(prefix, Infinity)) decodeSegment(value, segmentIn(key), into);
  for (const [place, hash] of into) if (hash === null) into.delete(place);
  return into;
};

/** SHA-256 of what a table says. */
export const tableDigest = (table: PageTable): Uint8Array => {
  // All rows at once: a hash is told of many small pieces more slowly than of a large one.
  const rows = Buffer.allocUnsafe(table.size * (4 + hashBytes));
  let at = 0;
  for (const place of [...table.keys()].sort((a, b) => a - b)) {
    rows.writeUInt32LE(place, at);
    rows.write(table.get(place) ?? AS_BASE, at + 4, "latin1");
    at += 4 + hashBytes;
  }
  return createHash("sha256").update(rows).digest();
};

/** The changes of a table by segments. */
export const bySegment = (changes: PageTable): Map<number, Map<number, Hash | null>> => {
  const segments = new Map<number, Map<number, Hash | null>>();
  for (const [place, hash] of changes) {
    const segment = Math.floor(place / segmentChunks);
    let rows = segments.get(segment);
    if (rows === undefined) segments.set(segment, (rows = new Map()));
    rows.set(place, hash);
  }
  return segments;
};
