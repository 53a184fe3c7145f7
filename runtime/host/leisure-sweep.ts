// Gives back what nobody needs any more in the store, a little at a time, when nothing has been in a hurry for a while: what
// leaves for another host, or ends, leaves a store that nobody writes to for long as large as it was.
import { E } from "../../lib/fp.ts";
import type { Store } from "../durable/store/store.ts";

/** In ms: how long nothing must have been in a hurry; and for how long that may go on. */
const QUIET_MS = 5000;
const MOST_HURRY_MS = 60_000;
/** Chunks that are given back at once: some ms, and a sync. */
const STEP_CHUNKS = 128;
/** Between two steps, in ms. */
const PAUSE_MS = 25;

export class LeisureSweep {
  readonly #store: Pick<Store, "sweep">;
  readonly #quiet: number;
  #timer: NodeJS.Timeout | null = null;
  /** `performance.now()` when it was asked for first; null: it is not. */
  #asked: number | null = null;

  constructor(store: Pick<Store, "sweep">, quiet = QUIET_MS) {
    this.#quiet = quiet;
    this.#store = store;
  }

  /** There is, or may be, something to give back; not now. */
  later(): void {
    const now = performance.now();
    this.#asked ??= now;
    if (now - this.#asked < MOST_HURRY_MS) this.#after(this.#quiet);
  }

  #after(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#step(), ms).unref();
  }

  /** What fails is tried again when it is asked for again. */
  async #step(): Promise<void> {
    this.#timer = this.#asked = null;
    const swept = await this.#store.sweep(STEP_CHUNKS);
    // Somebody may have been in a hurry meanwhile.
    if (E.isRight(swept) && swept.right.more && this.#timer === null) this.#after(PAUSE_MS);
  }
}
