// The index section of an image: for each memory, in the manifest's order, what its chunks are and how long. The
// chunks follow one another in the section after it, with nothing between.
import * as t from "io-ts";
import { E, pipe, type Either } from "../../lib/fp.ts";
import { decode } from "./cbor-reader.ts";
import { encode } from "./cbor.ts";
import { closedRecord, decodeClosed, refined } from "./closed-record.ts";
import { malformed, type ImageError } from "./image-error.ts";
import type { Manifest } from "./manifest.ts";
import { chunkBytes, chunkCount, chunkKinds, type ChunkKind, type EncodedMemory } from "./memory.ts";

const isLength = (input: unknown): input is number =>
  typeof input === "number" && Number.isInteger(input) && input >= 0 && input <= chunkBytes;

/** Kind, stored bytes, SHA-256 of the plain memory. Not a tuple of io-ts, which drops a fourth item silently. */
const Chunk = refined(
  `one of ${chunkKinds.join(", ")}; a length; 32 bytes`,
  (input): input is readonly [kind: ChunkKind, length: number, hash: Uint8Array] =>
    Array.isArray(input) &&
    input.length === 3 &&
    (chunkKinds as readonly unknown[]).includes(input[0]) &&
    isLength(input[1]) &&
    input[2] instanceof Uint8Array &&
    input[2].length === 32,
);

const MemoryIndex = closedRecord("memory index", {
  /** Whether it needs no base memory. */
  whole: t.boolean,
  chunks: t.readonlyArray(Chunk, "array of chunks"),
});
const ChunkIndex = t.readonlyArray(MemoryIndex, "array of memories");

export const encodeIndex = (memories: readonly EncodedMemory[]): Uint8Array =>
  encode(
    memories.map(({ whole, chunks }) => ({
      whole,
      chunks: chunks.map((chunk) => [chunk.kind, chunk.data.length, chunk.hash]),
    })),
  );

/** Cuts the section of chunks as its index says; every byte of it must belong to a chunk. */
export const cutChunks = (
  manifest: Manifest,
  index: Uint8Array,
  chunks: Uint8Array,
): Either<ImageError, readonly EncodedMemory[]> =>
  pipe(
    decode(index, "index"),
    E.flatMap((value) => decodeClosed(ChunkIndex, value, "index")),
    E.flatMap((entries) => {
      if (entries.length !== manifest.children.length)
        return E.left(malformed("index", `${manifest.children.length} memories`, `${entries.length}`));
      let offset = 0;
      const memories: EncodedMemory[] = [];
      for (const [i, entry] of entries.entries()) {
        const bytes = manifest.children[i]?.memoryBytes ?? 0;
        const count = chunkCount(bytes);
        if (entry.chunks.length !== count)
          return E.left(malformed(`index[${i}].chunks`, `${count} of them`, `${entry.chunks.length}`));
        for (const [j, [chunkKind, stored]] of entry.chunks.entries()) {
          const plain = Math.min(chunkBytes, bytes - j * chunkBytes);
          const fits =
            chunkKind === "zero" ? stored === 0 : chunkKind === "raw" ? stored === plain : stored < plain;
          if (!fits)
            return E.left(
              malformed(`index[${i}].chunks[${j}]`, `a length that suits ${chunkKind}`, `${stored}`),
            );
        }
        memories.push({
          bytes,
          whole: entry.whole,
          chunks: entry.chunks.map(([chunkKind, stored, plainHash]) => {
            offset += stored;
            return { kind: chunkKind, hash: plainHash, data: chunks.subarray(offset - stored, offset) };
          }),
        });
      }
      return offset === chunks.length
        ? E.right(memories)
        : E.left(malformed("chunks", `the ${offset} bytes of the index`, `${chunks.length}`));
    }),
  );
