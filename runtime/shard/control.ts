// What a shard shows its host while it runs: a few words of shared memory that a watchdog can read even when the
// shard's thread is stuck inside the engine.

const TURN_RUNS = 0;
const PULSE = 1;
const THREAD = 2;
const RESIDENT = 3;
const GIVEN_UP = 4;
const WORDS = 5;

export const makeControl = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 4);

/** The shard's side. */
export class Pulse {
  readonly #words: Int32Array;

  constructor(control: SharedArrayBuffer) {
    this.#words = new Int32Array(control);
  }
  /** A turn of `resident` begins, in the name of its thread with this selector. */
  turnBegins(resident: number, thread: number): void {
    this.#words[RESIDENT] = resident;
    this.#words[THREAD] = thread;
    this.#words[PULSE] = (this.#words[PULSE]! + 1) | 0;
    this.#words[TURN_RUNS] = 1;
  }
  polls(): void {
    this.#words[PULSE] = (this.#words[PULSE]! + 1) | 0;
  }
  /** Whether the host has given up whose turn runs. */
  givenUp(): boolean {
    return Atomics.load(this.#words, GIVEN_UP) === this.#words[RESIDENT];
  }
  turnEnds(): void {
    this.#words[TURN_RUNS] = 0;
  }
}

export interface Running {
  readonly resident: number;
  readonly thread: number;
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

  /** Whose turn runs: the resident, and the selector of its thread. Null between turns. */
  get running(): Running | null {
    if (Atomics.load(this.#words, TURN_RUNS) !== 1) return null;
    return { resident: Atomics.load(this.#words, RESIDENT), thread: Atomics.load(this.#words, THREAD) };
  }

  /** The turn that `resident` has now, if it has one, is not wanted any more: it ends at its next poll. */
  giveUp(resident: number): void {
    Atomics.store(this.#words, GIVEN_UP, resident);
  }

  /**
   * How long the running turn has not polled, in ms as far as was listened. Between two listenings at most
   * `most` ms count: a host that could not listen for long, because it was itself stopped, has heard nothing.
   */
  silence(now: number, most: number): number {
    const pulse = Atomics.load(this.#words, PULSE);
    const running = Atomics.load(this.#words, TURN_RUNS) === 1;
    this.#silence =
      running && pulse === this.#pulse ? this.#silence + Math.min(now - this.#listened, most) : 0;
    this.#pulse = pulse;
    this.#listened = now;
    return this.#silence;
  }
}
