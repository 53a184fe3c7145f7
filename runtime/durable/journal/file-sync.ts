// What a journal does to its file.

import * as fs from "node:fs";

export interface FileSync {
  /** Appends all of it; throws where that failed. */
  append(bytes: Uint8Array): void;
  /** Calls `then` when all that was appended is on stable storage, or with why it is not. */
  sync(then: (cause: Error | null) => void): void;
  /** Returns then; throws where it is not. */
  syncNow(): void;
}

/** A disk whose syncs take longer, in ms, is waited for by another thread: while many have turns to take, while a few
 *  have, and while nobody has. */
const SLOW_MS = { busy: 0.1, some: 1, idle: 20 };

/** So many who have turns to take are many: their turns take longer than a sync handed over does to begin and to be heard
 *  of. */
const MANY = 4;

/** How much one sync counts among those before it: a single one that is slow is no slow disk. */
const SHARE = 1 / 8;

/** After so many syncs elsewhere it is tried again whether the disk has become faster. */
const TRIED_AFTER = 20;

/**
 * A file that was opened for appending, by its descriptor; any thread of the process may have it. `busy`: how many of
 * this thread have something to do before the sync is done. Where nobody has, or the disk is fast, the sync is done on
 * the spot: to hand it to another thread and hear of its end takes as long again.
 */
export const descriptorSync = (descriptor: number, busy: () => number = () => 1): FileSync => {
  const slow = (): number => {
    const others = busy();
    return others === 0 ? SLOW_MS.idle : others < MANY ? SLOW_MS.some : SLOW_MS.busy;
  };
  let took = 0;
  let elsewhere = 0;
  return {
    append(bytes) {
      for (let written = 0; written < bytes.length;)
        written += fs.writeSync(descriptor, bytes, written, bytes.length - written);
    },
    sync(then) {
      if (took > slow() && ++elsewhere < TRIED_AFTER) return fs.fdatasync(descriptor, then);
      elsewhere = 0;
      const began = performance.now();
      let failed: Error | null = null;
      try {
        fs.fdatasyncSync(descriptor);
      } catch (cause) {
        failed = cause as Error;
      }
      took += (performance.now() - began - took) * SHARE;
      then(failed);
    },
    syncNow: () => fs.fdatasyncSync(descriptor),
  };
};
