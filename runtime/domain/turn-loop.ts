// When a protection domain has its turns: in slices, in turn with the others of its thread, unless it is stopped or held.
import type { RunQueue } from "./run-queue.ts";

/** How long a domain works before it lets others of its thread have their turn, in ms. */
const SLICE_MS = 4;
/** After how many turns the time is looked at, where the engine has not polled: they are short ones. */
const SHORT_TURNS = 16;

/** Who has turns. */
export interface Turns {
  /** Whether there is something to do for a turn, and nothing to wait for first. */
  readonly ready: boolean;
  step(): void;
}

export class TurnLoop {
  readonly #turns: Turns;
  readonly #queue: RunQueue;
  #stopped = false;
  #held = false;
  #runs = false;
  #scheduled = false;
  #polled = false;

  constructor(turns: Turns, queue: RunQueue) {
    this.#turns = turns;
    this.#queue = queue;
  }

  get held(): boolean {
    return this.#held;
  }

  /** No further turn begins until `go`: its host says so. */
  hold(): void {
    this.#held = true;
  }
  go(): void {
    this.#held = false;
    this.wake();
  }

  /** No further turn begins until `proceed`: it is being captured, or comes back. */
  stop(): void {
    this.#stopped = true;
  }
  proceed(): void {
    this.#stopped = false;
    this.wake();
  }

  /** The engine polls: this turn is not a short one. */
  polled(): void {
    this.#polled = true;
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#runs || this.#scheduled || !this.#runnable) return;
    this.#scheduled = true;
    this.#queue.add(this.#slice);
  }

  get #runnable(): boolean {
    return !this.#stopped && !this.#held && this.#turns.ready;
  }

  readonly #slice = (): void => {
    this.#scheduled = false;
    this.#runs = true;
    const until = performance.now() + SLICE_MS;
    for (let turns = 1; this.#runnable; turns++) {
      this.#turns.step();
      if (turns % SHORT_TURNS !== 0 && !this.#polled) continue;
      this.#polled = false;
      if (performance.now() > until) break;
    }
    this.#runs = false;
    this.wake();
  };
}
