// How expectations name texts: whole, by a pattern, or line by line with gaps.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import type { Schema } from "./schema.ts";
import { placeOf, schema } from "./schema.ts";
import { shown } from "./tree.ts";
import { list, mapped, refined, text } from "./schema-value.ts";

/** A text that is compared whole, or a pattern to be found in it. */
export type TextMatch =
  { readonly kind: "whole"; readonly text: string } | { readonly kind: "pattern"; readonly pattern: RegExp };

/** A line that is compared whole, or any number of lines, none included. */
export type LineMatch = { readonly kind: "line"; readonly text: string } | { readonly kind: "any" };

/** `count 3`, or `/at \d+/`: between slashes stands a pattern of JavaScript's, without flags. */
export const textMatch: Schema<TextMatch> = schema(
  "a text, or a pattern between slashes",
  (tree, context) => {
    const given = text.validate(tree, context);
    if (E.isLeft(given)) return given;
    const source = /^\/(.*)\/$/s.exec(given.right)?.[1];
    if (source === undefined) return t.success({ kind: "whole", text: given.right });
    const pattern = E.tryCatch(() => new RegExp(source), String);
    return E.isRight(pattern)
      ? t.success({ kind: "pattern", pattern: pattern.right })
      : t.failure(
          tree,
          context,
          `${placeOf(context)} is ${shown(tree)}; expected a regular expression between the slashes: ${pattern.left.replace(/^SyntaxError: Invalid regular expression: /, "")}`,
        );
  },
);

/** Any fault will do: `true` in place of a text. */
export const faultMatch: Schema<TextMatch | null> = schema(textMatch.name, (tree, context) =>
  tree.kind === "leaf" && tree.value === true ? t.success(null) : textMatch.validate(tree, context),
);

/** A list of lines; `...` stands for any number of them. */
export const lineMatches: Schema<readonly LineMatch[]> = list(
  mapped(text, (line): LineMatch => (line === "..." ? { kind: "any" } : { kind: "line", text: line })),
);

/** The sha256 of a file, in lower-case hexadecimal. */
export const sha256: Schema<string> = refined(text, "a sha256: 64 hexadecimal digits", (given) =>
  /^[0-9a-fA-F]{64}$/.test(given) ? E.right(given.toLowerCase()) : E.left(null),
);
