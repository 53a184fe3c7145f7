// How gates are tuned in a scenario file: bounds, retries and patience. Each is optional; what is missing has the gate's
// own default.

import { E } from "../../lib/fp.ts";
import type { QueueBound } from "../provider/gate/message-queue.ts";
import type { Retry } from "../provider/gate/retry.ts";
import { MOST } from "../provider/gate/tuning.ts";
import { renderBytes } from "../amount.ts";
import type { Schema } from "./schema.ts";
import { fields } from "./schema-fields.ts";
import { refined, whole } from "./schema-value.ts";
import { bytes, duration } from "./unit.ts";

const sizeUpTo = (most: number): Schema<number> =>
  refined(bytes, `a size such as 64k, at most ${renderBytes(most)}`, (size) =>
    size <= most ? E.right(size) : E.left(null),
  );

/** Bytes of one message. */
export const message: Schema<number> = sizeUpTo(MOST.message);

/** What may wait to be received. */
export const unread: Schema<QueueBound> = fields(
  "a bound",
  { messages: whole(1, MOST.messages), bytes: sizeUpTo(MOST.bytes) },
  {},
);

/** How often something is tried, with which pauses. */
export const retry: Schema<Partial<Retry>> = fields(
  "how to try again",
  {},
  { tries: whole(1, MOST.tries), first: duration, longest: duration, connect: duration },
);

/** Peers that may wait for the one that is served. */
export const waiting: Schema<number> = whole(0, MOST.waiting);
