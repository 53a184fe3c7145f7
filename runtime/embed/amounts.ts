// Sizes, times, counts and paths as a program writes them, made plain. What can't be meant throws a `TypeError` that
// names it.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { E, type Either } from "../../lib/fp.ts";
import { amountOfBytes, amountOfTime, renderBytes } from "../amount.ts";
import { didYouMean } from "../nearest.ts";
import type { Duration, Size } from "./host-options.ts";

const amount = (
  what: string,
  written: number | string,
  parse: (text: string) => Either<string | null, number>,
  expected: string,
): number => {
  const parsed = parse(String(written));
  if (E.isRight(parsed)) return parsed.right;
  const stood = JSON.stringify(written);
  throw new TypeError(`${what} is ${stood}; expected ${expected}${didYouMean(parsed.left)}`);
};

/** In bytes. */
export const sizeOf = (what: string, size: Size, most = Infinity): number => {
  const bytes = amount(what, size, amountOfBytes, 'bytes, or a size such as "64M"');
  if (bytes <= most) return bytes;
  throw new TypeError(`${what} is ${JSON.stringify(size)}; expected at most ${renderBytes(most)}`);
};

/** In ms. */
export const durationOf = (what: string, duration: Duration): number =>
  amount(what, duration, amountOfTime, 'ms, or a time such as "10s", at most 24 days');

export const countOf = (what: string, count: number, most = Infinity, least = 1): number => {
  if (Number.isSafeInteger(count) && count >= least && count <= most) return count;
  const bound = most === Infinity ? `at least ${least}` : `from ${least} to ${most}`;
  throw new TypeError(`${what} is ${count}; expected a whole number, ${bound}`);
};

/** An absolute path. */
export const pathOf = (path: string | URL): string =>
  path instanceof URL ? fileURLToPath(path) : resolve(path);
