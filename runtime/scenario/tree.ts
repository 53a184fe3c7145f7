// The values of a YAML file with the place of each: what the schemas read instead of plain objects, so that
// every complaint has a line and a column.

import type { Position } from "../diagnostic.ts";

interface Located {
  /** Where the value begins. */
  readonly at: Position;
  /** Offsets of the value in the text, the end excluded. */
  readonly span: readonly [start: number, end: number];
}

export interface Leaf extends Located {
  readonly kind: "leaf";
  readonly value: string | number | boolean | null;
  /** As written, without quotes: `007` and `1.0` are more than their numbers. */
  readonly source: string;
}

export interface List extends Located {
  readonly kind: "list";
  readonly items: readonly Tree[];
}

export interface Entry {
  /** Where the key stands. */
  readonly at: Position;
  readonly value: Tree;
}

export interface Mapping extends Located {
  readonly kind: "mapping";
  readonly entries: ReadonlyMap<string, Entry>;
}

export type Tree = Leaf | List | Mapping;

/** What stands where nothing was written. */
export const NOTHING: Leaf = {
  kind: "leaf",
  value: null,
  source: "",
  at: { line: 1, column: 1 },
  span: [0, 0],
};

/** A text of the author's in a message: in quotes, and cut where it is long. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** How a message calls what stood there. */
export const shown = (tree: Tree): string => {
  if (tree.kind === "list") return tree.items.length === 0 ? "an empty list" : "a list";
  if (tree.kind === "mapping") return tree.entries.size === 0 ? "an empty mapping" : "a mapping";
  if (tree.value === null) return "empty";
  return typeof tree.value === "string" ? quoted(tree.source) : tree.source.slice(0, 60);
};
