// One line of the table: a figure, what it is measured against, and the target it has.

export interface Row {
  readonly name: string;
  /** The median of the rounds, in `unit`; null where it could not be measured, and `note` says why. */
  readonly value: number | null;
  readonly unit: string;
  /** What stands on the other side, and its own median. */
  readonly against: string;
  readonly reference: number | null;
  /** `value` by `reference`: the median of the rounds' own ratios. */
  readonly ratio: number | null;
  /** The least and the greatest `value` and `ratio` of the rounds. */
  readonly spread: { readonly value: Range; readonly ratio: Range | null } | null;
  readonly target: Target | null;
  readonly note?: string;
}

export type Range = readonly [least: number, greatest: number];

export interface Target {
  readonly of: "value" | "ratio";
  readonly bound: "at least" | "at most";
  readonly limit: number;
  /** A better figure that is aimed at. */
  readonly aim?: number;
}

/** Whether a row meets its target; null where it has none, or was not measured. */
export const met = ({ value, ratio, target }: Row): boolean | null => {
  const figure = target?.of === "ratio" ? ratio : value;
  if (target === null || figure === null) return null;
  return target.bound === "at least" ? figure >= target.limit : figure <= target.limit;
};

/** A row that could not be measured. */
export const skipped = (name: string, unit: string, against: string, note: string): Row => ({
  name,
  value: null,
  unit,
  against,
  reference: null,
  ratio: null,
  spread: null,
  target: null,
  note,
});
