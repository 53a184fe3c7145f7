// What a shard shows its host while it runs: a few words of shared memory that a watchdog can read even when the
// shard's thread is stuck inside the engine.

const TURN_RUNS = 0;
const PULSE = 1;
const THREAD = 2;
const WORDS = 4;

export const makeControl = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 4);

/** The shard's side. */
export class Pulse {
  readonly #words: Int32Array;

  constructor(control: SharedArrayBuffer) {
    this.#words = new Int32Array(control);
  }
  turnBegins(thread: number): void {
    this.#words[THREAD] = thread;
    this.#words[PULSE] = (this.#words[PULSE]! + 1) | 0;
    this.#words[TURN_RUNS] = 1;
  }
  polls(): void {
    this.#words[PULSE] = (this.#words[PULSE]! + 1) | 0;
  }
  turnEnds(): void {
    this.#words[TURN_RUNS] = 0;
  }
}

/** The host's side: tells since when a turn has shown no sign of life. */
export class Stethoscope {
  readonly #words: Int32Array;
  #pulse = 0;
  #listened = 0;
  #silence = 0;

  constructor(control: SharedArrayBuffer) {
    this.#words = new Int32Array(control);
  }

  /** The selector of the thread whose turn runs, or null between turns. */
  get running(): number | null {
    return Atomics.load(this.#words, TURN_RUNS) === 1 ? Atomics.load(this.#words, THREAD) : null;
  }

  /**
   * How long the running turn has not polled, in ms as far as was listened. Between two listenings at most
   * `most` ms count: a host that could not listen for long, because it was itself stopped, has heard nothing.
   */
  silence(now: number, most: number): number {
    const pulse = Atomics.load(this.#words, PULSE);
    const running = this.running !== null;
    this.#silence =
      running && pulse === this.#pulse ? this.#silence + Math.min(now - this.#listened, most) : 0;
    this.#pulse = pulse;
    this.#listened = now;
    return this.#silence;
  }
}
