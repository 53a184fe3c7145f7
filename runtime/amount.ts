// Amounts with units, as people write them: bytes with `k`, `M`, `G` of 1024, time with `ms`, `s`, `m`, `h`.
// Bare numbers are bytes and milliseconds.
import { E, type Either } from "../lib/fp.ts";

type Units = Readonly<Record<string, number>>;

const SIZES: Units = { "": 1, K: 1024, k: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const TIMES: Units = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The longest time that a Node timer takes, in ms. */
const LONGEST = 2 ** 31 - 1;

/** What else people write. */
const SIZE_HABITS = { b: "", kb: "k", kib: "k", m: "M", mb: "M", mib: "M", g: "G", gb: "G", gib: "G" };
const TIME_HABITS = {
  msec: "ms",
  millis: "ms",
  milliseconds: "ms",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  hour: "h",
  hours: "h",
};

/** The amount, or what was probably meant, or null. */
const amount = (
  written: string,
  units: Units,
  habits: Readonly<Record<string, string>>,
  most: number,
): Either<string | null, number> => {
  const [, digits, gap, unit] = /^(\d{1,20}(?:\.\d{1,9})?)(\s*)([a-zA-Z]*)$/.exec(written) ?? [];
  if (digits === undefined || unit === undefined) return E.left(null);
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor === undefined || gap !== "") {
    const small = unit.toLowerCase();
    const meant =
      factor === undefined
        ? Object.hasOwn(habits, small)
          ? habits[small]!
          : Object.hasOwn(units, small)
            ? small
            : null
        : unit;
    return E.left(meant === null ? null : `${digits}${meant}`);
  }
  const value = Number(digits) * factor;
  return Number.isSafeInteger(value) && value > 0 && value <= most ? E.right(value) : E.left(null);
};

/** An amount of memory, in bytes; more than none. Left: what was probably meant, or null. */
export const amountOfBytes = (written: string): Either<string | null, number> =>
  amount(written, SIZES, SIZE_HABITS, Number.MAX_SAFE_INTEGER);

/** A time, in ms; more than none, and no more than 24 days. Left: what was probably meant, or null. */
export const amountOfTime = (written: string): Either<string | null, number> =>
  amount(written, TIMES, TIME_HABITS, LONGEST);

/** The way back, for messages: the largest unit that divides it. */
export const renderBytes = (value: number): string => {
  const [unit, factor] =
    Object.entries(SIZES).findLast(([, size]) => size > 1 && value >= size && value % size === 0) ?? [];
  return factor === undefined ? `${value} bytes` : `${value / factor}${unit}`;
};
