// Where things that grow at their end will end, once all appends that were planned have been made. Each belongs to the
// thread that appends to it: no other knows of these plans.
import { E } from "../../lib/fp.ts";
import type { Growth } from "../core/service.ts";

interface Growing {
  end: number;
  /** Appends that were planned and not made. */
  waiting: number;
  /** The places of those among them whose makers have gone, and come back to make them. */
  left: Set<number> | null;
  /** When it was last asked where it ends, in ms, and how often something else had changed by then. */
  asked: number;
  changes: number;
  /** As `changes`, when it was last looked whether it ends behind what is planned. */
  looked: number;
}

/** It is asked where it ends when nothing is planned, but not more often than so, in ms: that is a call of the system for
 *  each append of those who make one after the other. What strangers append meanwhile is not seen, as it is not between a
 *  plan and its append. */
const KNOWN_MS = 50;

/** So many are remembered before those that nobody appends to are looked for. */
const SMALLEST = 256;

export class GrowthPlans {
  readonly #growing = new Map<string, Growing>();
  readonly #now: () => number;
  #changes = 0;
  #most = SMALLEST;

  /** `now`: in ms, never backwards. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The place at which an append of `data` is to go; null where nobody can say where the end is. */
  reserve(growth: Growth, data: unknown): number | null {
    const size = growth.size(data);
    const { name } = growth;
    const growing = this.#growing.get(name);
    if (growing === undefined || !this.#isKnown(growing)) {
      const end = growth.end();
      if (E.isLeft(end)) return null;
      this.#begin(name, growing, end.right + size);
      return end.right;
    }
    if (growing.looked !== this.#changes) this.#look(growth, growing);
    const place = growing.end;
    growing.end += size;
    growing.waiting++;
    return place;
  }

  #isKnown({ waiting, asked, changes }: Growing): boolean {
    return waiting > 0 || (changes === this.#changes && this.#now() - asked < KNOWN_MS);
  }

  /** While some are planned it may end behind these: what lay there was written again, or had never been lost. */
  #look(growth: Growth, growing: Growing): void {
    const end = growth.end();
    if (E.isRight(end)) growing.end = Math.max(growing.end, end.right);
    growing.looked = this.#changes;
  }

  #begin(name: string, known: Growing | undefined, end: number): void {
    const asked = this.#now();
    const changes = this.#changes;
    if (known === undefined) {
      this.#tidy();
      this.#growing.set(name, { end, waiting: 1, left: null, asked, changes, looked: changes });
      return;
    }
    known.end = end;
    known.waiting = 1;
    known.asked = asked;
    known.changes = known.looked = changes;
  }

  #tidy(): void {
    if (this.#growing.size < this.#most) return;
    for (const [name, growing] of this.#growing) if (!this.#isKnown(growing)) this.#growing.delete(name);
    this.#most = Math.max(SMALLEST, 2 * this.#growing.size);
  }

  /** Takes up a plan of the past. */
  resume(growth: Growth, data: unknown, place: number): void {
    const { name } = growth;
    const growing = this.#growing.get(name);
    const end = place + growth.size(data);
    if (growing === undefined || !this.#isKnown(growing)) {
      this.#begin(name, growing, end);
      this.forget();
      return;
    }
    growing.end = Math.max(growing.end, end);
    if (growing.left?.delete(place) !== true) growing.waiting++;
  }

  /** Whoever planned this one is not there for now, and takes it up again. */
  leave({ name }: Growth, place: number): void {
    const growing = this.#growing.get(name);
    if (growing !== undefined) (growing.left ??= new Set()).add(place);
  }

  /** A planned append was made, or has failed. */
  done({ name }: Growth, made: boolean): void {
    const growing = this.#growing.get(name);
    if (growing === undefined) return;
    growing.waiting--;
    if (!made) this.forget();
  }

  /** Something else was changed, or may have been: who knows which of them ends where. */
  forget(): void {
    this.#changes++;
  }
}
