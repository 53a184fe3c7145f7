// Where several wait for one another: all go on together, or none does.

export class Rendezvous {
  #missing: number;
  readonly #waiting: ((go: boolean) => void)[] = [];
  #failed = false;

  /** `parties`: how many must arrive. */
  constructor(parties: number) {
    this.#missing = parties;
  }

  /** All have arrived. */
  get passed(): boolean {
    return this.#missing === 0;
  }

  /** Resolves when all have arrived, with true; with false as soon as one has failed. */
  arrive(): Promise<boolean> {
    if (this.#failed) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (--this.#missing === 0) this.#settle(true);
    });
  }

  /** One will not arrive. Once all have, it changes nothing. */
  fail(): void {
    if (this.passed) return;
    this.#failed = true;
    this.#settle(false);
  }

  #settle(go: boolean): void {
    for (const resolve of this.#waiting.splice(0)) resolve(go);
  }
}
