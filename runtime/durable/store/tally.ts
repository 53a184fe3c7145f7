// How much there is in the store, kept up with every commit: nobody wants to count a million chunks.
import type { Draft, Source } from "./draft.ts";
import { tallyKey } from "./keys.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

export interface Tally {
  /** Components that there ever were; the number of the latest. */
  readonly made: number;
  readonly components: number;
  readonly chunks: number;
  /** Of chunks and tables, with their keys. */
  readonly bytes: number;
}

export const tally = (source: Source): Tally => {
  const reader = new VarintReader(source.get(tallyKey) ?? new Uint8Array(4));
  return {
    made: reader.number(),
    components: reader.number(),
    chunks: reader.number(),
    bytes: reader.number(),
  };
};

/** Adds to it; what is not named stays. */
export const count = (draft: Draft, more: Partial<Tally>): Tally => {
  const before = tally(draft);
  const after = {
    made: before.made + (more.made ?? 0),
    components: before.components + (more.components ?? 0),
    chunks: before.chunks + (more.chunks ?? 0),
    bytes: before.bytes + (more.bytes ?? 0),
  };
  const writer = new VarintWriter();
  for (const number of [after.made, after.components, after.chunks, after.bytes])
    writer.number(Math.max(0, number));
  draft.set(tallyKey, writer.done());
  return after;
};
