// Paths into a file's tree: how messages name a place, and how a place is found again.

import type { Position } from "../diagnostic.ts";
import type { Tree } from "./tree.ts";

/** Keys from the root on; the items of a list are `[0]`, `[1]` and so on. */
export type Path = readonly string[];

export const item = (index: number): string => `[${index}]`;

/** `steps[2].until.within` */
export const renderPath = (path: Path): string =>
  path.map((key, depth) => (depth === 0 || /^\[\d+\]$/.test(key) ? key : `.${key}`)).join("");

const child = (tree: Tree, key: string): { readonly key: Position; readonly value: Tree } | null => {
  if (tree.kind === "mapping") {
    const entry = tree.entries.get(key);
    return entry === undefined ? null : { key: entry.at, value: entry.value };
  }
  const value = tree.kind === "list" ? tree.items[Number(key.slice(1, -1))] : undefined;
  return value === undefined ? null : { key: value.at, value };
};

/** The subtree at a path, or null. */
export const subtree = (root: Tree, path: Path): Tree | null => {
  let tree: Tree | null = root;
  for (const key of path) tree = tree === null ? null : (child(tree, key)?.value ?? null);
  return tree;
};

/**
 * Where a path leads: to the value there, or to its key. A path that leaves the tree ends at the key of the
 * last thing that exists.
 */
export const locate = (root: Tree, path: Path, part: "key" | "value"): Position => {
  let [tree, key] = [root, root.at];
  for (const step of path) {
    const next = child(tree, step);
    if (next === null) return key;
    [tree, key] = [next.value, next.key];
  }
  return part === "key" ? key : tree.at;
};
