// Whatever stands in a file, the reader answers: with a scenario or with complaints that lie inside the file.

import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { parseScenario } from "../../runtime/scenario/parse-scenario.ts";
import { EXAMPLE } from "./example.ts";

const WORDS = [
  ...new Set(EXAMPLE.match(/[A-Za-z_]+/g)),
  "memory",
  "json",
  "rights",
  "report",
  "as",
  "sent",
  "error",
  "denied",
  "fault",
  "children",
  "__proto__",
  "constructor",
];

const PUNCTUATION = "{ } [ ] , : - & * ! | > ' \" % @ # ? ~ 0 x".split(" ").concat(" ", "\n", "\t", "\0");

/** The law: an answer for every text, complaints in order and at places that exist. */
const answered = (text: string): void => {
  const result = parseScenario(text, "h.yaml");
  if (E.isRight(result)) return;
  expect(result.left).not.to.deep.equal([]);
  const lines = text.split(/\r\n|\r|\n/);
  let [lastLine, lastColumn] = [0, 0];
  for (const { line, column, message } of result.left) {
    expect(line).to.be.within(1, lines.length);
    expect(column).to.be.at.least(1);
    expect(line * 1e6 + column).to.be.at.least(lastLine * 1e6 + lastColumn);
    expect(message).not.to.equal("");
    [lastLine, lastColumn] = [line, column];
  }
};

/** Structures that use the words of scenario files in all the wrong places. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.oneof(fc.constantFrom(...WORDS), fc.string(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...WORDS), tie("value"), { maxKeys: 5 }),
  ),
}));

const file = fc.record(
  {
    scenario: fc.oneof(fc.string(), value),
    hosts: fc.oneof(fc.dictionary(fc.constantFrom(...WORDS), value), value),
    start: fc.oneof(fc.dictionary(fc.constantFrom(...WORDS), value), value),
    steps: fc.oneof(fc.array(fc.dictionary(fc.constantFrom(...WORDS), value, { maxKeys: 2 })), value),
  },
  { requiredKeys: [] },
);

describe("scenario: files from anywhere", () => {
  it("fault 17: random structures are answered", () => {
    fc.assert(
      fc.property(file, (structure) => answered(JSON.stringify(structure, null, 1))),
      { numRuns: 400 },
    );
  });

  it("fault 17: random text is answered", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...WORDS, ...PUNCTUATION), { maxLength: 60 }), (parts) =>
        answered(parts.join("")),
      ),
      { numRuns: 600 },
    );
    fc.assert(fc.property(fc.string({ unit: "binary" }), answered), { numRuns: 300 });
  });

  it("fault 15: a file cut off anywhere is answered", () => {
    for (let length = 0; length < EXAMPLE.length; length++) answered(EXAMPLE.slice(0, length));
  });

  it("fault 16: a file with one character changed anywhere is answered", () => {
    fc.assert(
      fc.property(fc.nat(EXAMPLE.length - 1), fc.constantFrom(...PUNCTUATION), (at, other) =>
        answered(EXAMPLE.slice(0, at) + other + EXAMPLE.slice(at + 1)),
      ),
      { numRuns: 500 },
    );
  });

  it("a word replaced by another anywhere is answered", () => {
    const places = [...EXAMPLE.matchAll(/[A-Za-z_]+/g)].map(
      ({ index, 0: word }) => [index, word.length] as const,
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom(...WORDS), ([at, length], word) =>
        answered(EXAMPLE.slice(0, at) + word + EXAMPLE.slice(at + length)),
      ),
      { numRuns: 500 },
    );
  });

  it("fault 18: large files of nothing but slips are answered", () => {
    const many = <A>(make: (index: number) => A) => Array.from({ length: 5_000 }, (_, index) => make(index));
    const start = many((index) => `  child-${index}: { component: a.ts }\n`).join("");
    const steps = many((index) => `  - kill: { child: chidl-${index} }\n`).join("");
    answered(`scenario: x\nstart:\n${start}steps:\n${steps}`);
    const long = "x".repeat(200_000);
    answered(
      `scenario: x\nhosts: { here: { files: { ${long}: { memory: true } } } }\nstart: {}\nsteps: [{ remove: { file: ${long}y/a } }]\n`,
    );
    answered(`${many((index) => `key-${index}: 1`).join("\n")}\n`);
  });
});
