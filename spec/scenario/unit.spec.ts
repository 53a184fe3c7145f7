// Amounts with units.

import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { renderBytes } from "../../runtime/amount.ts";
import { read } from "../../runtime/scenario/schema.ts";
import type { Schema } from "../../runtime/scenario/schema.ts";
import { NOTHING } from "../../runtime/scenario/tree.ts";
import { bytes, duration } from "../../runtime/scenario/unit.ts";

/** What is read, or the suggestion, or null. */
const of =
  (schema: Schema<number>) =>
  (written: string | number): number | string | null => {
    const leaf = { ...NOTHING, value: written, source: String(written) };
    const result = read(schema, leaf, [], { file: "u.yaml", root: leaf });
    if (E.isRight(result)) return result.right;
    return /did you mean "(.*)"/.exec(result.left[0]?.message ?? "")?.[1] ?? null;
  };

describe("scenario: units", () => {
  for (const [written, expected] of [
    ["64M", 64 * 1024 ** 2],
    ["1k", 1024],
    ["1K", 1024],
    ["2G", 2 * 1024 ** 3],
    ["1.5M", 1.5 * 1024 ** 2],
    ["4096", 4096],
    [4096, 4096],
    ["64m", "64M"],
    ["64MiB", "64M"],
    ["64 M", "64M"],
    ["64kb", "64k"],
    ["64x", null],
    ["0", null],
    ["0.3k", null],
    [-1, null],
    [1.5, null],
    ["9999999999G", null],
    ["1constructor", null],
    ["", null],
  ] as const)
    it(`${JSON.stringify(written)} of memory`, () => {
      expect(of(bytes)(written)).to.equal(expected);
    });

  for (const [written, expected] of [
    ["500ms", 500],
    ["10s", 10_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1.5s", 1500],
    [250, 250],
    ["250", 250],
    ["10sec", "10s"],
    ["10S", "10s"],
    ["10 minutes", "10m"],
    ["10M", "10m"],
    ["10d", null],
    ["0s", null],
    ["600h", null],
  ] as const)
    it(`${JSON.stringify(written)} of time`, () => {
      expect(of(duration)(written)).to.equal(expected);
    });

  it("words bytes with the largest unit that divides them", () => {
    expect([0, 1000, 1024, 3 * 1024 ** 2, 2 * 1024 ** 3].map(renderBytes)).to.deep.equal([
      "0 bytes",
      "1000 bytes",
      "1k",
      "3M",
      "2G",
    ]);
  });
});
