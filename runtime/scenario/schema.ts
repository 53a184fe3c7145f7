// What the schemas of a scenario file are: io-ts codecs whose input is a located tree, so that each complaint
// has its path, says what stood there and what was expected, and finds its line and column.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import type { Either } from "../../lib/fp.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { locate, renderPath } from "./locate.ts";
import type { Path } from "./locate.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "./tree.ts";
import type { Tree } from "./tree.ts";

/** Reads an `A` from a tree. Nothing is ever written back, so encoding is the identity. */
export type Schema<A> = t.Type<A, A, Tree>;
export type Read<S> = S extends t.Decoder<Tree, infer A> ? A : never;
/** Schemas by key, of any type. */
export type Schemas = Readonly<Record<string, t.Decoder<Tree, unknown>>>;

/** `expected` names what it reads, with an article: it ends up in complaints. */
export const schema = <A>(expected: string, validate: t.Validate<Tree, A>): Schema<A> =>
  new t.Type<A, A, Tree>(expected, (_): _ is A => false, validate, t.identity);

const pathOf = (context: t.Context): Path => context.slice(1).map(({ key }) => key);

/** `steps[2].until`, as messages call the place that is being read. */
export const placeOf = (context: t.Context): string => renderPath(pathOf(context)) || "the file";

/** The context of a part of what is being read. */
export const under = (
  context: t.Context,
  key: string,
  of: t.Decoder<Tree, unknown>,
  tree: Tree,
): t.Context => [...context, { key, type: of, actual: tree }];

/** Marks a context whose complaint is about the last key, not about the value behind it. */
const KEY = t.never;

export const aboutKey = (
  tree: Tree,
  context: t.Context,
  key: string,
  message: string,
): t.ValidationError => ({
  value: tree,
  context: under(context, key, KEY, tree),
  message,
});

/** About a whole mapping: shown at the key that it belongs to. */
export const aboutWhole = (tree: Tree, context: t.Context, message: string): t.ValidationError => ({
  value: tree,
  context: context.map((entry, depth) => (depth === context.length - 1 ? { ...entry, type: KEY } : entry)),
  message,
});

/** The complaint about a value: `PATH is FOUND; expected THIS; did you mean "that"?` */
export const refuse = <A>(
  tree: Tree,
  context: t.Context,
  expected: string,
  hint: string | null = null,
): t.Validation<A> =>
  t.failure(tree, context, `${placeOf(context)} is ${shown(tree)}; expected ${expected}${didYouMean(hint)}`);

/** The file that is being read. */
export interface Source {
  /** As diagnostics name it. */
  readonly file: string;
  readonly root: Tree;
}

/** Runs a schema on the part of a file that lies at `path`. */
export const read = <A>(
  of: Schema<A>,
  tree: Tree,
  path: Path,
  { file, root }: Source,
): Either<readonly Diagnostic[], A> => {
  const context: t.Context = ["", ...path].map((key) => ({ key, type: of }));
  return E.mapLeft((errors: t.Errors) =>
    errors.map(({ context: place, message }) => ({
      file,
      ...locate(root, pathOf(place), place.at(-1)?.type === KEY ? "key" : "value"),
      message: message ?? `${placeOf(place)} is wrong`,
    })),
  )(of.validate(tree, context));
};
