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

/** A disk whose syncs take longer, in ms, is waited for by another thread. */
const SLOW_MS = 1;

/** After so many syncs it is tried again whether the disk has become faster. */
const TRIED_AFTER = 100;

/**
 * A file that was opened for appending, by its descriptor; any thread of the process may have it. Where the disk is fast
 * the sync is done on the spot: to hand it to another thread and hear of its end takes longer than it does, and all
 * that could go on meanwhile waits for the next one.
 */
export const descriptorSync = (descriptor: number): FileSync => {
  let slow = 0;
  return {
    append(bytes) {
      for (let written = 0; written < bytes.length;)
        written += fs.writeSync(descriptor, bytes, written, bytes.length - written);
    },
    sync(then) {
      if (slow > 0) {
        slow--;
        return fs.fdatasync(descriptor, then);
      }
      const began = performance.now();
      let failed: Error | null = null;
      try {
        fs.fdatasyncSync(descriptor);
      } catch (cause) {
        failed = cause as Error;
      }
      if (performance.now() - began > SLOW_MS) slow = TRIED_AFTER;
      then(failed);
    },
    syncNow: () => fs.fdatasyncSync(descriptor),
  };
};
