// Lines with gaps: what matches, and where lines first differ.
import { expect } from "chai";
import * as fc from "fast-check";
import { lineDifference, linesOf } from "../../runtime/scenario/line-match.ts";
import type { LineMatch } from "../../runtime/scenario/schema-text.ts";

const expected = (lines: readonly string[]): LineMatch[] =>
  lines.map((text) => (text === "..." ? { kind: "any" } : { kind: "line", text }));

/** The definition, without thought for cost. */
const matches = (found: readonly string[], wanted: readonly string[]): boolean => {
  const [first, ...rest] = wanted;
  if (first === undefined) return found.length === 0;
  if (first !== "...") return found[0] === first && matches(found.slice(1), rest);
  return Array.from({ length: found.length + 1 }, (_, skipped) => found.slice(skipped)).some((left) =>
    matches(left, rest),
  );
};

describe("scenario: lines with gaps", () => {
  it("match as they are defined to", () => {
    const line = fc.constantFrom("a", "b");
    const wanted = fc.array(fc.oneof(line, fc.constant("...")), { maxLength: 7 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), wanted, (found, want) => {
        expect(lineDifference(found, expected(want)) === null).to.equal(matches(found, want));
      }),
      { numRuns: 2000 },
    );
  });

  for (const [found, want, line, wish, stood] of [
    ["a b c", "a x c", 2, "x", "b"],
    ["a b", "a b c", 3, "c", null],
    ["a b c", "a b", 3, null, "c"],
    ["a b c", "a ... d", 3, "d", "c"],
    ["a b c", "... b d ...", 3, "d", "c"],
    ["", "a", 1, "a", null],
    ["a", "a ... b c", 2, "b", null],
  ] as const)
    it(`${found || "nothing"} differs from ${want} in line ${line}`, () => {
      const split = (text: string): string[] => text.split(" ").filter(Boolean);
      const difference = lineDifference(split(found), expected(split(want)));
      expect(difference).to.include({ line, expected: wish, found: stood });
    });

  it("end with a newline or without", () => {
    expect([linesOf("a\nb\n"), linesOf("a\nb"), linesOf("a\n\n"), linesOf("")]).to.deep.equal([
      ["a", "b"],
      ["a", "b"],
      ["a", ""],
      [],
    ]);
  });
});
