// Where things that grow at their end will end, once all appends that were planned have been made. Each belongs to the
// thread that appends to it: no other knows of these plans.
import { E } from "../../lib/fp.ts";
import type { Growth } from "../core/service.ts";

interface Growing {
  end: number;
  /** Appends that were planned and not made. */
  waiting: number;
}

export class GrowthPlans {
  readonly #growing = new Map<string, Growing>();

  /** The place at which an append of `data` is to go; null where nobody can say where the end is. */
  reserve(growth: Growth, data: unknown): number | null {
    const size = growth.size(data);
    const growing = this.#growing.get(growth.name);
    if (growing !== undefined) {
      const place = growing.end;
      growing.end += size;
      growing.waiting++;
      return place;
    }
    const end = growth.end();
    if (E.isLeft(end)) return null;
    this.#growing.set(growth.name, { end: end.right + size, waiting: 1 });
    return end.right;
  }

  /** Takes up a plan of the past. */
  resume(growth: Growth, data: unknown, place: number): void {
    const growing = this.#growing.get(growth.name);
    const end = place + growth.size(data);
    if (growing === undefined) this.#growing.set(growth.name, { end, waiting: 1 });
    else {
      growing.end = Math.max(growing.end, end);
      growing.waiting++;
    }
  }

  /** A planned append was made, or has failed. */
  done({ name }: Growth): void {
    const growing = this.#growing.get(name);
    if (growing !== undefined && --growing.waiting === 0) this.#growing.delete(name);
  }
}
