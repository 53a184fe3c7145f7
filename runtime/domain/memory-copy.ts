// A domain's copy of a shared dataspace, between the turns that change it and the differences of others. Its bytes are
// those of the home at the place where it stands, and over them what this domain changed and the home has not placed
// yet: that will come later in the order, so it hides what arrives meanwhile.
import { randomUUID } from "node:crypto";
import { advance, beside, copyOf, type Place } from "../core/dataspace-place.ts";
import { subtractDifference } from "../core/difference.ts";
import { MEMORY_CHANGED, memoryEvent, type MemoryEvent } from "./memory-event.ts";

const NOTHING = new Uint8Array(0);

const outside = (difference: Uint8Array, mask: Uint8Array): Uint8Array =>
  difference.length === 0 ? difference : (subtractDifference(difference, mask) ?? NOTHING);

export class MemoryCopy {
  readonly id: string;
  /** Up to the last difference that has arrived. */
  place: Place;
  /** Differences that arrived and did not take effect yet, in order. */
  readonly #waiting: MemoryEvent[] = [];
  /** Own differences that have no place yet, in order. */
  readonly #untaken: Uint8Array[] = [];

  constructor(id: string, place: Place) {
    this.id = id;
    this.place = place;
  }

  /** This domain's turn has changed it. */
  own(difference: Uint8Array): void {
    this.#untaken.push(difference);
    for (const event of this.#waiting) event.value = outside(event.value, difference);
  }

  /** The oldest own difference without a place has it now. */
  taken(number: number | null): void {
    const difference = this.#untaken.shift();
    if (difference !== undefined && number !== null) advance(this.place, number, difference);
  }

  /** Another domain's difference has arrived: the event by which it will take effect. */
  arrived(number: number, difference: Uint8Array): MemoryEvent {
    advance(this.place, number, difference);
    const visible = this.#untaken.reduce(outside, difference);
    const event = memoryEvent(MEMORY_CHANGED, this.id, number, visible);
    this.await(event);
    return event;
  }

  /** An event waits to take effect. */
  await(event: MemoryEvent): void {
    this.#waiting.push(event);
  }

  /** Whether an event is this copy's to take now. One that belongs to an earlier copy is not. */
  takes(event: MemoryEvent): boolean {
    if (this.#waiting[0] !== event) return false;
    this.#waiting.shift();
    return true;
  }

  /** What waits to take effect. */
  get waiting(): readonly MemoryEvent[] {
    return this.#waiting;
  }

  /** Where its bytes stand. Where a crash left differences without a place, they are beside the order. */
  whereabouts(size: number): Place {
    return this.#untaken.length === 0
      ? copyOf(this.place)
      : beside(this.place, randomUUID(), size, this.#untaken);
  }
}
