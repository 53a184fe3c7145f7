// Those who live elsewhere and have to do with children of this host, or left from here: what is noted of each, and of
// whom others have still to hear.
import { E, type Either } from "../../lib/fp.ts";
import type { HostError } from "../host/host-error.ts";
import type { CarriedTie } from "./carried-cargo.ts";
import type { Whereabouts, WhereaboutsBook } from "./whereabouts.ts";

/** Somebody who was met when a child came here that has links with it. */
export interface Met {
  readonly tie: CarriedTie;
  /** The peer that it lives at. */
  readonly at: string;
  /** Who has come. */
  readonly by: string;
}

export class Absentees {
  readonly #book: WhereaboutsBook;
  readonly #all = new Map<string, Whereabouts>();

  constructor(book: WhereaboutsBook) {
    this.#book = book;
  }

  /** Takes up what former hosts of the state directory have noted. */
  async recover(): Promise<void> {
    for (const each of await this.#book.all()) this.#all.set(each.identity, each);
    this.part();
  }

  /** Those who left from here, each from the others, and live on third hosts now: where each of the two went both hear from
   *  here, since what either took along says that the other one was here. */
  part(gone: readonly string[] = [...this.#all.keys()]): void {
    for (const each of this.all) {
      const { untold } = each;
      if (untold === undefined) continue;
      const more = (each.others ?? []).filter(
        (other) =>
          !untold.includes(other) &&
          this.#all.has(other) &&
          (gone.includes(other) || gone.includes(each.identity)),
      );
      // It is found out once more where a crash comes before it is written.
      if (more.length > 0) this.noted({ ...each, untold: [...untold, ...more] });
    }
  }

  get all(): readonly Whereabouts[] {
    return [...this.#all.values()];
  }

  get peers(): ReadonlySet<string> {
    return new Set(this.all.map(({ at }) => at));
  }

  of(identity: string | null): Whereabouts | undefined {
    return identity === null ? undefined : this.#all.get(identity);
  }

  at(peer: string): readonly Whereabouts[] {
    return this.all.filter(({ at }) => at === peer);
  }

  /** Whether somebody is noted to live at this peer. */
  isAt(identity: string | null, peer: string): boolean {
    return this.of(identity)?.at === peer;
  }

  /** What was noted in the write that has decided it. */
  noted(whereabouts: Whereabouts): void {
    this.#all.set(whereabouts.identity, whereabouts);
  }

  /** Left: it can't be written down, and what is believed is what it was. */
  async note(whereabouts: Whereabouts): Promise<Either<HostError, void>> {
    const done = await this.#book.note(whereabouts);
    if (E.isRight(done)) this.noted(whereabouts);
    return done;
  }

  /** Notes somebody who is met again, or for the first time: the later incarnation is the one that is known. */
  async meet({ tie, at, by }: Met): Promise<Either<HostError, void>> {
    const { identity, child, generation: epoch } = tie;
    const known = this.of(identity);
    const isNewer = known === undefined || epoch > known.epoch;
    const before = isNewer ? { identity, child, at, epoch, sessions: known?.sessions ?? [] } : known;
    const others = new Set([...(known?.others ?? []), by]);
    if (!isNewer && known.others?.includes(by) === true) return E.right(undefined);
    const untold = known?.untold === undefined ? {} : { untold: known.untold };
    return this.note({ ...before, others: [...others], ...untold });
  }

  /** Nobody has to do with it any more. Where that can't be written it is there after a restart, and is found to be over
   *  once more. */
  async drop(identity: string): Promise<void> {
    if (this.#all.delete(identity)) await this.#book.drop(identity);
  }

  /** It has come here. Left: that can't be written down, and the next host would look for it where it was. */
  async came(identity: string): Promise<Either<HostError, void>> {
    if (!this.#all.has(identity)) return E.right(undefined);
    const done = await this.#book.drop(identity);
    if (E.isRight(done)) this.#all.delete(identity);
    return done;
  }

  // --- of whom others have still to hear

  /** Those whose new place somebody at this peer has not heard of, with who that is. */
  untoldAt(peer: string): readonly { readonly gone: Whereabouts; readonly others: readonly Whereabouts[] }[] {
    return this.all.flatMap((gone) => {
      const others = this.#untold(gone).filter(({ at }) => at === peer);
      return others.length === 0 ? [] : [{ gone, others }];
    });
  }

  #untold({ untold = [] }: Whereabouts): readonly Whereabouts[] {
    return untold.flatMap((identity) => this.of(identity) ?? []);
  }

  /** Hosts that are no peers any more can't be told where somebody went: nobody has to be. Those who are not told, each with
   *  who would have been. */
  async forgo(
    knows: (peer: string) => boolean,
  ): Promise<readonly { readonly gone: Whereabouts; readonly other: Whereabouts }[]> {
    const found = this.all.flatMap((gone) =>
      this.#untold(gone)
        .filter(({ at }) => !knows(at))
        .map((other) => ({ gone, other })),
    );
    for (const { gone, other } of found) await this.told(gone.identity, [other.identity]);
    return found;
  }

  /** Whether somebody has to be told of this one, or this one of somebody. */
  isAwaited(identity: string): boolean {
    const isUntold = (each: Whereabouts): boolean => each.untold?.includes(identity) === true;
    const own = this.of(identity);
    return (own !== undefined && this.#untold(own).length > 0) || this.all.some(isUntold);
  }

  /** These have heard where somebody is, or need not. */
  async told(identity: string, others: readonly string[]): Promise<void> {
    const known = this.of(identity);
    const untold = known?.untold?.filter((each) => !others.includes(each)) ?? [];
    // What can't be written down is told once more.
    if (known !== undefined && untold.length < (known.untold?.length ?? 0))
      await this.note({ ...known, untold });
  }

  /** Nobody has to do with this one any more, for it has ended. */
  async over(identity: string): Promise<void> {
    await this.drop(identity);
    for (const each of this.all) {
      if (each.others?.includes(identity) !== true && each.untold?.includes(identity) !== true) continue;
      const without = (all: readonly string[] = []): readonly string[] =>
        all.filter((one) => one !== identity);
      const untold = each.untold === undefined ? {} : { untold: without(each.untold) };
      await this.note({ ...each, others: without(each.others), ...untold });
    }
  }
}
