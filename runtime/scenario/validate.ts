// What the cross-checks of a scenario file share: complaints by path, and the wording of a name that is none.

import type { Diagnostic } from "../diagnostic.ts";
import { locate, renderPath } from "./locate.ts";
import type { Path } from "./locate.ts";
import type { Source } from "./schema.ts";
import { didYouMean, nearest, oneOf } from "../nearest.ts";
import { quoted } from "./tree.ts";

export interface Complaints {
  /** About the value at a path, or about its key. */
  readonly about: (path: Path, message: string, part?: "key" | "value") => void;
  /**
   * `PATH is "word"; expected WHAT: a or b; did you mean "a"?`. `word` is the part of the value that is a name.
   */
  readonly unknown: (path: Path, word: string, what: string, known: Iterable<string>) => void;
}

/** Names that a message lists at most. */
const MOST_NAMES = 12;

/** Complaints after which no more suggestions are looked for: each costs a pass over all names. */
const MOST_HINTS = 50;

const choice = (known: readonly string[]): string =>
  known.length === 0
    ? ", but there is none"
    : known.length > MOST_NAMES
      ? `: ${known.slice(0, MOST_NAMES).join(", ")} and ${known.length - MOST_NAMES} more`
      : `: ${oneOf(known)}`;

/** Complaints that end up in `into`, with their places in the file. */
export const complaints = ({ file, root }: Source, into: Diagnostic[]): Complaints => {
  const about: Complaints["about"] = (path, message, part = "value") => {
    into.push({ file, ...locate(root, path, part), message });
  };
  return {
    about,
    unknown: (path, word, what, known) => {
      const all = [...known];
      const hint = into.length < MOST_HINTS ? didYouMean(nearest(word, all)) : "";
      about(path, `${renderPath(path)} names ${quoted(word)}; expected ${what}${choice(all)}${hint}`);
    },
  };
};
