// The sections of a scenario file. What they hold is read entry by entry, so that a mistake in one does not
// hide those in the others.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import { aboutKey, refuse, schema } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { fields } from "./schema-fields.ts";
import { filled, name } from "./schema-value.ts";
import { shown } from "./tree.ts";
import type { Leaf, List, Mapping } from "./tree.ts";

/** A mapping of at least so many named entries, kept as it stands. */
const entriesOf = (what: string, least: number): Schema<Mapping> =>
  schema(what, (tree, context) => {
    if (tree.kind !== "mapping" || tree.entries.size < least) return refuse(tree, context, what);
    const errors = [...tree.entries].flatMap(([key, { at, value }]) => {
      const leaf: Leaf = { kind: "leaf", value: key, source: key, at, span: [0, 0] };
      const message = `the name ${shown(leaf)} stands here; expected ${name.name}`;
      return E.isRight(name.validate(leaf, context)) ? [] : [aboutKey(value, context, key, message)];
    });
    return errors.length > 0 ? t.failures(errors) : t.success(tree);
  });

const listOf = (what: string): Schema<List> =>
  schema(what, (tree, context) => (tree.kind === "list" ? t.success(tree) : refuse(tree, context, what)));

export const outlineSchema = fields(
  "a scenario",
  { scenario: filled, start: entriesOf("a mapping from children's names to start entries", 0) },
  {
    hosts: entriesOf(
      "a mapping from at least one name to a host (without the key, one host is named here)",
      1,
    ),
    steps: listOf("a list of steps (without the key, the file is a host's configuration)"),
  },
);
