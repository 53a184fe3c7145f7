// Schemas of plain values, and of lists and dictionaries of them.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import type { Either } from "../../lib/fp.ts";
import { item } from "./locate.ts";
import { aboutKey, refuse, schema, under } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { nearest, oneOf } from "../nearest.ts";
import { shown } from "./tree.ts";
import type { Leaf, Tree } from "./tree.ts";

/** A value as JSON has it: what a component gets as its `config`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A single value. `from` answers `Left` with what was probably meant, or null. */
export const scalar = <A>(expected: string, from: (leaf: Leaf) => Either<string | null, A>): Schema<A> =>
  schema(expected, (tree, context) => {
    const made = tree.kind === "leaf" ? from(tree) : E.left(null);
    return E.isLeft(made) ? refuse(tree, context, expected, made.left) : t.success(made.right);
  });

/** Narrows what a schema read; `Left` says what was probably meant, or null. */
export const refined = <A, B>(
  of: Schema<A>,
  expected: string,
  to: (value: A) => Either<string | null, B>,
): Schema<B> =>
  schema(expected, (tree, context) => {
    const value = of.validate(tree, context);
    if (E.isLeft(value)) return value;
    const made = to(value.right);
    return E.isLeft(made) ? refuse(tree, context, expected, made.left) : t.success(made.right);
  });

/** Changes what a schema read, whatever it is. */
export const mapped = <A, B>(of: Schema<A>, to: (value: A) => B): Schema<B> =>
  schema(of.name, (tree, context) => E.map(to)(of.validate(tree, context)));

const from = <A>(value: A | undefined, hint: string | null = null): Either<string | null, A> =>
  value === undefined ? E.left(hint) : E.right(value);

/** A text. Numbers and words like `true` count as the text they were written as. */
export const text: Schema<string> = scalar("a text", ({ value, source }) =>
  from(value === null ? undefined : source),
);

/** A text that is not empty. */
export const filled: Schema<string> = scalar("a text that is not empty", ({ value, source }) =>
  from(value === null || source === "" ? undefined : source),
);

export const flag: Schema<boolean> = scalar("true or false", ({ value, source }) =>
  from(typeof value === "boolean" ? value : undefined, nearest(source, ["true", "false"])),
);

/** The word `true`, where its key alone says it all. */
export const yes: Schema<true> = scalar("true", ({ value }) => from(value === true ? value : undefined));

/** A whole number from `least` to `most`. */
export const whole = (least: number, most: number): Schema<number> =>
  scalar(`a whole number from ${least} to ${most}`, ({ value }) =>
    from(
      typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
        ? value
        : undefined,
    ),
  );

/** One of a few words. */
export const word = <const W extends string>(words: readonly W[]): Schema<W> =>
  scalar(oneOf(words), ({ source }) =>
    from(
      words.find((each) => each === source),
      nearest(source, words),
    ),
  );

/** Names end up in labels, in paths and on command lines, so they are plain. */
export const name: Schema<string> = scalar(
  "a name: up to 64 letters, digits, _ - and ., beginning with a letter, a digit or _",
  ({ source, value }) =>
    from(value !== null && /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}$/u.test(source) ? source : undefined),
);

const plain = (tree: Tree): Json => {
  if (tree.kind === "leaf") return tree.value;
  if (tree.kind === "list") return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plain(value)]));
};

/** Whatever stands there, as JSON. */
export const json: Schema<Json> = schema("a JSON value", (tree) => t.success(plain(tree)));

export const list = <A>(of: Schema<A>): Schema<readonly A[]> =>
  schema(`a list, each item ${of.name}`, (tree, context) => {
    if (tree.kind !== "list") return refuse(tree, context, `a list, each item ${of.name}`);
    const errors: t.Errors = [];
    const values = tree.items.flatMap((each, index) => {
      const value = of.validate(each, under(context, item(index), of, each));
      if (E.isRight(value)) return [value.right];
      errors.push(...value.left);
      return [];
    });
    return errors.length > 0 ? t.failures(errors) : t.success(values);
  });

/** A mapping whose keys `keys` accepts. The record it makes has no prototype: any word may be looked up in it. */
export const dictionary = <A>(keys: Schema<string>, of: Schema<A>): Schema<Readonly<Record<string, A>>> =>
  schema(`a mapping, each value ${of.name}`, (tree, context) => {
    if (tree.kind !== "mapping") return refuse(tree, context, `a mapping, each value ${of.name}`);
    const errors: t.Errors = [];
    const record = Object.create(null) as Record<string, A>;
    for (const [key, { at, value: each }] of tree.entries) {
      const leaf: Leaf = { kind: "leaf", value: key, source: key, at, span: [0, 0] };
      if (E.isLeft(keys.validate(leaf, context)))
        errors.push(
          aboutKey(each, context, key, `the name ${shown(leaf)} stands here; expected ${keys.name}`),
        );
      const value = of.validate(each, under(context, key, of, each));
      if (E.isLeft(value)) errors.push(...value.left);
      else record[key] = value.right;
    }
    return errors.length > 0 ? t.failures(errors) : t.success(record);
  });
