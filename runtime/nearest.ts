// The nearest right word to a wrong one, by Damerau–Levenshtein distance (optimal string alignment):
// an insertion, a deletion, another letter or two letters swapped cost one each.

const distance = (from: string, to: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let column = 1; column <= to.length; column++) {
      const other = from[row - 1] === to[column - 1] ? 0 : 1;
      let least = Math.min(last[column]! + 1, next[column - 1]! + 1, last[column - 1]! + other);
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1])
        least = Math.min(least, before[column - 2]! + 1);
      next.push(least);
    }
    [before, last] = [last, next];
  }
  return last[to.length]!;
};

/** Case, `_`, `-` and spaces are what people misremember first. */
const bare = (word: string): string => word.toLowerCase().replaceAll(/[\s_-]/g, "");

/** Longer words are no slips, and comparing them would take long. */
const LONGEST = 100;

/** How many slips a word of this length may hold. */
const tolerance = (length: number): number => Math.min(3, Math.max(1, Math.floor((length + 1) / 3)));

/**
 * The one of `words` that `word` was most likely meant to be, or null when none is near: about a third of its
 * letters, and never more than three, may be wrong. An abbreviation of three letters or more counts as near.
 * Ties go to the earlier word.
 */
export const nearest = (word: string, words: Iterable<string>): string | null => {
  if (word.length > LONGEST) return null;
  const wrong = bare(word);
  let best: string | null = null;
  let least = Infinity;
  for (const candidate of words) {
    if (candidate === word) return candidate;
    const right = bare(candidate);
    const allowed = tolerance(Math.max(wrong.length, right.length));
    const abbreviated = wrong.length > 2 && right.startsWith(wrong);
    if (!abbreviated && Math.abs(wrong.length - right.length) > allowed) continue;
    const cost = Math.min(abbreviated ? allowed : Infinity, distance(wrong, right));
    if (cost <= allowed && cost < least) [best, least] = [candidate, cost];
  }
  return best;
};

/** The end of a message: `; did you mean "image"?`, or nothing. */
export const didYouMean = (word: string | null): string =>
  word === null ? "" : `; did you mean ${JSON.stringify(word)}?`;

/** `a`, `a or b`, `a, b or c`: what a message offers. */
export const oneOf = (words: Iterable<string>): string => {
  const all = [...words];
  return all.length < 2 ? (all[0] ?? "none") : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
};
