// A linear memory as chunks, each the exclusive-or against the base memory that the child started from: what did
// not change is zeros, and deflates to next to nothing. Pure functions on bytes, for any thread.
import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { E, type Either } from "../../lib/fp.ts";
import { malformed, type ImageError } from "./image-error.ts";
import { maxMemoryBytes, pageBytes } from "./manifest.ts";

/** Bytes of memory in a chunk; the last one of a memory may be shorter. */
export const chunkBytes = 1 << 20;

/** `zero`: as in the base. `deflate`: the difference as raw deflate. `raw`: a difference that does not deflate. */
export const chunkKinds = ["zero", "deflate", "raw"] as const;
export type ChunkKind = (typeof chunkKinds)[number];

export interface EncodedChunk {
  readonly kind: ChunkKind;
  /** SHA-256 of the plain memory. */
  readonly hash: Uint8Array;
  /** What is stored; empty for `zero`. */
  readonly data: Uint8Array;
}

export interface EncodedMemory {
  /** Of the plain memory. */
  readonly bytes: number;
  /** Whether it stands alone: its differences are then against zeros, and no base is needed. */
  readonly whole: boolean;
  readonly chunks: readonly EncodedChunk[];
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());

/** `into ^= from`, of equal length. Four bytes at a time where both lie aligned, as memories and scratch do. */
const exclusiveOr = (into: Uint8Array, from: Uint8Array): void => {
  const aligned = into.byteOffset % 4 === 0 && from.byteOffset % 4 === 0;
  const words = aligned ? into.length >> 2 : 0;
  // Signed words: unsigned ones would leave V8's small integers.
  const a = new Int32Array(into.buffer, aligned ? into.byteOffset : 0, words);
  const b = new Int32Array(from.buffer, aligned ? from.byteOffset : 0, words);
  for (let i = 0; i < words; i++) a[i] = a[i]! ^ b[i]!;
  for (let i = words * 4; i < into.length; i++) into[i] = into[i]! ^ from[i]!;
};

/** What chunk after chunk of a memory differs from: the base, and zeros beyond its end or without one. */
const reference = (base: Uint8Array | null): ((offset: number, length: number) => Uint8Array) => {
  const zeros = new Uint8Array(chunkBytes);
  return (offset, length) => {
    if (base === null || offset >= base.length) return zeros.subarray(0, length);
    if (offset + length <= base.length) return base.subarray(offset, offset + length);
    const edge = new Uint8Array(length);
    edge.set(base.subarray(offset));
    return edge;
  };
};

/** A difference that deflates to less than a part in this many is mostly zeros. */
const SPARSE = 16;

/** Level 1, for speed; but mostly zeros cost 4 ms a chunk at level 6 too, and get a quarter smaller. */
const deflatedDifference = (difference: Uint8Array): Uint8Array => {
  const quick = deflateRawSync(difference, { level: 1 });
  return quick.length * SPARSE > difference.length ? quick : deflateRawSync(difference, { level: 6 });
};

/**
 * The chunks of a memory, which may lie in a SharedArrayBuffer but must not change meanwhile. `base` is the memory
 * that the child started from, or `null` to make it stand alone. The result
 * shares no bytes with either, and each array in it has a buffer of its own that can be transferred to a thread.
 */
export const encodeMemory = (memory: Uint8Array, base: Uint8Array | null): EncodedMemory => {
  const referenceAt = reference(base);
  const scratch = new Uint8Array(chunkBytes);
  const chunks: EncodedChunk[] = [];
  for (let offset = 0; offset < memory.length; offset += chunkBytes) {
    const plain = memory.subarray(offset, offset + chunkBytes);
    const from = referenceAt(offset, plain.length);
    const hash = sha256(plain);
    if (Buffer.compare(plain, from) === 0) {
      chunks.push({ kind: "zero", hash, data: new Uint8Array() });
      continue;
    }
    const difference = scratch.subarray(0, plain.length);
    difference.set(plain);
    exclusiveOr(difference, from);
    const deflated = deflatedDifference(difference);
    chunks.push(
      deflated.length < plain.length
        ? { kind: "deflate", hash, data: new Uint8Array(deflated) }
        : { kind: "raw", hash, data: difference.slice() },
    );
  }
  return { bytes: memory.length, whole: base === null, chunks };
};

