// Long work in slices, so that what else runs in the thread waits for a slice and no longer.

/** In ms. */
const SLICE = 2;

export class Pace {
  #began = performance.now();

  /** To be awaited between pieces of work; lets others run when a slice is over. */
  async step(): Promise<void> {
    if (performance.now() - this.#began < SLICE) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#began = performance.now();
  }
}
