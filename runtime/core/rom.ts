// ROM, served: a view on a source that may change, with version numbers of its own that survive revivals.
import * as t from "io-ts";
import { natural, struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { Rom } from "../../lib/session/rom.ts";
import { sha256 } from "../digest.ts";
import type { Answer, Serving } from "./service.ts";

/** Content that whoever owns it may replace. */
export class RomSource {
  #content: Uint8Array;
  #sha256: string | null = null;
  #isBlank: boolean;
  readonly #watchers = new Set<() => void>();
  #last: Promise<unknown> = Promise.resolve();

  /** `content`: null where nobody has said it yet, which reads as an empty one. */
  constructor(content: string | Uint8Array | null) {
    this.#content = Buffer.from(content ?? "");
    this.#isBlank = content === null;
  }

  get content(): Uint8Array {
    return this.#content;
  }
  /** SHA-256 of it, hexadecimal. */
  get sha256(): string {
    return (this.#sha256 ??= sha256(this.#content));
  }
  /** Nobody has said yet what it holds. */
  get isBlank(): boolean {
    return this.#isBlank;
  }

  /** Replaces the content whole, and tells every session, even where nothing differs. */
  replace(content: string | Uint8Array): void {
    this.#content = Buffer.from(content);
    this.#isBlank = false;
    this.#tell();
  }

  /** As if nobody had ever said what it holds. */
  clear(): void {
    this.#content = Buffer.from("");
    this.#isBlank = true;
    this.#tell();
  }

  #tell(): void {
    this.#sha256 = null;
    for (const changed of [...this.#watchers]) changed();
  }

  /** Does it when all that was begun so before is done. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }
}

/** Where a session was: its version, the last one seen, and what that version held (sha256, hexadecimal). */
export const RomPosition = struct({ version: natural, seen: natural, sha256: t.string }, {}, "RomPosition");
export type RomPosition = t.TypeOf<typeof RomPosition>;

/** The digest of a content that was not looked at. */
export const UNKNOWN = "";

/**
 * `position`: where the session goes on, or null for a new one. Whoever reports what it reads may come back after it:
 * until somebody says what a blank source holds, nothing has changed.
 */
export const makeRom = (source: RomSource, position: RomPosition | null): Serving<typeof Rom> => {
  let version = 1;
  let seen = 1;
  /** What it held, while it is not known whether it still does. */
  let awaited: string | null = null;
  const settle = (): void => {
    if (awaited !== null && source.sha256 !== awaited) version++;
    awaited = null;
  };
  if (position !== null) {
    ({ version, seen } = position);
    if (position.sha256 !== UNKNOWN) awaited = position.sha256;
    if (!source.isBlank) settle();
  }
  const news =
    position === null || version === position.version
      ? {}
      : { changed: `version ${version}, was ${position.version}` };
  let suspended = false;
  let waiting: ((answer: Answer<number>) => void)[] = [];
  const read = (): Uint8Array => {
    settle();
    seen = version;
    return source.content;
  };
  const serve = (): void => {
    if (suspended || version <= seen || waiting.length === 0) return;
    seen = version;
    const served = waiting;
    waiting = [];
    for (const resolve of served) resolve(E.right(version));
  };
  const stop = source.watch(() => {
    if (awaited === null) version++;
    else settle();
    serve();
  });
  return {
    contract: Rom,
    text: () => E.right(Buffer.from(read()).toString()),
    bytes: () => E.right(read()),
    version: () => E.right(version),
    changed() {
      const changed = new Promise<Answer<number>>((resolve) => waiting.push(resolve));
      serve();
      return changed;
    },
    life: {
      ...news,
      suspend() {
        suspended = true;
      },
      resume() {
        suspended = false;
        serve();
      },
      capture: (): Answer<RomPosition> => E.right({ version, seen, sha256: awaited ?? source.sha256 }),
      release: stop,
    },
  };
};
