// What a store is built on: an ordered map of bytes whose changes happen together or not at all. Everything else,
// such as chunks, generations and what is to be collected, is the store's, and the same on every ground. Synchronous,
// but for what is large.
import type { Either } from "../../../lib/fp.ts";

/** Keys are strings of bytes: characters up to 255, in their order, 1 to 512 of them. */
export type Key = string;
export type Entry = readonly [key: Key, value: Uint8Array];
/** Bytes, or parts of them one after another, which are put together only where they are written. */
export type Value = Uint8Array | readonly Uint8Array[];
/** What to set, and by `null` what to remove. */
export type Changes = ReadonlyMap<Key, Value | null>;

export const valueBytes = (value: Value): number =>
  value instanceof Uint8Array ? value.length : value.reduce((sum, { length }) => sum + length, 0);

/** In bytes of its own where it is in parts. */
export const joined = (value: Value): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array(Buffer.concat(value));

/** The map as it was at one moment. What it answers is the asker's own. */
export interface View {
  get(key: Key): Uint8Array | null;
  /** At most `limit` entries whose keys begin with `prefix`, from the first one after `after` on. */
  range(prefix: Key, limit: number, after?: Key): readonly Entry[];
  /** Afterwards it must not be asked. Old content is kept for it until then. */
  close(): void;
}

export type GroundError =
  /** The disk, or the ground's own bound, is full. */
  | { readonly tag: "NoSpace"; readonly step: string }
  /** By the code of the operating system or the engine. */
  | { readonly tag: "Io"; readonly step: string; readonly code: string };

export interface Ground {
  /** Where it is, for errors. */
  readonly path: string;
  view(): View;
  /** The last key now that begins with `prefix`. */
  last(prefix: Key): Key | null;
  /** All changes or none; durable when it answers. Values must not change afterwards, but for those in parts. */
  write(changes: Changes): Either<GroundError, void>;
  /** The same, while this thread goes on; until it answers nothing else is written. For what is large, where it pays. */
  writeBeside?(changes: Changes): Promise<Either<GroundError, void>>;
  /** What it takes, in bytes. */
  bytes(): number;
  close(): Promise<void>;
}

/** The first key after all that begin with `prefix`, or `null` where there can be none. */
export const afterPrefix = (prefix: Key): Key | null => {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix.charCodeAt(length - 1);
    if (last < 255) return prefix.slice(0, length - 1) + String.fromCharCode(last + 1);
  }
  return null;
};
