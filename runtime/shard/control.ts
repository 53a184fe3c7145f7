// What a shard shows its host while it runs: a few words of shared memory that a watchdog can read even when the
// shard's thread is stuck inside the engine.

const TURN_RUNS = 0;
const PULSE = 1;
const THREAD = 2;
const RESIDENT = 3;
const GIVEN_UP = 4;
const KERNEL_THREAD = 5;
const WORDS = 6;

export const makeControl = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 4);

/** The shard's side. */
export class Pulse {
  readonly #words: Int32Array;

  /** `kernelThread`: the number by which the kernel knows the shard's thread. */
  constructor(control: SharedArrayBuffer, kernelThread: number) {
    this.#words = new Int32Array(control);
    Atomics.store(this.#words, KERNEL_THREAD, kernelThread);
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

/** The host's side: tells for how long a turn has shown no sign of life. */
export class Stethoscope {
  readonly #words: Int32Array;
  readonly #processorTime: (kernelThread: number) => number;
  #pulse = 0;
  /** What the thread had taken of its processor's time when this pulse was first heard, in ms. */
  #since = 0;

  /** `processorTime`: what a thread of this process has taken by now, in ms. */
  constructor(control: SharedArrayBuffer, processorTime: (kernelThread: number) => number) {
    this.#words = new Int32Array(control);
    this.#processorTime = processorTime;
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
   * How long the running turn has gone without a poll, in ms of its thread's processor time since that was first heard:
   * on a machine that is busy with other things, or stopped, nobody is taken for dead. 0 between turns.
   */
  silence(): number {
    if (this.running === null) return 0;
    const pulse = Atomics.load(this.#words, PULSE);
    const taken = this.#processorTime(Atomics.load(this.#words, KERNEL_THREAD));
    if (pulse !== this.#pulse) {
      this.#pulse = pulse;
      this.#since = taken;
    }
    return taken - this.#since;
  }
}
