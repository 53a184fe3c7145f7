// The bytes of an image file, or of a key: only of regular files, and bounded before they are allocated.
import { E, type Either } from "../../lib/fp.ts";
import type { FileFacts, FilePower, OpenFile } from "./file-power.ts";
import { fileStep } from "./file-step.ts";
import { malformed, type ImageError } from "./image-error.ts";

/** Bytes that an image file may have unless said otherwise: 4 GiB. */
const maxImageBytes = 2 ** 32;

const readAll = async (file: OpenFile, size: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(size);
  let offset = 0;
  while (offset < size) {
    const read = await file.read(bytes.subarray(offset));
    if (read === 0) break;
    offset += read;
  }
  // A file that shrank meanwhile shows as a truncated one.
  return bytes.subarray(0, offset);
};

const suitable = (path: string, { regular, size }: FileFacts, limit: number): Either<ImageError, number> => {
  if (!regular) return E.left(malformed(path, "a regular file", "something else"));
  return size > limit ? E.left({ tag: "TooLarge", what: path, size, limit }) : E.right(size);
};

/** Content and facts of a regular file of at most `limit` bytes. */
export const readBounded = async (
  path: string,
  power: FilePower,
  limit: number,
): Promise<Either<ImageError, { readonly bytes: Uint8Array; readonly facts: FileFacts }>> => {
  const unreadable = E.mapLeft((failed: { step: string; code: string }): ImageError => ({
    tag: "Unreadable",
    path,
    ...failed,
  }));
  const opened = unreadable(await fileStep("open", () => power.open(path)));
  if (E.isLeft(opened)) return opened;
  const file = opened.right;
  try {
    const facts = unreadable(await fileStep("stat", file.facts));
    if (E.isLeft(facts)) return facts;
    const size = suitable(path, facts.right, limit);
    if (E.isLeft(size)) return size;
    const bytes = unreadable(await fileStep("read", () => readAll(file, size.right)));
    return E.isLeft(bytes) ? bytes : E.right({ bytes: bytes.right, facts: facts.right });
  } finally {
    // What was read is read; a failing close takes nothing from it.
    await fileStep("close", file.close);
  }
};

/** The bytes of an image file, which nothing is known of until `authenticate` has passed them. */
export const readImage = async (
  path: string,
  power: FilePower,
  limit: number = maxImageBytes,
): Promise<Either<ImageError, Uint8Array>> =>
  E.map(({ bytes }: { readonly bytes: Uint8Array }) => bytes)(await readBounded(path, power, limit));
