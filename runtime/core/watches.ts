// The watches of one File_system session: what it last saw at each path, which its image carries, and the calls
// that wait until something else is to be seen there.
import * as t from "io-ts";
import { struct, text } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import type { FileChange } from "../../lib/session/file-system.ts";
import type { FileProvider } from "../provider/file/file-provider.ts";
import type { Answer, Eventually } from "./service.ts";
import { changesBetween, look, SeenEntry, weight, type Sight } from "./sight.ts";

/** What a session last saw at the paths that it watches. */
export const Seen = t.array(struct({ path: text, deep: t.boolean, entries: t.array(SeenEntry) }));
export type Seen = t.TypeOf<typeof Seen>;

/** Most bytes of it, of one session; it is a part of the child's image. */
const SEEN_BYTES = 1 << 20;

type Changes = Answer<FileChange[]>;

interface Watched {
  readonly path: string;
  readonly deep: boolean;
  sight: Sight;
  /** Calls that wait, by what ends them. */
  readonly waiting: Map<Promise<Changes>, (changes: Changes) => void>;
  /** What ends the provider's watches, by directory. */
  readonly stops: Map<string, () => void>;
}

export class Watches {
  readonly #provider: FileProvider;
  /** Whether entries of directories may be shown. */
  readonly #lists: boolean;
  readonly #watched = new Map<string, Watched>();
  #suspended = false;

  constructor(provider: FileProvider, lists: boolean, seen: Seen) {
    this.#provider = provider;
    this.#lists = lists;
    for (const { path, deep, entries } of seen)
      this.#add(path, deep, new Map(entries.map((entry) => [entry[0], entry])));
  }

  /** Answers at once where something has changed since this path was watched last. */
  watch(asked: string, deep: boolean): Eventually<FileChange[]> {
    const path = asked === "." ? "" : asked;
    const known = this.#watched.get(keyOf(path, deep));
    const first = known === undefined ? this.#look(path, deep) : E.right(known.sight);
    if (E.isLeft(first)) return first;
    const watched = known ?? this.#add(path, deep, first.right);
    const listening = this.#listen(watched);
    const changes = this.#changes(watched);
    if (E.isLeft(changes) || changes.right.length > 0) {
      if (E.isRight(changes)) this.#tell(watched, changes);
      else this.#rest(watched);
      return changes;
    }
    // Where nobody can listen, because of what has changed, that has been told now.
    if (E.isLeft(listening)) {
      this.#rest(watched);
      if (known === undefined) this.#watched.delete(keyOf(path, deep));
      return listening;
    }
    let settle!: (changes: Changes) => void;
    const waiting = new Promise<Changes>((resolve) => (settle = resolve));
    watched.waiting.set(waiting, settle);
    return waiting;
  }

  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
    for (const watched of this.#watched.values()) this.#check(watched);
  }

  /** Nobody waits for it any more: what changes next is for the next call. */
  cancel(waiting: Promise<unknown>): void {
    for (const watched of this.#watched.values()) {
      const settle = watched.waiting.get(waiting as Promise<Changes>);
      if (settle === undefined) continue;
      watched.waiting.delete(waiting as Promise<Changes>);
      settle(E.right([]));
      this.#rest(watched);
    }
  }

  capture(): Seen {
    return [...this.#watched.values()].map(({ path, deep, sight }) => ({
      path,
      deep,
      entries: [...sight.values()],
    }));
  }

  release(): void {
    for (const watched of this.#watched.values()) {
      watched.waiting.clear();
      this.#rest(watched);
    }
  }

  #add(path: string, deep: boolean, sight: Sight): Watched {
    const watched = { path, deep, sight, waiting: new Map(), stops: new Map() };
    this.#watched.set(keyOf(path, deep), watched);
    return watched;
  }

  #look(path: string, deep: boolean): Answer<Sight> {
    const sight = look(this.#provider, path, deep, this.#lists);
    if (E.isLeft(sight)) return sight;
    let bytes = weight(path, sight.right);
    for (const other of this.#watched.values())
      if (other.path !== path || other.deep !== deep) bytes += weight(other.path, other.sight);
    return bytes > SEEN_BYTES
      ? E.left({ tag: "TooLarge", what: `what is to be seen at ${path}`, bytes, limit: SEEN_BYTES })
      : sight;
  }

  /** What has changed; from now on that is what was seen. */
  #changes(watched: Watched): Changes {
    const now = this.#look(watched.path, watched.deep);
    if (E.isLeft(now)) return now;
    const changes = changesBetween(watched.sight, now.right);
    watched.sight = now.right;
    return E.right(changes);
  }

  /** Before one looks: what happens between a look and a watch would go unnoticed. */
  #listen(watched: Watched): Answer<void> {
    const { path, deep, stops } = watched;
    const check = (): void => this.#check(watched);
    const on = (directory: string): Answer<void> => {
      if (stops.has(directory)) return E.right(undefined);
      const stop = this.#provider.watch(directory, check);
      if (E.isLeft(stop)) return stop;
      stops.set(directory, stop.right);
      return E.right(undefined);
    };
    const itself = on(path);
    if (E.isLeft(itself) || !deep) return itself;
    // Directories that come while this goes on are found by the next round.
    for (let before = -1; before < stops.size;) {
      before = stops.size;
      const sight = this.#look(path, deep);
      if (E.isLeft(sight)) return sight;
      for (const [at, kind] of sight.right.values()) {
        const listening = kind === "directory" ? on(at) : E.right(undefined);
        if (E.isLeft(listening) && listening.left.tag !== "NotFound") return listening;
      }
    }
    return E.right(undefined);
  }

  #check(watched: Watched): void {
    if (this.#suspended || watched.waiting.size === 0) return;
    const changes = this.#changes(watched);
    if (E.isLeft(changes) || changes.right.length > 0) this.#tell(watched, changes);
  }

  #tell(watched: Watched, changes: Changes): void {
    for (const settle of watched.waiting.values()) settle(changes);
    watched.waiting.clear();
    this.#rest(watched);
  }

  /** Listens no longer where nobody waits. */
  #rest({ waiting, stops }: Watched): void {
    if (waiting.size > 0) return;
    for (const stop of stops.values()) stop();
    stops.clear();
  }
}

const keyOf = (path: string, deep: boolean): string => `${deep ? "deep" : "flat"} ${path}`;
