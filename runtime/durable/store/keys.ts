// Where everything lies in the ground. A key begins with the letter of its kind:
//
//   f                            format of the store: the text "cryonode store 1"
//   n                            varints: components made so far, components, chunks, bytes
//   b  number                    32 bytes: hash of the base memory that chunks call by this number
//   c  id(6)                     a chunk, see chunk.ts; ids ascend, so what was written together lies together
//   h  hash(16)                  chunk with this content: id(6), and a varint of its holders where they are not 1
//   g  hash(16)                  empty: a chunk without holders, to be swept
//   i  uuid(16)                  varint: number of the component with this identity
//   m  number                    head of a component, see head.ts
//   t  number segment(2)         which chunks its latest memory consists of, see page-table.ts
//   u  number sequence segment   what of that was otherwise in this earlier checkpoint, in the same form
//   x  number [sequence]         empty: tables `t` and `u` of a removed component, or `u` of a checkpoint, to be swept
//   k  hash(16)                  varint: number of the component that its kin's memories are differences from
//   e  uuid(16)                  varint: epoch of an identity that has no component, or had one
//   v  name                      a value of the host's
//
// Numbers in keys have 6 bytes, sequences 7, the highest first.
import { VarintReader, VarintWriter } from "./varint.ts";
import type { Key } from "./ground.ts";

/** The bytes of a hash as characters, as they stand in keys: the content address of a chunk. */
export type Hash = string;
export const hashBytes = 16;

export const formatKey: Key = "f";
export const tallyKey: Key = "n";

const bigEndian = (value: number, width: number): string => {
  let text = "";
  for (let i = 0, rest = value; i < width; i++, rest = Math.floor(rest / 256))
    text = String.fromCharCode(rest % 256) + text;
  return text;
};

/** The number in the six bytes that follow a key's letter. */
export const numberIn = (key: Key): number => {
  let value = 0;
  for (let i = 1; i < 7; i++) value = value * 256 + key.charCodeAt(i);
  return value;
};

const id =
  (letter: string) =>
  (number: number): Key =>
    letter + bigEndian(number, 6);

export const baseKey = id("b");
export const chunkKey = id("c");
export const headKey = id("m");
export const indexKey = (hash: Hash): Key => `h${hash}`;
export const garbageKey = (hash: Hash): Key => `g${hash}`;

/** Prefix of the tables of a component's latest memory; a segment makes it the key of one. */
export const tableKey = id("t");
export const segmentKey = (prefix: Key, segment: number): Key => prefix + bigEndian(segment, 2);
export const segmentIn = (key: Key): number =>
  key.charCodeAt(key.length - 2) * 256 + key.charCodeAt(key.length - 1);
/** Prefix of the tables that lead back to an earlier memory. */
export const undoKey = (number: number, sequence: number): Key => id("u")(number) + bigEndian(sequence, 7);
export const allUndoKey = id("u");
export const deadComponentKey = id("x");
export const deadCheckpointKey = (number: number, sequence: number): Key =>
  id("x")(number) + bigEndian(sequence, 7);

const uuidBytes = (uuid: string): string => Buffer.from(uuid.replaceAll("-", ""), "hex").toString("latin1");
export const uuidIn = (key: Key): string =>
  Buffer.from(key.slice(1), "latin1")
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
export const identityKey = (uuid: string): Key => `i${uuidBytes(uuid)}`;
export const epochKey = (uuid: string): Key => `e${uuidBytes(uuid)}`;

/** Names of the host's values are text; keys have bytes. */
export const valueKey = (name: string): Key => `v${Buffer.from(name, "utf8").toString("latin1")}`;
export const nameIn = (key: Key): string => Buffer.from(key.slice(1), "latin1").toString("utf8");

export const numberBytes = (value: number): Uint8Array => new VarintWriter().number(value).done();
/** `null` where the bytes are no number. */
export const numberOf = (bytes: Uint8Array | null): number | null => {
  if (bytes === null) return null;
  const reader = new VarintReader(bytes);
  const value = reader.number();
  return reader.sound && reader.position === bytes.length ? value : null;
};
