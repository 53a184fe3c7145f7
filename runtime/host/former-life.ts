// What a host finds of a child that lived when its former host ended, or until it ended: its last checkpoint, what has
// entered it since, and those who followed it without checkpoints of their own.
import { E, type Either } from "../../lib/fp.ts";
import type { Route } from "../core/route.ts";
import type { DomainRecord } from "../durable/journal/journal-record.ts";
import type { Past } from "../durable/journal/past.ts";
import { decodeSuccession, MOST_FOLLOWED_RECORDS, MOST_SUCCESSIONS } from "../durable/succession.ts";
import type { Forerunner, KeptState, Successor } from "../shard/protocol.ts";
import type { ChildCode, ChildIdentity } from "./child.ts";

/** An incarnation and those who followed it without checkpoints. */
export interface Line {
  readonly records: readonly DomainRecord[];
  /** Those who followed that one without checkpoints, each with its records. */
  readonly successors: readonly Successor[];
  /** Who comes next may follow the last of them so; null: it is to have a checkpoint before anything leaves it. */
  readonly follows: Omit<Forerunner, "generation"> | null;
  /** The journal's file that the records of all of them begin in. */
  readonly since: number;
  /** Of the last one; null: of the first. */
  readonly generation: number | null;
}

export interface FormerLife extends Omit<Line, "generation"> {
  readonly identity: ChildIdentity;
  readonly code: ChildCode;
  readonly state: Omit<KeptState, "anchors">;
  /** SHA-256, hexadecimal, of the base memory that its own differs from. */
  readonly base: string;
  /** It faulted: what it was told last is set aside. `slot` as in `Ending`. */
  readonly aside: { readonly slot: number | null } | null;
  /** The number of its last checkpoint. */
  readonly checkpoint: number;
}

/** What has entered an incarnation since its checkpoint, and who has followed it since; or why that can't be known.
 *  `current`: the journal's file that is written to. */
export const lineOf = (
  past: Past,
  first: { readonly incarnation: number; readonly sequence: number },
  current: number,
): Either<string, Line> => {
  const records = past.following(first.incarnation, first.sequence);
  const successors: Successor[] = [];
  let generation: number | null = null;
  let last = { ...first, records: records.length };
  let all = records.length;
  let since = past.begin(first.incarnation) ?? current;
  for (let note = past.follower(last.incarnation); note !== null; note = past.follower(last.incarnation)) {
    const found = decodeSuccession(note);
    if (E.isLeft(found)) return found;
    const { routes, format: _, former, after, generation: own, ...successor } = found.right;
    const isNext = former === last.incarnation && successor.incarnation > former;
    if (!isNext || after !== last.sequence + last.records)
      return E.left(`the journal lacks some of what came before incarnation ${successor.incarnation}`);
    const { incarnation, sequence } = successor;
    const more = past.following(incarnation, sequence);
    successors.push({ ...successor, routes: routes as unknown as readonly Route[], records: more });
    generation = own;
    since = Math.min(since, past.begin(incarnation) ?? current);
    last = { incarnation, sequence, records: more.length };
    all += more.length;
  }
  const isShort = successors.length < MOST_SUCCESSIONS && all < MOST_FOLLOWED_RECORDS;
  const follows = isShort ? { incarnation: last.incarnation, after: last.sequence + last.records } : null;
  return E.right({ records, successors, generation, follows, since });
};
