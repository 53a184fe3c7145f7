// What files of a journal hold, by whose it is: records, of which most are older than a checkpoint and are never looked
// into, and who follows whom.
import { readFrames } from "./frame.ts";
import { decodeEntry, whoseEntryAt, type DomainRecord } from "./journal-record.ts";

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

/** What a file holds of one incarnation. Where its records lie, and not the records: of most nobody ever asks, and ten
 *  thousand objects that stay are what the collector takes longest over. */
interface Stretch {
  readonly file: number;
  readonly bytes: Uint8Array;
  readonly sequences: number[];
  /** Begin and end of each in the bytes, one after the other. */
  readonly places: number[];
}

export class Past {
  readonly #stretches = new Map<number, Stretch[]>();
  /** The latest to follow an incarnation, and the entry that says so. */
  readonly #followers = new Map<number, { readonly incarnation: number; readonly payload: Uint8Array }>();

  /** Takes in the whole entries of a file, which are not to change; files come in the order of their numbers. */
  add(file: number, bytes: Uint8Array): void {
    let whom = -1;
    let stretch: Stretch = { file, bytes, sequences: [], places: [] };
    const own = new Map<number, Stretch>();
    readFrames(bytes, (payload, view, at) => {
      const whose = whoseEntryAt(view, at, payload);
      if (whose === null) return false;
      const { incarnation, sequence, follows } = whose;
      if (incarnation !== whom) {
        whom = incarnation;
        stretch = own.get(incarnation) ?? { file, bytes, sequences: [], places: [] };
        own.set(incarnation, stretch);
      }
      stretch.sequences.push(sequence);
      stretch.places.push(at, at + payload.length);
      if (follows !== null && (this.#followers.get(follows)?.incarnation ?? 0) < incarnation)
        this.#followers.set(follows, { incarnation, payload });
      return true;
    });
    for (const [incarnation, each] of own) {
      const known = this.#stretches.get(incarnation);
      if (known === undefined) this.#stretches.set(incarnation, [each]);
      else known.push(each);
    }
  }

  /** The number of the file that an incarnation's records begin in; null where it has none. */
  begin(incarnation: number): number | null {
    return this.#stretches.get(incarnation)?.[0]?.file ?? null;
  }

  /** The highest number of an incarnation; 0 where there is none. */
  get latest(): number {
    return Math.max(0, ...this.#stretches.keys());
  }

  /** An incarnation's records from `after` on. */
  following(incarnation: number, after: number): readonly DomainRecord[] {
    const kept: Kept[] = [];
    for (const { bytes, sequences, places } of this.#stretches.get(incarnation) ?? [])
      for (const [n, sequence] of sequences.entries())
        if (sequence >= after)
          kept.push({ sequence, payload: bytes.subarray(places[2 * n], places[2 * n + 1]) });
    return following(kept, after);
  }

  /** The note of whoever follows an incarnation without a checkpoint of its own; null where nobody does. */
  follower(incarnation: number): Uint8Array | null {
    const found = this.#followers.get(incarnation);
    const entry = found === undefined ? null : decodeEntry(found.payload);
    return entry?.record.kind === "follows" ? entry.record.note : null;
  }
}
