// The events of a protection domain that wait for their turns: in order, but for those of paused threads, which
// are withheld until their thread is resumed.
import type { ThreadState } from "../../lib/session/cpu.ts";
import type { DomainEvent } from "./call.ts";
import { EventQueue } from "./event-queue.ts";

export class Mailbox {
  readonly #stateOf: (thread: number) => ThreadState;
  #queue = new EventQueue();
  #withheld: DomainEvent[] = [];

  /** `stateOf` tells how the thread of a selector is doing; it is not asked about thread 0. */
  constructor(stateOf: (thread: number) => ThreadState) {
    this.#stateOf = stateOf;
  }

  /** Whether nothing waits that could be delivered. */
  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Whether nothing waits at all. */
  get bare(): boolean {
    return this.empty && this.#withheld.length === 0;
  }

  /** Everything that waits, as an image keeps it. */
  get content(): readonly DomainEvent[] {
    return [...this.#queue.list(), ...this.#withheld.map((event) => ({ ...event, withheld: true as const }))];
  }

  push(event: DomainEvent): void {
    if (event.withheld === undefined) {
      this.#queue.push(event);
      return;
    }
    const { withheld: _, ...plain } = event;
    this.#withheld.push(plain);
  }

  /** The next event to deliver, or null. What belongs to a killed thread is dropped. */
  take(): DomainEvent | null {
    for (;;) {
      const event = this.#queue.take();
      if (event === undefined) return null;
      if (event.thread === 0) return event;
      const state = this.#stateOf(event.thread);
      if (state === "paused") this.#withheld.push(event);
      else if (state !== "killed") return event;
    }
  }

  /** The next event for this slot, wherever it stands; what stands before it stays. Null where there is none. */
  takeFor(slot: number): DomainEvent | null {
    const passed: DomainEvent[] = [];
    let found = this.take();
    while (found !== null && found.slot !== slot) {
      passed.push(found);
      found = this.take();
    }
    if (passed.length > 0) {
      const rest = this.#queue.list();
      this.#queue = new EventQueue();
      for (const event of [...passed, ...rest]) this.#queue.push(event);
    }
    return found;
  }

  /** A thread goes on: what was withheld from it waits again. */
  resume(thread: number): void {
    for (const event of this.#withheld) if (event.thread === thread) this.#queue.push(event);
    this.drop(thread);
  }

  /** Forgets what is withheld from a thread. */
  drop(thread: number): void {
    this.#withheld = this.#withheld.filter((event) => event.thread !== thread);
  }

  clear(): void {
    this.#queue = new EventQueue();
    this.#withheld = [];
  }
}
