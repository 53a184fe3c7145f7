// Changes on their way into the ground: what is read through a draft sees them already. Drafts lie on one another,
// so that one that fails can be left out.
import type { Changes, Entry, Key } from "./ground.ts";

/** Whatever can be read. */
export interface Source {
  get(key: Key): Uint8Array | null;
  range(prefix: Key, limit: number, after?: Key): readonly Entry[];
}

export class Draft implements Source {
  readonly #below: Source;
  readonly #changes = new Map<Key, Uint8Array | null>();

  constructor(below: Source) {
    this.#below = below;
  }

  get(key: Key): Uint8Array | null {
    const changed = this.#changes.get(key);
    return changed === undefined ? this.#below.get(key) : changed;
  }

  range(prefix: Key, limit: number, after: Key = ""): readonly Entry[] {
    const changed = [...this.#changes].filter(([key]) => key.startsWith(prefix) && key > after);
    if (changed.length === 0) return this.#below.range(prefix, limit, after);
    const gone = changed.filter(([, value]) => value === null).length;
    const entries = new Map<Key, Uint8Array | null>(this.#below.range(prefix, limit + gone, after));
    for (const [key, value] of changed) entries.set(key, value);
    return [...entries]
      .filter((entry): entry is [Key, Uint8Array] => entry[1] !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit);
  }

  set(key: Key, value: Uint8Array): void {
    this.#changes.set(key, value);
  }

  delete(key: Key): void {
    this.#changes.set(key, null);
  }

  get changes(): Changes {
    return this.#changes;
  }

  /** Takes over what a draft upon this one has changed. */
  take(upper: Draft): void {
    for (const [key, value] of upper.#changes) this.#changes.set(key, value);
  }
}
