// From YAML to a located tree. Only what JSON can say comes through: no second document, no repeated or
// composite keys, no tags of one's own, no aliases that grow the file without bound.

import { Composer, isAlias, isCollection, isMap, isScalar, Lexer, LineCounter, Parser } from "yaml";
import type { CST, Node, Pair, Scalar, YAMLMap } from "yaml";
import { E } from "../../lib/fp.ts";
import type { Either } from "../../lib/fp.ts";
import { inOrder } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { quoted, shown } from "./tree.ts";
import type { Entry, Leaf, Mapping, Tree } from "./tree.ts";

/** Values a file may hold once its aliases are followed. */
const MOST_VALUES = 100_000;
/** Levels of lists and mappings, aliases followed. */
const DEEPEST = 64;
const TOO_DEEP = `nesting goes deeper here; expected at most ${DEEPEST} levels of lists and mappings`;
/** The package reports one slip many times over; the first few say it. */
const MOST_SYNTAX_ERRORS = 20;

const EXPECTED = "expected a mapping with the keys scenario and start";

/** A tree with what an alias of it costs. */
interface Measured {
  readonly tree: Tree;
  readonly values: number;
  readonly height: number;
}

type Complain = (offset: number, message: string) => void;

const startOf = (node: Node): number => node.range?.[0] ?? 0;

/** Turns nodes of the package into trees, complaining about what JSON has no word for. */
const reader = (counter: LineCounter, complain: Complain) => {
  const anchors = new Map<string, Measured | "open">();

  const located = (node: Node) => ({
    at: position(counter, startOf(node)),
    span: [startOf(node), node.range?.[1] ?? startOf(node)] as const,
  });

  const nothing = (offset: number): Measured => ({
    tree: { kind: "leaf", value: null, source: "", at: position(counter, offset), span: [offset, offset] },
    values: 1,
    height: 0,
  });

  const leaf = (node: Scalar): Leaf => {
    const { value } = node;
    const source = typeof value === "string" ? value : (node.source ?? String(value));
    const lost =
      typeof value === "number" &&
      (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)));
    if (!lost && (value === null || ["string", "number", "boolean"].includes(typeof value)))
      return { kind: "leaf", value: value as Leaf["value"], source, ...located(node) };
    complain(startOf(node), `${source} is no value that JSON keeps; expected it in quotes, as a text`);
    return { kind: "leaf", value: null, source, ...located(node) };
  };

  const key = ({ key: node }: Pair, map: YAMLMap): { name: string; offset: number } | null => {
    const offset = startOf((node ?? map) as Node);
    if (!isScalar(node) || node.value === null) {
      complain(offset, "this key is no word; expected a text before the colon");
      return null;
    }
    const name = typeof node.value === "string" ? node.value : (node.source ?? "");
    if (name !== "__proto__") return { name, offset };
    complain(offset, `the key "__proto__" stands here; expected any other word`);
    return null;
  };

  const mapping = (node: YAMLMap, depth: number): Measured => {
    const entries = new Map<string, Entry>();
    let [values, height] = [1, 0];
    for (const pair of node.items) {
      const named = key(pair, node);
      const value = measured(pair.value as Node | null, named?.offset ?? startOf(node), depth + 1);
      values += value.values;
      height = Math.max(height, value.height);
      if (named === null) continue;
      const { name, offset } = named;
      const first = entries.get(name);
      if (first === undefined) entries.set(name, { at: position(counter, offset), value: value.tree });
      else
        complain(
          offset,
          `the key ${quoted(name)} stands here again; expected it once, the first is in line ${first.at.line}`,
        );
    }
    return { tree: { kind: "mapping", entries, ...located(node) }, values, height: height + 1 };
  };

  const list = (node: Node & { readonly items: unknown[] }, depth: number): Measured => {
    const items = node.items.map((each) => measured(each as Node | null, startOf(node), depth + 1));
    return {
      tree: { kind: "list", items: items.map(({ tree }) => tree), ...located(node) },
      values: items.reduce((sum, { values }) => sum + values, 1),
      height: items.reduce((most, { height }) => Math.max(most, height), 0) + 1,
    };
  };

  const tooDeep = (offset: number): Measured => {
    complain(offset, TOO_DEEP);
    return nothing(offset);
  };

  const alias = (name: string, offset: number, depth: number): Measured => {
    const target = anchors.get(name);
    if (target !== undefined && target !== "open")
      return depth + target.height > DEEPEST ? tooDeep(offset) : target;
    complain(
      offset,
      target === undefined
        ? `*${name} names no anchor above it; expected an anchor &${name} before`
        : `*${name} stands inside what it names; expected it after the end of &${name}`,
    );
    return nothing(offset);
  };

  const fresh = (node: Node | null, offset: number, depth: number): Measured => {
    if (isAlias(node)) return alias(node.source, startOf(node), depth);
    if (isScalar(node)) return { tree: leaf(node), values: 1, height: 0 };
    if (isMap(node)) return mapping(node, depth);
    return isCollection(node) ? list(node, depth) : nothing(offset);
  };

  const measured = (node: Node | null, offset: number, depth: number): Measured => {
    const begin = node === null ? offset : startOf(node);
    if (depth > DEEPEST) return tooDeep(begin);
    const anchor = node !== null && "anchor" in node ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, "open");
    let result = fresh(node, offset, depth);
    if (result.values > MOST_VALUES) {
      complain(
        begin,
        `${result.values} values begin here, aliases followed; expected at most ${MOST_VALUES}`,
      );
      result = nothing(begin);
    }
    if (anchor !== undefined) anchors.set(anchor, result);
    return result;
  };

  return (node: Node): Tree => measured(node, 0, 0).tree;
};

