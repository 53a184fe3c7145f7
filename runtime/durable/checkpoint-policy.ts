// How often the host of a component takes it down for itself: what a recovery has to take up again is what has entered
// since then. Whichever comes first.

export interface CheckpointPolicy {
  /** After so many turns; null: after `OWN_RECORDS` to `MOST_RECORDS` records, of which a turn has one to three, or turns
   *  that took `DEFAULT_MS`. */
  readonly turns: number | null;
  /** After so many bytes of the journal. */
  readonly bytes: number;
  /** So many ms after something has entered it; null: however long that lasts. */
  readonly every: number | null;
}

export const DEFAULT_POLICY: CheckpointPolicy = { turns: null, bytes: 1 << 19, every: null };
/** For each child of its thread, where it stands still for one part in `PAUSE_SHARE` at most: some five ms of recovery. Where
 *  many share a thread, that would be a third of what another one has to do. */
const OWN_RECORDS = 600;
/** However many they are, and however long it stands still. */
const MOST_RECORDS = 2000;
/** Between looks whether it would stand still too often. */
const MORE_RECORDS = 100;
/** A recovery takes the turns again. */
const DEFAULT_MS = 50;
/** A component that computes all the time stands still for its checkpoints for at most one part in so many. */
const PAUSE_SHARE = 50;

/** Counts what entered one component, and says once that its time has come. */
export class CheckpointClock {
  readonly #policy: CheckpointPolicy;
  readonly #due: () => void;
  readonly #sharers: () => number;
  /** After how many records it is looked at. */
  #limit: number;
  #records = 0;
  #turns = 0;
  #bytes = 0;
  /** How long its turns took, in ms, and how long it stood still for the last checkpoint. */
  #ms = 0;
  #pause = 0;
  #taken = performance.now();
  #told = false;
  #timer: NodeJS.Timeout | null = null;

  /** `sharers`: how many children its thread has. Default: many. */
  constructor(policy: CheckpointPolicy, due: () => void, sharers: () => number = () => Infinity) {
    this.#policy = policy;
    this.#due = due;
    this.#sharers = sharers;
    this.#limit = this.#firstLook();
  }

  #firstLook(): number {
    return Math.min(MOST_RECORDS, OWN_RECORDS * Math.max(1, this.#sharers()));
  }

  /** So many records are enough, or too few yet for how long it stands still each time. */
  #isEnough(): boolean {
    const isSeldom = performance.now() - this.#taken >= this.#pause * PAUSE_SHARE;
    if (isSeldom || this.#limit >= MOST_RECORDS) return true;
    this.#limit = Math.min(MOST_RECORDS, this.#limit + MORE_RECORDS);
    return false;
  }

  /** A record of so many bytes was written. */
  record(bytes: number, isTurn: boolean): void {
    this.#records++;
    this.#bytes += bytes;
    if (isTurn) this.#turns++;
    if (this.#told) return;
    const { turns, bytes: most, every } = this.#policy;
    const isMuch = turns === null ? this.#records >= this.#limit && this.#isEnough() : this.#turns >= turns;
    if (isMuch || this.#bytes >= most) return this.#tell();
    if (every !== null) this.#timer ??= setTimeout(() => this.#tell(), every);
  }

  /** A turn took so many ms. */
  turned(ms: number): void {
    this.#ms += ms;
    const most = Math.max(DEFAULT_MS, this.#pause * PAUSE_SHARE);
    if (this.#policy.turns === null && this.#ms >= most) this.#tell();
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.#due();
  }

  /** It was taken down just now, and stood still for so many ms. */
  taken(pause: number): void {
    this.end();
    this.#records = this.#turns = this.#bytes = this.#ms = 0;
    this.#pause = pause;
    this.#taken = performance.now();
    this.#limit = this.#firstLook();
    this.#told = false;
  }

  /** It is no longer here. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
