// A provider's path, parsed once. Nothing behind it ever looks at the text again: providers walk the names.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";

/** The names on the way; none of them for the provider's root. */
export type FilePath = readonly string[];

/** The file in a directory that keeps who may change it: no component opens, sees or moves it. */
export const EPOCHS = ".cryonode-epochs";

/** Bytes of UTF-8, the bounds of Linux. */
const longestPath = 4096;
const longestName = 255;

const invalid = (path: string, reason: string): Either<SessionError, never> =>
  E.left({ tag: "InvalidPath", path: path.length > 300 ? `${path.slice(0, 300)}...` : path, reason });

/** `InvalidPath` for what is absolute, leads upwards, is empty somewhere, too long or not text. */
export const filePath = (text: string): Either<SessionError, FilePath> => {
  if (text === "" || text === ".") return E.right([]);
  // The first test spares the byte count of a text that can't fit anyway.
  if (text.length > longestPath || Buffer.byteLength(text) > longestPath)
    return invalid(text, `longer than ${longestPath} bytes`);
  if (text.startsWith("/")) return invalid(text, "absolute");
  if (text.includes("\0")) return invalid(text, "it contains a NUL");
  if (/\p{Cs}/u.test(text)) return invalid(text, "it is not well-formed text");
  const names = text.split("/");
  for (const name of names) {
    if (name === "") return invalid(text, "a name in it is empty");
    if (name === EPOCHS) return invalid(text, `"${name}" is the host's`);
    if (name === "." || name === "..") return invalid(text, `"${name}" is not a name`);
    if (Buffer.byteLength(name) > longestName)
      return invalid(text, `a name is longer than ${longestName} bytes`);
  }
  return E.right(names);
};

/** As `filePath`, without the root: it can't be opened, made, removed or moved. */
export const entryPath = (text: string): Either<SessionError, FilePath> => {
  const path = filePath(text);
  return E.isRight(path) && path.right.length === 0 ? invalid(text, "it is the provider's root") : path;
};
