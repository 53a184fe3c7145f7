// Changes on their way into the ground: what is read through a draft sees them already. Drafts lie on one another,
// so that one that fails can be left out.
import { joined, type Changes, type Entry, type Key, type Value } from "./ground.ts";

/** Whatever can be read. */
export interface Source {
  get(key: Key): Uint8Array | null;
  /** The prefix has one letter at least. */
  range(prefix: Key, limit: number, after?: Key): readonly Entry[];
}

export class Draft implements Source {
  readonly #below: Source;
  /** By the first letter of the key, which is its kind: ranges are asked for within one. */
  readonly #kinds = new Map<string, Map<Key, Value | null>>();

  constructor(below: Source) {
    this.#below = below;
  }

  get(key: Key): Uint8Array | null {
    const changed = this.#kinds.get(key.charAt(0))?.get(key);
    if (changed === undefined) return this.#below.get(key);
    return changed === null ? null : joined(changed);
  }

  range(prefix: Key, limit: number, after: Key = ""): readonly Entry[] {
    const kind = this.#kinds.get(prefix.charAt(0)) ?? new Map<Key, Value | null>();
    const changed = [...kind].filter(([key]) => key.startsWith(prefix) && key > after);
    if (changed.length === 0) return this.#below.range(prefix, limit, after);
    const gone = changed.filter(([, value]) => value === null).length;
    const entries = new Map<Key, Uint8Array | null>(this.#below.range(prefix, limit + gone, after));
    for (const [key, value] of changed) entries.set(key, value === null ? null : joined(value));
    return [...entries]
      .filter((entry): entry is [Key, Uint8Array] => entry[1] !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit);
  }

  set(key: Key, value: Value): void {
    this.#change(key, value);
  }

  delete(key: Key): void {
    this.#change(key, null);
  }

  /** In no order. */
  get changes(): Changes {
    const all = new Map<Key, Value | null>();
    for (const kind of this.#kinds.values()) for (const [key, value] of kind) all.set(key, value);
    return all;
  }

  /** Takes over what a draft upon this one has changed. */
  take(upper: Draft): void {
    for (const kind of upper.#kinds.values()) for (const [key, value] of kind) this.#change(key, value);
  }

  #change(key: Key, value: Value | null): void {
    const letter = key.charAt(0);
    let kind = this.#kinds.get(letter);
    if (kind === undefined) this.#kinds.set(letter, (kind = new Map<Key, Value | null>()));
    kind.set(key, value);
  }
}
