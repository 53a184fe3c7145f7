// What files of a journal hold, by whose it is: records, of which most are older than a checkpoint and are never looked
// into, and who follows whom.
import { readFrames } from "./frame.ts";
import { decodeEntry, whoseEntry, type DomainRecord } from "./journal-record.ts";

/** A record as it lies in its file, and which of its incarnation's it is. */
export interface Kept {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** The records from `after` on. A gap would be a loss: what comes after it can't have been acknowledged. Where a number
 *  comes again, the incarnation went on from there, and what was written beside that was never acknowledged either. */
export const following = (kept: readonly Kept[], after: number): readonly DomainRecord[] => {
  const records: DomainRecord[] = [];
  for (const { sequence, payload } of kept) {
    if (sequence < after) continue;
    const at = sequence - after;
    const entry = at <= records.length ? decodeEntry(payload) : null;
    if (entry === null) break;
    records.length = at;
    records.push(entry.record);
  }
  return records;
};

export class Past {
  readonly #records = new Map<number, Kept[]>();
  /** The file that an incarnation's records begin in. */
  readonly #begin = new Map<number, number>();
  /** The latest to follow an incarnation, and the entry that says so. */
  readonly #followers = new Map<number, { readonly incarnation: number; readonly payload: Uint8Array }>();

  /** Takes in the whole entries of a file; files come in the order of their numbers. */
  add(file: number, bytes: Uint8Array): void {
    readFrames(bytes, (payload) => {
      const whose = whoseEntry(payload);
      if (whose === null) return false;
      const { incarnation, sequence, follows } = whose;
      const known = this.#records.get(incarnation);
      if (known === undefined) {
        this.#records.set(incarnation, [{ sequence, payload }]);
        this.#begin.set(incarnation, file);
      } else known.push({ sequence, payload });
      if (follows !== null && (this.#followers.get(follows)?.incarnation ?? 0) < incarnation)
        this.#followers.set(follows, { incarnation, payload });
      return true;
    });
  }

  /** The number of the file that an incarnation's records begin in; null where it has none. */
  begin(incarnation: number): number | null {
    return this.#begin.get(incarnation) ?? null;
  }

  /** The highest number of an incarnation; 0 where there is none. */
  get latest(): number {
    return Math.max(0, ...this.#records.keys());
  }

  /** An incarnation's records from `after` on. */
  following(incarnation: number, after: number): readonly DomainRecord[] {
    return following(this.#records.get(incarnation) ?? [], after);
  }

  /** The note of whoever follows an incarnation without a checkpoint of its own; null where nobody does. */
  follower(incarnation: number): Uint8Array | null {
    const found = this.#followers.get(incarnation);
    const entry = found === undefined ? null : decodeEntry(found.payload);
    return entry?.record.kind === "follows" ? entry.record.note : null;
  }
}
