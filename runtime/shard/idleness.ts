// Finds out which residents of a thread have been idle for as long as their host lets them before it puts them to
// rest. It looks at all of them now and then, so that a turn costs nothing for it.

/** One that may rest. */
export interface Sleeper {
  /** How long it is idle before it rests, in ms. */
  readonly after: number;
  /** Turns that it has taken so far; null while it is not there, or can't rest. */
  turns(): number | null;
  /** It has taken none for that long. */
  idle(): void;
}

interface Watched {
  turns: number | null;
  /** When it was first seen with so many turns. */
  since: number;
}

/** How often it looks: so many times while a sleeper is idle, at these intervals at most and at least, in ms. */
const LOOKS = 4;
const LONGEST_MS = 1000;
const SHORTEST_MS = 5;

export class Idleness {
  readonly #sleepers = new Map<Sleeper, Watched>();
  #timer: NodeJS.Timeout | null = null;
  #period = Infinity;

  add(sleeper: Sleeper): void {
    this.#sleepers.set(sleeper, { turns: null, since: performance.now() });
    this.#look(Math.min(this.#period, sleeper.after / LOOKS));
  }

  delete(sleeper: Sleeper): void {
    if (!this.#sleepers.delete(sleeper) || this.#sleepers.size > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#period = Infinity;
  }

  #look(period: number): void {
    const every = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, period));
    if (this.#timer !== null && every >= this.#period) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#period = every;
    this.#timer = setInterval(() => this.#sweep(), every);
    // A thread with nothing else to do keeps no process alive.
    this.#timer.unref();
  }

  #sweep(): void {
    const now = performance.now();
    for (const [sleeper, watched] of this.#sleepers) {
      const turns = sleeper.turns();
      if (turns !== watched.turns || turns === null) {
        watched.turns = turns;
        watched.since = now;
      } else if (now - watched.since >= sleeper.after) {
        watched.since = now;
        sleeper.idle();
      }
    }
  }
}
