// Things that are tried again until they succeed, less and less often, or until there were tries enough.

/** The first pause, and the longest, in ms. */
const FIRST_MS = 250;
const MOST_MS = 5000;

export class Retries {
  readonly #timers = new Map<string, NodeJS.Timeout | null>();
  #closed = false;

  /** Tries until it answers true, at most so many times. One of a name at a time; a second one is left to the first.
   *  `later`: the first time after the first pause. */
  until(name: string, attempt: () => Promise<boolean>, { most = Infinity, later = false } = {}): void {
    if (this.#timers.has(name) || this.#closed) return;
    this.#timers.set(name, null);
    if (later) this.#wait(name, attempt, FIRST_MS, most);
    else void this.#try(name, attempt, FIRST_MS, most);
  }

  /** Whether something of this name is being tried. */
  tries(name: string): boolean {
    return this.#timers.has(name);
  }

  async #try(name: string, attempt: () => Promise<boolean>, pause: number, most: number): Promise<void> {
    const done = await attempt();
    if (done || this.#closed || most <= 1) return void this.#timers.delete(name);
    this.#wait(name, attempt, pause, most - 1);
  }

  #wait(name: string, attempt: () => Promise<boolean>, pause: number, most: number): void {
    const next = Math.min(pause * 2, MOST_MS);
    const timer = setTimeout(() => void this.#try(name, attempt, next, most), pause);
    // Whoever waits for nothing else need not wait for this.
    timer.unref();
    this.#timers.set(name, timer);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) if (timer !== null) clearTimeout(timer);
  }
}
