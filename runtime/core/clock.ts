// Time as a protection domain knows it: its monotonic clock counts only while it is alive, goes on across
// revivals where it stood, and never runs backwards.

/** Where time and waiting come from. All in milliseconds. */
export interface ClockPower {
  /** Never backwards, from an arbitrary origin. */
  monotonic(): number;
  /** Since 1970. */
  wall(): number;
  /** Calls `then` once, `ms` from now, and returns what takes that back. */
  after(ms: number, then: () => void): () => void;
}

/** The longest that Node's timers wait in one go. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

export const systemClock: ClockPower = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(ms, then) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer =
        left > LONGEST_WAIT_MS
          ? setTimeout(() => wait(left - LONGEST_WAIT_MS), LONGEST_WAIT_MS)
          : setTimeout(then, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

export class Clock {
  readonly power: ClockPower;
  readonly #origin: number;
  #last = 0;

  /** `elapsed`: what the clock shows when it begins, in ms. */
  constructor(power: ClockPower, elapsed: number) {
    this.power = power;
    this.#origin = power.monotonic() - elapsed;
    this.#last = elapsed;
  }

  elapsed(): number {
    const now = this.power.monotonic() - this.#origin;
    if (now > this.#last) this.#last = now;
    return this.#last;
  }
}
