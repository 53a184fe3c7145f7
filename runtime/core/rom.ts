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
  readonly #watchers = new Set<() => void>();

  constructor(content: string | Uint8Array) {
    this.#content = Buffer.from(content);
  }

  get content(): Uint8Array {
    return this.#content;
  }
  /** SHA-256 of it, hexadecimal. */
  get sha256(): string {
    return (this.#sha256 ??= sha256(this.#content));
  }

  /** Replaces the content whole, and tells every session, even where nothing differs. */
  replace(content: string | Uint8Array): void {
    this.#content = Buffer.from(content);
    this.#sha256 = null;
    for (const changed of [...this.#watchers]) changed();
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }
}

/** Where a session was: its version, the last one seen, and what that version held (sha256, hexadecimal). */
export const RomPosition = struct({ version: natural, seen: natural, sha256: t.string }, {}, "RomPosition");
export type RomPosition = t.TypeOf<typeof RomPosition>;

/** `position`: where the session goes on, or null for a new one. */
/** The digest of a content that was not looked at. */
export const UNKNOWN = "";

export const makeRom = (source: RomSource, position: RomPosition | null): Serving<typeof Rom> => {
  let version = 1;
  let seen = 1;
  if (position !== null) {
    const isSame = position.sha256 === UNKNOWN || source.sha256 === position.sha256;
    version = position.version + (isSame ? 0 : 1);
    ({ seen } = position);
  }
  const news =
    position === null || version === position.version
      ? {}
      : { changed: `version ${version}, was ${position.version}` };
  let suspended = false;
  let waiting: ((answer: Answer<number>) => void)[] = [];
  const read = (): Uint8Array => {
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
    version++;
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
      capture: (): Answer<RomPosition> => E.right({ version, seen, sha256: source.sha256 }),
      release: stop,
    },
  };
};
