// How long calls wait for somebody who is not there.

export class Absence {
  readonly #patience: number;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `patience`: ms, Infinity for as long as it takes. */
  constructor(patience: number, expired: () => void) {
    this.#patience = patience;
    this.#expired = expired;
  }

  /** Somebody waits; unless somebody has waited before, the time begins now. */
  begin(): void {
    if (this.#patience === Infinity || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#expired();
    }, this.#patience);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
