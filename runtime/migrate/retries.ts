// Things that are tried again until they succeed, less and less often.

/** The first pause, and the longest, in ms. */
const FIRST_MS = 250;
const MOST_MS = 5000;

export class Retries {
  readonly #timers = new Map<string, NodeJS.Timeout | null>();
  #closed = false;

  /** Tries until it answers true. One of a name at a time; a second one is left to the first. */
  until(name: string, attempt: () => Promise<boolean>): void {
    if (this.#timers.has(name) || this.#closed) return;
    this.#timers.set(name, null);
    void this.#try(name, attempt, FIRST_MS);
  }

  async #try(name: string, attempt: () => Promise<boolean>, pause: number): Promise<void> {
    const done = await attempt();
    if (done || this.#closed) return void this.#timers.delete(name);
    const timer = setTimeout(() => void this.#try(name, attempt, Math.min(pause * 2, MOST_MS)), pause);
    // Whoever waits for nothing else need not wait for this.
    timer.unref();
    this.#timers.set(name, timer);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) if (timer !== null) clearTimeout(timer);
  }
}
