// What is remembered of a child that has left for another host.
import type { Leaver } from "../host/roll.ts";
import type { EntryRecord } from "./entry-record.ts";

/** How it left, for people. */
export interface Departed {
  readonly state: "departed" | "fenced";
  readonly reason: string;
}

/** Null: what is remembered is another one, or one that has come back since as a later incarnation; for a decision is kept,
 *  and told of again after a crash, until the sink has confirmed it. */
export const departedRecord = (
  record: EntryRecord,
  { identity, generation }: Leaver,
  how: Departed,
): EntryRecord | null => {
  if (record.identity !== identity || record.generation > generation) return null;
  return { ...record, code: null, image: null, identity: null, ...how, since: Date.now() };
};
