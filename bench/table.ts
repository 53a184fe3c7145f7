// The rows for people: figures, noise, target, and whether it is met.
import { cpus } from "node:os";
import { met, type Range, type Row, type Target } from "./row.ts";

const WIDTHS = [31, 37, 17, 22, 17, 3] as const;

const figure = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);

const ranged = (value: number | null, spread: Range | null | undefined): string =>
  value === null
    ? "–"
    : spread === null || spread === undefined
      ? figure(value)
      : `${figure(value)} (${figure(spread[0])}–${figure(spread[1])})`;

const targetText = ({ of, bound, limit, aim }: Target): string =>
  `${bound === "at least" ? "≥" : "≤"} ${figure(limit)}${of === "ratio" ? "×" : ""}` +
  (aim === undefined ? "" : `, aim ${aim}`);

const VERDICTS = new Map<boolean | null, string>([
  [true, "yes"],
  [false, "NO"],
  [null, ""],
]);

const laidOut = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0))
    .join("  ")
    .trimEnd();

export const heading = laidOut(["row", "value (least–greatest)", "against", "ratio", "target", "met"]);

/** What the figures were taken on. */
export const machineLine = (rounds: number): string => {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model ?? "unknown"}, Node ${process.versions.node}, ${rounds} rounds, medians`;
};

export const line = (row: Row): string => {
  const { name, value, unit, reference, ratio, spread, target, note } = row;
  const text = laidOut([
    name,
    `${ranged(value, spread?.value)} ${value === null ? "" : unit}`,
    reference === null ? "" : `${figure(reference)} ${unit}`,
    ranged(ratio, spread?.ratio),
    target === null ? "" : targetText(target),
    VERDICTS.get(met(row)) ?? "",
  ]);
  return note === undefined ? text : `${text}\n    ${note}`;
};
