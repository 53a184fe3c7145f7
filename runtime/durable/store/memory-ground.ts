// A ground in memory, which ends with its process: for specs, and for hosts that need to survive nothing.
import { E, type Either } from "../../../lib/fp.ts";
import {
  joined,
  valueBytes,
  type Changes,
  type Entry,
  type Ground,
  type GroundError,
  type Key,
  type Value,
  type View,
} from "./ground.ts";
import { SortedKeys } from "./sorted-keys.ts";

/** A view keeps what was changed since it was opened. */
class MemoryView implements View {
  /** What stood there when the view was opened, of all that changed since. */
  readonly before = new Map<Key, Uint8Array | null>();
  readonly #values: ReadonlyMap<Key, Uint8Array>;
  readonly #keys: SortedKeys;
  readonly #closed: (view: MemoryView) => void;

  constructor(values: ReadonlyMap<Key, Uint8Array>, keys: SortedKeys, closed: (view: MemoryView) => void) {
    this.#values = values;
    this.#keys = keys;
    this.#closed = closed;
  }

  get(key: Key): Uint8Array | null {
    const value = this.#at(key);
    return value === null ? null : new Uint8Array(value);
  }

  range(prefix: Key, limit: number, after: Key = ""): readonly Entry[] {
    const gone = [...this.before.keys()].filter((key) => key.startsWith(prefix) && key > after);
    const entries: Entry[] = [];
    const from = after > prefix ? after : prefix;
    const wanted = limit + gone.length;
    const keys: Key[] = [];
    for (const key of this.#keys.from(from)) {
      if (!key.startsWith(prefix) || keys.length === wanted) break;
      if (key > after) keys.push(key);
    }
    const all = gone.length === 0 ? keys : [...new Set([...keys, ...gone])].sort(byCode);
    for (const key of all) {
      if (entries.length === limit) break;
      const value = this.#at(key);
      if (value !== null) entries.push([key, new Uint8Array(value)]);
    }
    return entries;
  }

  close(): void {
    this.#closed(this);
  }

  #at(key: Key): Uint8Array | null {
    const old = this.before.get(key);
    return old === undefined ? (this.#values.get(key) ?? null) : old;
  }
}

const byCode = (a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0);

export interface MemoryGroundOptions {
  /** Most bytes of keys and values. Default: none. */
  readonly limit?: number;
}

export class MemoryGround implements Ground {
  readonly path: string;
  readonly #limit: number;
  readonly #values = new Map<Key, Uint8Array>();
  readonly #keys = new SortedKeys();
  readonly #views = new Set<MemoryView>();
  #bytes = 0;

  constructor(path: string, { limit = Infinity }: MemoryGroundOptions = {}) {
    this.path = path;
    this.#limit = limit;
  }

  view(): View {
    const view = new MemoryView(this.#values, this.#keys, (closed) => this.#views.delete(closed));
    this.#views.add(view);
    return view;
  }

  last(prefix: Key): Key | null {
    return this.#keys.last(prefix);
  }

  write(changes: Changes): Either<GroundError, void> {
    let bytes = this.#bytes;
    for (const [key, value] of changes)
      bytes += entryBytes(key, value) - entryBytes(key, this.#values.get(key) ?? null);
    if (bytes > this.#limit && bytes > this.#bytes) return E.left({ tag: "NoSpace", step: "write" });
    for (const [key, value] of changes) {
      const old = this.#values.get(key) ?? null;
      for (const view of this.#views) if (!view.before.has(key)) view.before.set(key, old);
      if (value === null) {
        this.#values.delete(key);
        this.#keys.delete(key);
      } else {
        this.#values.set(key, joined(value));
        if (old === null) this.#keys.add(key);
      }
    }
    this.#bytes = bytes;
    return E.right(undefined);
  }

  bytes(): number {
    return this.#bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const entryBytes = (key: Key, value: Value | null): number =>
  value === null ? 0 : key.length + valueBytes(value);
