// What of YAML a scenario file may use. Hostile files are refused in bounded time.

import { expect } from "chai";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { locate, renderPath, subtree } from "../../runtime/scenario/locate.ts";
import { parseYaml } from "../../runtime/scenario/parse-yaml.ts";
import { shown } from "../../runtime/scenario/tree.ts";
import type { Mapping } from "../../runtime/scenario/tree.ts";
import { E } from "../../lib/fp.ts";

const refusals = (text: string): readonly string[] => {
  const result = parseYaml(text, "f.yaml");
  return E.isLeft(result) ? result.left.map(renderDiagnostic) : [];
};

const tree = (text: string): Mapping => {
  const result = parseYaml(text, "f.yaml");
  if (E.isLeft(result)) throw new Error(result.left.map(renderDiagnostic).join("\n"));
  return result.right;
};

const EMPTY = "f.yaml:1:1: the file is empty; expected a mapping with the keys scenario and start";

/** Ten aliases of ten aliases, nine deep. */
const bomb = Array.from(
  { length: 9 },
  (_, level) =>
    `l${level}: &l${level} [${Array(10)
      .fill(level === 0 ? "x" : `*l${level - 1}`)
      .join(", ")}]`,
).join("\n");

/** Every alias adds depth: ten levels each. */
const tower = Array.from(
  { length: 9 },
  (_, level) =>
    `t${level}: &t${level} ${"[".repeat(10)}${level === 0 ? "x" : `*t${level - 1}`}${"]".repeat(10)}`,
).join("\n");

describe("scenario: the YAML of a file", () => {
  for (const [title, text, expected] of [
    ["nothing", "", [EMPTY]],
    ["a comment alone", "# nothing\n", [EMPTY]],
    ["an empty document", "---\n", [EMPTY.replace("1:1", "1:4")]],
    [
      "a list",
      "- a\n",
      ["f.yaml:1:1: the file is a list; expected a mapping with the keys scenario and start"],
    ],
    [
      "a word",
      "hello",
      ['f.yaml:1:1: the file is "hello"; expected a mapping with the keys scenario and start'],
    ],
    [
      "a second document",
      "a: 1\n---\nb: 2\n",
      ["f.yaml:2:1: a second document begins here; expected one a file"],
    ],
    [
      "a repeated key",
      "a: 1\nb: 2\na: 3\n",
      ['f.yaml:3:1: the key "a" stands here again; expected it once, the first is in line 1'],
    ],
    ["a tab", "a:\n\t- b\n", ["f.yaml:2:1: this is not plain YAML: Tabs are not allowed as indentation"]],
    [
      "an open bracket",
      "a: [1\nb: 2\n",
      [
        "f.yaml:2:1: this is not plain YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
      ],
    ],
    ["a tag of its own", "a: !foo 1\n", ["f.yaml:1:4: this is not plain YAML: Unresolved tag: !foo"]],
    [
      "a binary",
      "a: !!binary aGVsbG8=\n",
      ["f.yaml:1:4: this is not plain YAML: Unresolved tag: tag:yaml.org,2002:binary"],
    ],
    [
      "a list as a key",
      "? [a]\n: b\n",
      ["f.yaml:1:3: this key is no word; expected a text before the colon"],
    ],
    ["no key", ": b\n", ["f.yaml:1:1: this key is no word; expected a text before the colon"]],
    [
      "__proto__",
      "__proto__: {}\n",
      ['f.yaml:1:1: the key "__proto__" stands here; expected any other word'],
    ],
    [
      "infinity",
      "a: .inf\n",
      ["f.yaml:1:4: .inf is no value that JSON keeps; expected it in quotes, as a text"],
    ],
    [
      "a number that loses digits",
      "a: 12345678901234567890\n",
      ["f.yaml:1:4: 12345678901234567890 is no value that JSON keeps; expected it in quotes, as a text"],
    ],
    [
      "an unknown alias",
      "a: *b\n",
      ["f.yaml:1:4: *b names no anchor above it; expected an anchor &b before"],
    ],
    [
      "an alias of what it stands in",
      "a: &b [*b]\n",
      ["f.yaml:1:8: *b stands inside what it names; expected it after the end of &b"],
    ],
  ] as const)
    it(`refuses ${title}`, () => {
      expect(refusals(text)).to.deep.equal(expected);
    });

  it("fault 18: an alias bomb is refused where it grows too large", () => {
    expect(refusals(bomb)).to.deep.equal([
      "f.yaml:5:9: 111111 values begin here, aliases followed; expected at most 100000",
    ]);
  });

  it("fault 18: nesting is bounded, by aliases too", () => {
    const message = "nesting goes deeper here; expected at most 64 levels of lists and mappings";
    expect(refusals(`a: ${"[".repeat(80)}${"]".repeat(80)}`)).to.deep.equal([`f.yaml:1:68: ${message}`]);
    expect(refusals(tower).some((each) => each.includes(message))).to.equal(true);
    for (const open of ["[", "{a: ", "- ", "? "])
      expect(refusals(open.repeat(300_000))).not.to.deep.equal([]);
  });

  it("keeps what numbers were written as, and where everything stands", () => {
    const root = tree("a: 007\nb:\n  - { c: 1.0 }\n  - 'x'\nd: &d [1]\ne: *d\n");
    const leaf = subtree(root, ["b", "[0]", "c"]);
    expect(leaf).to.deep.include({ kind: "leaf", value: 1, source: "1.0", at: { line: 3, column: 10 } });
    expect(subtree(root, ["a"])).to.deep.include({ value: 7, source: "007" });
    expect(subtree(root, ["b", "[7]"])).to.equal(null);
    expect(locate(root, ["b", "[0]", "c"], "key")).to.deep.equal({ line: 3, column: 7 });
    expect(locate(root, ["b", "[1]", "nothing"], "value")).to.deep.equal({ line: 4, column: 5 });
    expect(locate(root, ["e", "[0]"], "value")).to.deep.equal({ line: 5, column: 8 });
    expect(renderPath(["b", "[0]", "c"])).to.equal("b[0].c");
  });

  it("shows what stood there, cut where it is long", () => {
    const root = tree(`a: []\nb: {}\nc:\nd: "q\\"q"\ne: ${"x".repeat(99)}\nf: 0x10\n`);
    expect(["a", "b", "c", "d", "e", "f"].map((key) => shown(subtree(root, [key])!))).to.deep.equal([
      "an empty list",
      "an empty mapping",
      "empty",
      '"q\\"q"',
      `"${"x".repeat(60)}…"`,
      "0x10",
    ]);
  });
});
