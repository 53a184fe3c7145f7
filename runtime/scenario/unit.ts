// Amounts with units, as values of a scenario file.

import { amountOfBytes, amountOfTime } from "../amount.ts";
import type { Schema } from "./schema.ts";
import { scalar } from "./schema-value.ts";

/** An amount of memory, in bytes; more than none. */
export const bytes: Schema<number> = scalar("a size such as 64M, or whole bytes", ({ value, source }) =>
  amountOfBytes(typeof value === "number" ? String(value) : source),
);

/** A time, in ms; more than none, and no more than 24 days. */
export const duration: Schema<number> = scalar(
  "a time such as 500ms, 10s or 2m, at most 24 days",
  ({ value, source }) => amountOfTime(typeof value === "number" ? String(value) : source),
);