/** How many chunks a memory of this size has. */
export const chunkCount = (bytes: number): number => Math.ceil(bytes / chunkBytes);

/** Exactly `length` bytes from a deflate stream that ends where `data` ends; never more than that is allocated. */
const inflate = (data: Uint8Array, length: number, place: string): Either<ImageError, Uint8Array> => {
  const wanted = `a deflate stream of ${length} bytes and no leftovers`;
  try {
    const { buffer, engine } = inflateRawSync(data, {
      info: true,
      maxOutputLength: length,
      chunkSize: Math.max(length, 64),
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    if (buffer.length !== length) return E.left(malformed(place, wanted, `${buffer.length} bytes`));
    const leftover = data.length - engine.bytesWritten;
    return leftover === 0 ? E.right(buffer) : E.left(malformed(place, wanted, `${leftover} bytes left over`));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "another failure";
    return E.left(malformed(place, wanted, String(code)));
  }
};

const stored = (chunk: EncodedChunk, length: number, place: string): Either<ImageError, Uint8Array> => {
  if (chunk.kind === "deflate") return inflate(chunk.data, length, place);
  if (chunk.data.length === length) return E.right(chunk.data);
  return E.left(malformed(place, `${length} stored bytes`, `${chunk.data.length}`));
};

export interface DecodeOptions {
  /** Where the memory goes: as many bytes as asked for. Default: fresh ones. */
  readonly into?: (bytes: number) => Uint8Array;
  /** Most bytes that a memory may have. Default: 4 GiB. */
  readonly limit?: number;
  /** What errors call it. Default: `memory`. */
  readonly place?: string;
}

/**
 * The memory again. Allocates nothing of a size that the limit does not allow, and each chunk is checked against
 * its hash: a wrong base shows as a `ChecksumMismatch`. After an error the bytes of `into` mean nothing.
 */
export const decodeMemory = (
  encoded: EncodedMemory,
  base: Uint8Array | null,
  { into = (bytes) => new Uint8Array(bytes), limit = maxMemoryBytes, place = "memory" }: DecodeOptions = {},
): Either<ImageError, Uint8Array> => {
  const { bytes, whole, chunks } = encoded;
  if (bytes > limit) return E.left({ tag: "TooLarge", what: place, size: bytes, limit });
  if (!(bytes > 0 && bytes <= maxMemoryBytes && bytes % pageBytes === 0))
    return E.left(malformed(place, "whole pages of 65536 bytes, at most 4 GiB", `${bytes} bytes`));
  if (chunks.length !== chunkCount(bytes))
    return E.left(malformed(place, `${chunkCount(bytes)} chunks`, `${chunks.length}`));
  if (!whole && base === null) return E.left(malformed(place, "a base memory", "none"));
  const memory = into(bytes);
  const referenceAt = reference(whole ? null : base);
  for (const [index, chunk] of chunks.entries()) {
    const offset = index * chunkBytes;
    const plain = memory.subarray(offset, Math.min(offset + chunkBytes, bytes));
    const from = referenceAt(offset, plain.length);
    const name = `${place}, chunk ${index}`;
    if (chunk.kind === "zero") {
      plain.set(from);
    } else {
      const difference = stored(chunk, plain.length, name);
      if (E.isLeft(difference)) return difference;
      plain.set(difference.right);
      exclusiveOr(plain, from);
    }
    const actual = sha256(plain);
    if (Buffer.compare(actual, chunk.hash) !== 0)
      return E.left({
        tag: "ChecksumMismatch",
        place: name,
        expected: Buffer.from(chunk.hash).toString("hex"),
        actual: Buffer.from(actual).toString("hex"),
      });
  }
  return E.right(memory);
};
