// When a durable host puts a child to rest, and how many children one entry is.

import { schema } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { fields } from "./schema-fields.ts";
import { mapped, whole, word } from "./schema-value.ts";
import { duration } from "./unit.ts";

/** Beyond that a host needs another kind of file. */
const MOST_COUNT = 1_000_000;

const idle: Schema<number> = mapped(fields("when it rests", { after: duration }, {}), ({ after }) => after);
const never: Schema<null> = mapped(word(["never"]), () => null);

/** How long a child is idle before it rests, in ms; null: it never does. */
export const restPolicy: Schema<number | null> = schema("when it rests", (tree, context) =>
  tree.kind === "mapping" ? idle.validate(tree, context) : never.validate(tree, context),
);

/** How many children an entry is: NAME-1 to NAME-COUNT. */
export const countOfChildren: Schema<number> = whole(1, MOST_COUNT);
