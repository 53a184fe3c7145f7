// Measures two things in turn, A B A B, so that what disturbs the machine disturbs both; reports medians.
import type { Range, Row, Target } from "./row.ts";

type Measured = () => number | Promise<number>;

export interface SideBySide {
  readonly name: string;
  readonly unit: string;
  readonly ours: Measured;
  readonly against: string;
  readonly theirs: Measured;
  readonly target: Target | null;
  readonly rounds: number;
  /** Rounds whose figures are thrown away: code is compiled and memory touched in them. Default 2. */
  readonly warmUp?: number;
}

export const median = (figures: readonly number[]): number => {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export const range = (figures: readonly number[]): Range => [Math.min(...figures), Math.max(...figures)];

export const sideBySide = async (plan: SideBySide): Promise<Row> => {
  const { name, unit, ours, against, theirs, target, rounds, warmUp = 2 } = plan;
  for (let i = 0; i < warmUp; i++) {
    await ours();
    await theirs();
  }
  const figures: number[] = [];
  const references: number[] = [];
  for (let i = 0; i < rounds; i++) {
    figures.push(await ours());
    references.push(await theirs());
  }
  const ratios = figures.map((figure, i) => figure / references[i]!);
  return {
    name,
    value: median(figures),
    unit,
    against,
    reference: median(references),
    ratio: median(ratios),
    spread: { value: range(figures), ratio: range(ratios) },
    target,
  };
};
