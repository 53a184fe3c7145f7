// Everything a child did in a run, over all its incarnations: what `until` and `expect` look at. Bounded, so
// that a child that floods its log costs the scenario nothing but the oldest of it.

/** Log entries that are kept of one child, and their bytes, as UTF-16. */
const MOST_ENTRIES = 100_000;
const MOST_BYTES = 16 * 1024 ** 2;

export interface FaultRecord {
  readonly reason: string;
  /** `file:line:column`, where there is one. */
  readonly at: string | null;
}

export interface Bounds {
  readonly entries: number;
  readonly bytes: number;
}

export class ChildHistory {
  readonly #bounds: Bounds;
  #log: string[] = [];
  /** Entries at the front of `#log` that were dropped and are still to be cut off. */
  #gone = 0;
  #dropped = 0;
  #bytes = 0;
  /** How its incarnations ended, those that were frozen left out. */
  readonly endings: (
    { readonly kind: "exited"; readonly code: number } | ({ readonly kind: "faulted" } & FaultRecord)
  )[] = [];
  /** Services it was denied. */
  readonly denied = new Set<string>();

  constructor(bounds: Bounds = { entries: MOST_ENTRIES, bytes: MOST_BYTES }) {
    this.#bounds = bounds;
  }

  logged(text: string): void {
    this.#log.push(text);
    this.#bytes += 2 * text.length;
    while (this.#log.length - this.#gone > this.#bounds.entries || this.#bytes > this.#bounds.bytes) {
      this.#bytes -= 2 * this.#log[this.#gone]!.length;
      this.#log[this.#gone++] = "";
      this.#dropped++;
    }
    if (this.#gone > this.#bounds.entries) {
      this.#log = this.#log.slice(this.#gone);
      this.#gone = 0;
    }
  }

  /** Entries at the beginning that are no longer kept. */
  get dropped(): number {
    return this.#dropped;
  }
  /** Number of entries written so far, dropped ones included. */
  get written(): number {
    return this.#dropped + this.#log.length - this.#gone;
  }
  /** What is kept of its log. */
  get log(): readonly string[] {
    return this.#log.slice(this.#gone);
  }
  /** The last entry, or null. */
  get last(): string | null {
    return this.#log.length === this.#gone ? null : this.#log.at(-1)!;
  }
  /** The entries from number `from` on, as far as they are kept. */
  since(from: number): readonly string[] {
    return this.#log.slice(this.#gone + Math.max(0, from - this.#dropped));
  }
}
