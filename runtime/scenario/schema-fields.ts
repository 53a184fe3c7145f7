// Schemas of mappings whose keys are fixed. An unknown key is refused with the nearest right one.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import { aboutKey, aboutWhole, placeOf, refuse, schema, under } from "./schema.ts";
import type { Read, Schema, Schemas } from "./schema.ts";
import { didYouMean, nearest, oneOf } from "../nearest.ts";
import { quoted } from "./tree.ts";

type Fields<R extends Schemas, O extends Schemas> = { readonly [K in keyof R]: Read<R[K]> } & {
  readonly [K in keyof O]?: Read<O[K]>;
};

const keysOf = (words: readonly string[]): string =>
  words.length === 1 ? `the key ${words[0]}` : `the keys ${words.join(", ")}`;

/** About a key that has no business where it stands. */
const strange = (
  key: string,
  place: string,
  words: readonly string[],
  withheld: readonly string[],
  meant: string | null,
): string =>
  withheld.includes(key)
    ? `${quoted(key)} in ${place} is not in this release yet; a later one brings it`
    : `unknown key ${quoted(key)} in ${place}; expected ${oneOf(words)}${didYouMean(meant)}`;

/**
 * A mapping with these keys and no other. `withheld` names keys that a later release brings: they are refused
 * by name. A missing key is not reported where an unknown one explains it.
 */
export const fields = <R extends Schemas, O extends Schemas>(
  what: string,
  required: R,
  optional: O,
  withheld: readonly string[] = [],
): Schema<Fields<R, O>> =>
  schema(what, (tree, context) => {
    const known: Schemas = { ...required, ...optional };
    const words = Object.keys(known);
    if (tree.kind !== "mapping") return refuse(tree, context, `${what}, with ${keysOf(words)}`);
    const errors: t.Errors = [];
    const values: Record<string, unknown> = {};
    const missing = new Set(Object.keys(required).filter((word) => !tree.entries.has(word)));
    for (const [key, { value }] of tree.entries) {
      const of = Object.hasOwn(known, key) ? known[key] : undefined;
      if (of === undefined) {
        const unused = words.filter((word) => !tree.entries.has(word));
        const meant = nearest(key, unused) ?? nearest(key, words);
        if (withheld.includes(key)) missing.clear();
        else if (meant !== null) missing.delete(meant);
        errors.push(aboutKey(value, context, key, strange(key, placeOf(context), words, withheld, meant)));
        continue;
      }
      const result = of.validate(value, under(context, key, of, value));
      if (E.isLeft(result)) errors.push(...result.left);
      else values[key] = result.right;
    }
    for (const word of missing) {
      const message = `${placeOf(context)} has no key ${word}; expected ${keysOf(Object.keys(required))}`;
      errors.push(aboutWhole(tree, context, message));
    }
    return errors.length > 0 ? t.failures(errors) : t.success(values as Fields<R, O>);
  });

/**
 * A mapping that takes one of several forms, each told by a key of its own: exactly one key of `forms` is
 * there. `withheld` names forms that a later release brings; `alone` says that no other key belongs beside.
 */
export const variants = <F extends Schemas>(
  what: string,
  forms: F,
  { withheld = [], alone = false }: { readonly withheld?: readonly string[]; readonly alone?: boolean } = {},
): Schema<Read<F[keyof F]>> =>
  schema(what, (tree, context) => {
    const words = Object.keys(forms);
    if (tree.kind !== "mapping") return refuse(tree, context, `${what}, with the key ${oneOf(words)}`);
    const place = placeOf(context);
    const keys = [...tree.entries.keys()];
    const [first, second] = keys.filter((key) => Object.hasOwn(forms, key));
    if (first !== undefined && second !== undefined) {
      const message = `${place} has both ${first} and ${second}; expected one of ${words.join(", ")}`;
      return t.failures([aboutKey(tree, context, second, message)]);
    }
    if (first !== undefined) return forms[first]!.validate(tree, context) as t.Validation<Read<F[keyof F]>>;
    const wrong =
      keys.find((key) => withheld.includes(key)) ??
      keys.find((key) => nearest(key, words) !== null) ??
      (alone ? keys[0] : undefined);
    return t.failures([
      wrong === undefined
        ? aboutWhole(tree, context, `${place} has none of ${words.join(", ")}; expected one of them`)
        : aboutKey(tree, context, wrong, strange(wrong, place, words, withheld, nearest(wrong, words))),
    ]);
  });
