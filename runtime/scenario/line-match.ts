// Whether lines are those that a scenario expects, gaps included, and if not, where they first differ.
import type { LineMatch } from "./schema-text.ts";

/** The first place where lines differ from what was expected. */
export interface LineDifference {
  /** From 1; one more than there are lines where they end too early. */
  readonly line: number;
  /** Null: the end. */
  readonly expected: string | null;
  readonly found: string | null;
  /** The expected line might have stood in any later line as well. */
  readonly anywhere: boolean;
}

/** The stretches of lines between gaps. */
const stretches = (expected: readonly LineMatch[]): string[][] => {
  const all: string[][] = [[]];
  for (const each of expected)
    if (each.kind === "any") all.push([]);
    else all.at(-1)!.push(each.text);
  return all;
};

/** How many lines of a stretch stand at `at`. */
const agreeing = (found: readonly string[], at: number, stretch: readonly string[]): number => {
  let count = 0;
  while (count < stretch.length && at + count < found.length && found[at + count] === stretch[count]) count++;
  return count;
};

const differenceAt = (
  found: readonly string[],
  index: number,
  expected: string | undefined,
  anywhere = false,
): LineDifference => ({
  line: index + 1,
  expected: expected ?? null,
  found: found[index] ?? null,
  anywhere,
});

/** Null where the lines are as expected. A gap takes as few lines as it can. */
export const lineDifference = (
  found: readonly string[],
  expected: readonly LineMatch[],
): LineDifference | null => {
  const [first = [], ...others] = stretches(expected);
  const begun = agreeing(found, 0, first);
  if (begun < first.length) return differenceAt(found, begun, first[begun]);
  if (others.length === 0)
    return found.length === first.length ? null : differenceAt(found, first.length, undefined);
  let from = first.length;
  const last = others.pop()!;
  for (const stretch of others) {
    let [best, bestAt] = [0, from];
    let at = from;
    for (; at + stretch.length <= found.length; at++) {
      const count = agreeing(found, at, stretch);
      if (count === stretch.length) break;
      if (count > best) [best, bestAt] = [count, at];
    }
    if (at + stretch.length > found.length)
      return differenceAt(found, bestAt + best, stretch[best], best === 0);
    from = at + stretch.length;
  }
  const at = found.length - last.length;
  if (at < from) return differenceAt(found, found.length, last[Math.max(0, found.length - from)]);
  const count = agreeing(found, at, last);
  return count === last.length ? null : differenceAt(found, at + count, last[count]);
};

/** Lines of a text; the newline at its end begins no line of its own. */
export const linesOf = (text: string): string[] => {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
};
