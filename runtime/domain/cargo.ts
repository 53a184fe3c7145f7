// The capabilities of a domain's own that are on their way: in a call that has no reply yet, or in an answer that is
// kept. Either may be said again. Until then, that nobody holds one of them is no reason to let go of it.
import type { Parcel } from "../core/parcel.ts";

interface Passage {
  /** How many parcels carry it. */
  parcels: number;
  /** It was said meanwhile that nobody holds it. */
  left: boolean;
}

export class Cargo {
  readonly #underway = new Map<string, Passage>();

  /** A parcel is on its way, or was at the last freeze. */
  load({ capabilities }: Parcel): void {
    for (const { link } of capabilities) {
      const known = this.#underway.get(link);
      if (known === undefined) this.#underway.set(link, { parcels: 1, left: false });
      else known.parcels++;
    }
  }

  /** It is over with a parcel. Returns the links of which nobody knows whether they are held: those that nobody held
   *  for a while, and where it may not have `arrived`, all. */
  unload({ capabilities }: Parcel, arrived: boolean): readonly string[] {
    if (capabilities.length === 0) return NOTHING;
    const left: string[] = [];
    for (const { link } of capabilities) {
      const known = this.#underway.get(link);
      if (known === undefined || --known.parcels > 0) continue;
      this.#underway.delete(link);
      if (known.left || !arrived) left.push(link);
    }
    return left;
  }

  /** Nobody holds a link, it is said. True where it is on its way, and may be held again. */
  left(link: string): boolean {
    const known = this.#underway.get(link);
    if (known === undefined) return false;
    known.left = true;
    return true;
  }
}

const NOTHING: readonly string[] = [];
