// Whether somebody who was this host's has ended, so that nobody who lives elsewhere need wait for it any more, nor be told
// where others went who had to do with it.
import type { EntryRecord } from "./entry-record.ts";

/** One that is frozen, has gone on, or may be brought back has not. Of one that was fenced a later incarnation lives, which
 *  has nothing of what was under way here. */
const OVER: ReadonlySet<EntryRecord["state"]> = new Set(["exited", "faulted", "killed", "fenced"]);

/** `record`: what is remembered under its name. */
export const endedHere = ({ state, identity: now }: EntryRecord, identity: string): boolean =>
  OVER.has(state) || (now !== null && now !== identity);
