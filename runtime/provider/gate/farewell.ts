// How long an end of a pair stays when its owner has left: until the other end has taken all that was sent, and then so
// long and no longer after it took something last.

import { setTimeout as pause } from "node:timers/promises";

export class Farewell {
  readonly #patience: number;
  #over: (() => void) | null = null;

  /** `patience`: ms without progress. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Whether it is being waited for. */
  get waits(): boolean {
    return this.#over !== null;
  }

  /** Resolves when it is over, or nothing was taken for so long. `outstanding`: what is still to be taken. */
  async wait(outstanding: () => number): Promise<void> {
    const ended = new Promise<void>((resolve) => (this.#over = resolve)).then(() => true);
    for (let before = -1; before !== outstanding();) {
      before = outstanding();
      const late = new AbortController();
      const silence = pause(this.#patience, false, { signal: late.signal }).catch(() => false);
      const isOver = await Promise.race([ended, silence]);
      late.abort();
      if (isOver) break;
    }
    this.#over = null;
  }

  over(): void {
    this.#over?.();
  }
}
