// How much a durable host keeps of a child, and how often: in its host's entry for all, in its own for itself.

import { E } from "../../lib/fp.ts";
import type { CheckpointPolicy } from "../durable/checkpoint-policy.ts";
import type { Schema } from "./schema.ts";
import { fields } from "./schema-fields.ts";
import { refined, whole } from "./schema-value.ts";
import { bytes, duration } from "./unit.ts";

const MOST_TURNS = 1_000_000;
const MOST_JOURNAL = 2 ** 30;
/** A component's first checkpoint takes as much, even where others have most of it. */
const LEAST_DISK = 64 << 10;
/** Two files, each of which has a line of its own. */
const LEAST_LOG = 4 << 10;

const journalBound: Schema<number> = refined(bytes, "a size such as 512k, at most 1G", (given) =>
  given <= MOST_JOURNAL ? E.right(given) : E.left(null),
);

/** What is missing is as the host has it, or as it is by default. */
export type CheckpointSpec = { readonly [K in keyof CheckpointPolicy]?: number };

export const checkpointPolicy: Schema<CheckpointSpec> = fields(
  "a checkpoint policy",
  {},
  {
    turns: whole(1, MOST_TURNS),
    bytes: journalBound,
    every: duration,
  },
);

/** Bytes that a component may take in the store. */
export const diskBound: Schema<number> = refined(bytes, "a size such as 16M, at least 64k", (given) =>
  given >= LEAST_DISK ? E.right(given) : E.left(null),
);

/** Bytes of a component's log that are kept. */
export const logBound: Schema<number> = refined(bytes, "a size such as 32M, at least 4k", (given) =>
  given >= LEAST_LOG ? E.right(given) : E.left(null),
);
