// Calls of whoever is no peer, as an operator is told of them: the first at once, and after that how many there were, once
// in a while. Anybody who reaches the port can call as often as they like.
import type { PublicKey } from "../image/public-key.ts";

/** Between two lines about them, in ms. */
const LINE_MS = 60_000;

export interface StrangersOptions {
  readonly tell: (text: string) => void;
  /** Has something done when so much time has passed, and keeps no process for that. Default: a timer. */
  readonly after?: (ms: number, act: () => void) => () => void;
}

const afterAll = (ms: number, act: () => void): (() => void) => {
  const timer = setTimeout(act, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

const prose = (from: string, key: PublicKey | null): string =>
  `from ${from}: ${key === null ? "it showed no key" : `its key ${key} is not pinned`}`;

export class Strangers {
  readonly #tell: (text: string) => void;
  readonly #after: (ms: number, act: () => void) => () => void;
  /** Those that were not told of, and who called last. */
  #untold = 0;
  #last = "";
  #cancel: (() => void) | null = null;

  constructor({ tell, after = afterAll }: StrangersOptions) {
    this.#tell = tell;
    this.#after = after;
  }

  called(from: string, key: PublicKey | null): void {
    if (this.#cancel === null) {
      this.#tell(`a call was dropped ${prose(from, key)}`);
      this.#wait();
      return;
    }
    this.#untold += 1;
    this.#last = prose(from, key);
  }

  #wait(): void {
    this.#cancel = this.#after(LINE_MS, () => {
      this.#cancel = null;
      if (this.#untold === 0) return;
      this.#say();
      this.#wait();
    });
  }

  #say(): void {
    if (this.#untold === 0) return;
    const calls = this.#untold === 1 ? "another call was" : `${this.#untold} more calls were`;
    this.#tell(`${calls} dropped, the last ${this.#last}`);
    this.#untold = 0;
  }

  /** Says what was not said yet. */
  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#say();
  }
}