const position = (counter: LineCounter, offset: number) => {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

/**
 * The tokens of a text, or the offset where they nest too deep. The package composes them by recursion, and a
 * process that runs out of stack in the middle of a regular expression is gone: so nesting is bounded here.
 */
const tokensOf = (text: string, counter: LineCounter): Either<number, readonly CST.Token[]> => {
  const parser = new Parser(counter.addNewLine);
  const tokens: CST.Token[] = [];
  counter.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > 2 * DEEPEST) return E.left(parser.offset);
  }
  for (const token of parser.end()) tokens.push(token);
  return E.right(tokens);
};

/** Reads the tree of a file of one document. The diagnostics say what is not YAML, or not JSON's part of it. */
export const parseYaml = (text: string, file: string): Either<readonly Diagnostic[], Mapping> => {
  const counter = new LineCounter();
  const diagnostics: Diagnostic[] = [];
  const complain: Complain = (offset, message) => {
    diagnostics.push({ file, ...position(counter, offset), message });
  };

  const tokens = tokensOf(text, counter);
  if (E.isLeft(tokens)) {
    complain(tokens.left, TOO_DEEP);
    return E.left(diagnostics);
  }
  // Repeated keys are found by the reader: the package compares every key with every other.
  const options = {
    prettyErrors: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: "error",
  } as const;
  const documents = [...new Composer(options).compose(tokens.right)];
  const slips = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  for (const { pos, message } of slips.slice(0, MOST_SYNTAX_ERRORS))
    complain(pos[0], `this is not plain YAML: ${message}`);
  if (diagnostics.length > 0) return E.left(inOrder(diagnostics));

  const [document, second] = documents;
  if (second !== undefined) complain(second.range[0], "a second document begins here; expected one a file");
  if (document === undefined || document.contents === null) complain(0, `the file is empty; ${EXPECTED}`);
  else {
    const tree = reader(counter, complain)(document.contents);
    if (diagnostics.length === 0 && tree.kind === "mapping") return E.right(tree);
    if (tree.kind !== "mapping")
      complain(startOf(document.contents), `the file is ${shown(tree)}; ${EXPECTED}`);
  }
  return E.left(inOrder(diagnostics));
};
