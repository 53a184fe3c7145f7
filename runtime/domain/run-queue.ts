// Whose turn it is among the domains of one thread: each works for a slice in the order in which they came, and
// between rounds the thread hears its messages, timers and files. So nobody waits longer than one slice of each.

/** How long slices follow one another before the event loop runs, in ms. */
const ROUND_MS = 4;

export class RunQueue {
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;

  /** How many wait for a slice. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Runs `slice` once, when those before it have had theirs. */
  add(slice: () => void): void {
    this.#waiting.push(slice);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#round();
    });
  }

  #round(): void {
    const until = performance.now() + ROUND_MS;
    // Who comes back during the round is in the next one.
    let left = this.#waiting.length;
    try {
      do this.#waiting.shift()!();
      while (--left > 0 && performance.now() < until);
    } finally {
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}
