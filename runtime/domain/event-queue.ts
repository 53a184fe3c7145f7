// Events in order, in a ring: constant cost at either end however long it is never empty, and nothing kept of what
// was taken.
import type { DomainEvent } from "./call.ts";

const SMALLEST = 16;

export class EventQueue {
  /** A power of two long. */
  #ring: (DomainEvent | undefined)[] = Array.from({ length: SMALLEST }, () => undefined);
  #first = 0;
  #count = 0;

  get length(): number {
    return this.#count;
  }

  push(event: DomainEvent): void {
    if (this.#count === this.#ring.length) {
      this.#ring = [...this.list(), ...this.#ring.map(() => undefined)];
      this.#first = 0;
    }
    this.#ring[(this.#first + this.#count++) & (this.#ring.length - 1)] = event;
  }

  take(): DomainEvent | undefined {
    if (this.#count === 0) return undefined;
    const event = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#count--;
    return event;
  }

  /** A copy, in order. */
  list(): DomainEvent[] {
    const whole = [...this.#ring.slice(this.#first), ...this.#ring.slice(0, this.#first)];
    return whole.slice(0, this.#count) as DomainEvent[];
  }
}
