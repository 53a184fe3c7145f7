// The events of a protection domain that wait for their turns: in order, but for those of paused threads, which
// are withheld until their thread is resumed.
import type { ThreadState } from "../../lib/session/cpu.ts";
import type { DomainEvent } from "./call.ts";

export class Mailbox {
  readonly #stateOf: (thread: number) => ThreadState;
  #queue: DomainEvent[] = [];
  #next = 0;
  #withheld: DomainEvent[] = [];

  /** `stateOf` tells how the thread of a selector is doing; it is not asked about thread 0. */
  constructor(stateOf: (thread: number) => ThreadState) {
    this.#stateOf = stateOf;
  }

  /** Whether nothing waits that could be delivered. */
  get empty(): boolean {
    return this.#next === this.#queue.length;
  }

  /** Whether nothing waits at all. */
  get bare(): boolean {
    return this.empty && this.#withheld.length === 0;
  }

  /** Everything that waits, as an image keeps it. */
  get content(): readonly DomainEvent[] {
    return [
      ...this.#queue.slice(this.#next),
      ...this.#withheld.map((event) => ({ ...event, withheld: true as const })),
    ];
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
    while (this.#next < this.#queue.length) {
      const event = this.#queue[this.#next++]!;
      if (this.#next === this.#queue.length) {
        this.#queue.length = 0;
        this.#next = 0;
      }
      if (event.thread === 0) return event;
      const state = this.#stateOf(event.thread);
      if (state === "paused") this.#withheld.push(event);
      else if (state !== "killed") return event;
    }
    return null;
  }

  /** A thread goes on: what was withheld from it waits again. */
  resume(thread: number): void {
    this.#queue.push(...this.#withheld.filter((event) => event.thread === thread));
    this.drop(thread);
  }

  /** Forgets what is withheld from a thread. */
  drop(thread: number): void {
    this.#withheld = this.#withheld.filter((event) => event.thread !== thread);
  }

  clear(): void {
    this.#queue = [];
    this.#next = 0;
    this.#withheld = [];
  }
}
