// Running figures that never look back: a class, and closures over what they have seen so far.
import type { Day } from "./days.ts";

/** Mean and standard deviation in one pass, after Welford. */
export class Spread {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    const before = value - this.#mean;
    this.#mean += before / ++this.#count;
    this.#squares += before * (value - this.#mean);
  }

  get mean(): number {
    return this.#mean;
  }

  get deviation(): number {
    return Math.sqrt(this.#squares / (this.#count - 1));
  }
}

/** A figure worth keeping, and the day it belongs to. */
export interface Note {
  readonly value: number;
  readonly date: string;
}

/** The largest value of any day shown to it, or the smallest where `sign` is -1, and the first day that had it. */
export const record = (of: (day: Day) => number, sign = 1): ((day: Day) => Note) => {
  let best: Note = { value: -Infinity * sign, date: "" };
  return (day) => {
    if (of(day) * sign > best.value * sign) best = { value: of(day), date: day.date };
    return best;
  };
};

/** The longest run of days on which something held: how many, and the day it began. */
export const streak = (holds: (day: Day) => boolean): ((day: Day) => Note) => {
  let best: Note = { value: 0, date: "" };
  let run: Note = best;
  return (day) => {
    if (!holds(day)) run = { value: 0, date: "" };
    else run = { value: run.value + 1, date: run.value === 0 ? day.date : run.date };
    if (run.value > best.value) best = run;
    return best;
  };
};
