// Time that passes only when a spec says so.
import type { ClockPower } from "../../runtime/core/clock.ts";

interface Alarm {
  readonly at: number;
  /** 0 for the outside world, 1 for a component: at the same instant the world comes first. */
  readonly rank: number;
  readonly order: number;
  readonly ring: () => void;
}

const before = (a: Alarm, b: Alarm): number => a.at - b.at || a.rank - b.rank || a.order - b.order;

export class VirtualClock implements ClockPower {
  /** Monotonic, in ms. */
  now = 0;
  /** What the wall clock shows beyond `now`, in ms. */
  wallOffset = 1_750_000_000_000;
  readonly #alarms = new Set<Alarm>();
  #order = 0;

  monotonic(): number {
    return this.now;
  }

  wall(): number {
    return this.wallOffset + this.now;
  }

  /** Alarms that did not go off yet. */
  get armed(): number {
    return this.#alarms.size;
  }

  after(ms: number, then: () => void): () => void {
    return this.#arm(this.now + ms, 1, then);
  }

  /** Something that the outside world does at `at` ms. */
  at(at: number, then: () => void): void {
    this.#arm(at, 0, then);
  }

  #arm(at: number, rank: number, ring: () => void): () => void {
    const alarm: Alarm = { at, rank, order: this.#order++, ring };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Goes to the next alarm and lets it go off; false where there is none. */
  next(): boolean {
    const [first] = [...this.#alarms].sort(before);
    if (first === undefined) return false;
    this.#alarms.delete(first);
    this.now = Math.max(this.now, first.at);
    first.ring();
    return true;
  }

  /** Lets `ms` pass, and every alarm in it go off. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [first] = [...this.#alarms].sort(before);
      if (first === undefined || first.at > until) break;
      this.next();
    }
    this.now = until;
  }
}
