// Whose turn it is among the domains of one thread: each works for a slice in the order in which they came, and
// between rounds the thread hears its messages, timers and files. So nobody waits longer than one slice of each.

/** How long slices follow one another before the event loop runs, in ms. */
const ROUND_MS = 4;

/** What was settled before this is awaited goes on before whoever awaits it. */
const settled = Promise.resolve();

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class RunQueue {
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;
  /** What is left to be done by `each`. */
  #acts = 0;
  /** Whether an act of `each` has just been done, and who has something to do because of it. */
  #leads = false;
  #led: (() => void)[] = [];
  /** Until when acts may follow one another before the event loop runs, in ms; 0: none has yet. */
  #until = 0;

  /** How many have something to do. */
  get length(): number {
    return this.#waiting.length + this.#acts;
  }

  /** Runs `slice` once, when those before it have had theirs. */
  add(slice: () => void): void {
    if (this.#leads) {
      this.#led.push(slice);
      return;
    }
    this.#waiting.push(slice);
    this.#schedule();
  }

  /**
   * Does all of these, in order. Who is given something to do by one of them has its slice right behind it: of a hundred
   * that are served in turn each finds the processor's caches full of the others, and this way it does so once, not three
   * times.
   */
  async each<A>(acts: readonly ((argument: A) => void)[], argument: A): Promise<void> {
    // One alone takes no turns with anybody.
    if (acts.length === 1) return acts[0]!(argument);
    this.#acts += acts.length;
    for (const act of acts) {
      // Before it, and not behind: what it leads to may lead back here without the event loop.
      if (this.#until !== 0 && performance.now() > this.#until) await immediate();
      this.#begin();
      this.#acts--;
      this.#leads = true;
      act(argument);
      // What it has settled goes on now.
      await settled;
      this.#leads = false;
      const led = this.#led;
      this.#led = [];
      for (const slice of led) slice();
    }
  }

  /** What is done before the event loop runs again is a round. */
  #begin(): void {
    if (this.#until !== 0) return;
    this.#until = performance.now() + ROUND_MS;
    setImmediate(() => (this.#until = 0));
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
