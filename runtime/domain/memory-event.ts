// What happens to a domain's memory from outside, as events: each waits among the others, is part of a snapshot like
// them, and takes effect between two turns, without a turn of its own.
import type { DomainEvent } from "./call.ts";

/** Their slot: no call has it, and no turn delivers it. */
export const MEMORY_SLOT = -3;
/** Another domain has changed a shared dataspace: `about` it, `value` is the difference, `number` its place. */
export const MEMORY_CHANGED = 64;
/** A shared dataspace is no more: `about` it. */
export const MEMORY_GONE = 65;
/** A capability to a dataspace was taken back: `about` its link. */
export const MEMORY_REVOKED = 66;

export interface MemoryEvent extends DomainEvent {
  readonly about: string;
  readonly number: number;
  /** Loses what this domain changes before it takes effect: that comes later in the order. */
  value: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export const memoryEvent = (
  form: number,
  about: string,
  number: number,
  value: Uint8Array = NOTHING,
): MemoryEvent => ({
  slot: MEMORY_SLOT,
  form,
  value,
  thread: 0,
  region: 0,
  about,
  number,
});

/** Whether an event is one of these. */
export const isMemoryEvent = (event: DomainEvent): event is MemoryEvent => event.slot === MEMORY_SLOT;
