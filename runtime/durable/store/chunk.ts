// A chunk as it is stored: some content under its hash, whole or as a difference from something else.
//
//   byte     form, and 128 where the payload is deflated
//   varint   number of the component that it is charged to
//   varint   length of the content, at most 65536
//   of form "base":          varint number of the base memory, varint place in it, in chunks
//   of form "chunk", "text": hash(16) of the reference, varint depth, varint bytes of differences down to the root,
//                            varint bytes of the root
//   varint   length of the payload inflated, where it is deflated
//   bytes    payload
import { createHash } from "node:crypto";
import { joined, type Value } from "./ground.ts";
import { hashBytes, type Hash } from "./keys.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

/** Most bytes of content in a chunk: a page of WebAssembly's. */
export const chunkBytes = 65536;

/** Bytes of a piece of what is no memory: half of what deflate looks back on, so that it finds in the piece before it
 *  what has moved by a few bytes. */
export const pieceBytes = 16384;

/** Differences on differences: more are folded into one. */
export const maxDepth = 8;

export interface Lineage {
  /** What it is a difference from. */
  readonly reference: Hash;
  /** How many differences lie on top of one another, this one included: at most `maxDepth`. */
  readonly depth: number;
  /** Stored bytes of all of them, and of what the lowest one is a difference from. */
  readonly above: number;
  readonly root: number;
}

/** What the payload is. `plain`: the content. `base`: words that differ from a place in a base memory. `chunk`: words
 *  that differ from another chunk. `text`: deflated with another chunk as its dictionary. `list`: hashes of chunks. */
export type Form =
  | { readonly form: "plain" }
  | { readonly form: "list" }
  | { readonly form: "base"; readonly base: number; readonly place: number }
  | ({ readonly form: "chunk" | "text" } & Lineage);

export type StoredChunk = Form & {
  readonly owner: number;
  /** Of the content. */
  readonly length: number;
  /** Length of the payload inflated; `null` where it is not deflated. */
  readonly inflated: number | null;
  readonly payload: Uint8Array;
};

const forms = ["plain", "base", "chunk", "text", "list"] as const;
const DEFLATED = 128;

const latin1 = (hash: Hash): Uint8Array => Buffer.from(hash, "latin1");

/** Large payloads are left where they are. */
const APART_BYTES = 1 << 12;

export const encodeChunk = (chunk: StoredChunk): Value => {
  const writer = new VarintWriter()
    .number(forms.indexOf(chunk.form))
    .number(chunk.owner)
    .number(chunk.length);
  if (chunk.form === "base") writer.number(chunk.base).number(chunk.place);
  if (chunk.form === "chunk" || chunk.form === "text")
    writer.bytes(latin1(chunk.reference)).number(chunk.depth).number(chunk.above).number(chunk.root);
  if (chunk.inflated !== null) writer.number(chunk.inflated);
  const header = writer.done();
  if (chunk.inflated !== null) header[0]! |= DEFLATED;
  const parts = [header, chunk.payload];
  return chunk.payload.length < APART_BYTES ? joined(parts) : parts;
};

const formOf = (form: (typeof forms)[number] | undefined, reader: VarintReader): Form | null => {
  switch (form) {
    case undefined:
      return null;
    case "plain":
    case "list":
      return { form };
    case "base":
      return { form, base: reader.number(), place: reader.number() };
    case "chunk":
    case "text":
      return {
        form,
        reference: Buffer.from(reader.bytes(hashBytes)).toString("latin1"),
        depth: reader.number(),
        above: reader.number(),
        root: reader.number(),
      };
  }
};

/** `null` where the bytes are no chunk. Whether its content is what its hash says is for the reader to find out. */
export const decodeChunk = (bytes: Uint8Array): StoredChunk | null => {
  const [first = 0] = bytes;
  const reader = new VarintReader(bytes);
  reader.position = 1;
  const owner = reader.number();
  const length = reader.number();
  const form = formOf(forms[first & ~DEFLATED], reader);
  const inflated = (first & DEFLATED) === 0 ? null : reader.number();
  const payload = reader.rest();
  if (form === null || !reader.sound || length > chunkBytes) return null;
  // A difference is never longer than what it makes.
  if (inflated !== null && inflated > chunkBytes) return null;
  return { ...form, owner, length, inflated, payload };
};

/** Lists are marked, so that nobody's content passes for one. */
const LIST = Buffer.from("cryonode list\n");

export const hashOf = (content: Uint8Array, form: Form["form"] = "plain"): Hash => {
  const hash = createHash("sha256");
  if (form === "list") hash.update(LIST);
  return hash.update(content).digest().toString("latin1", 0, hashBytes);
};

/** The same, where the content's SHA-256 is known. */
export const hashFrom = (digest: Uint8Array): Hash =>
  Buffer.from(digest.buffer, digest.byteOffset, hashBytes).toString("latin1");

/** The hashes that a list holds. */
export const hashesIn = (list: Uint8Array): readonly Hash[] => {
  const text = Buffer.from(list).toString("latin1");
  return Array.from({ length: Math.floor(text.length / hashBytes) }, (_, i) =>
    text.slice(i * hashBytes, (i + 1) * hashBytes),
  );
};

/** For people. */
export const hex = (hash: Hash): string => Buffer.from(hash, "latin1").toString("hex");
