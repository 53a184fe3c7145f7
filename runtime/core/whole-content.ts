// The whole content of a file at once, up to a bound.
import { E } from "../../lib/fp.ts";
import type { OpenFile } from "../provider/file/file-provider.ts";
import type { Answer } from "./service.ts";

/** Most bytes that `readText` answers, and that one handle takes along in an image. */
export const WHOLE_BYTES = 16 << 20;

const tooLarge = (path: string, size: number): Answer<never> =>
  E.left({ tag: "TooLarge", what: path, bytes: size, limit: WHOLE_BYTES });

/** What is there from `offset` on, at most `WHOLE_BYTES` of it. */
export const wholeContent = (file: OpenFile, path: string, offset: number): Answer<Uint8Array> => {
  const stat = file.stat();
  if (E.isLeft(stat)) return stat;
  const left = Math.max(0, stat.right.size - offset);
  if (left > WHOLE_BYTES) return tooLarge(path, left);
  const content = new Uint8Array(left);
  for (let at = 0; at < left;) {
    const read = file.read(offset + at, content.subarray(at));
    if (E.isLeft(read)) return read;
    if (read.right === 0) return E.right(content.subarray(0, at));
    at += read.right;
  }
  return E.right(content);
};
