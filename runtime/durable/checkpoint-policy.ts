// How often the host of a component takes it down for itself: what a recovery has to take up again is what has entered
// since then. Whichever comes first.

export interface CheckpointPolicy {
  /** After so many turns; null: after `DEFAULT_RECORDS` records, of which a turn has one to three. */
  readonly turns: number | null;
  /** After so many bytes of the journal. */
  readonly bytes: number;
  /** So many ms after something has entered it; null: however long that lasts. */
  readonly every: number | null;
}

/** Some ten ms of recovery. */
export const DEFAULT_POLICY: CheckpointPolicy = { turns: null, bytes: 1 << 19, every: null };
const DEFAULT_RECORDS = 2000;

/** Counts what entered one component, and says once that its time has come. */
export class CheckpointClock {
  readonly #policy: CheckpointPolicy;
  readonly #due: () => void;
  #records = 0;
  #turns = 0;
  #bytes = 0;
  #told = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(policy: CheckpointPolicy, due: () => void) {
    this.#policy = policy;
    this.#due = due;
  }

  /** A record of so many bytes was written. */
  record(bytes: number, isTurn: boolean): void {
    this.#records++;
    this.#bytes += bytes;
    if (isTurn) this.#turns++;
    if (this.#told) return;
    const { turns, bytes: most, every } = this.#policy;
    const isMuch = turns === null ? this.#records >= DEFAULT_RECORDS : this.#turns >= turns;
    if (isMuch || this.#bytes >= most) return this.#tell();
    if (every !== null) this.#timer ??= setTimeout(() => this.#tell(), every);
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.#due();
  }

  /** It was taken down just now. */
  taken(): void {
    this.end();
    this.#records = this.#turns = this.#bytes = 0;
    this.#told = false;
  }

  /** It is no longer here. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
