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

/** A file that was opened for appending, by its descriptor; any thread of the process may have it. */
export const descriptorSync = (descriptor: number): FileSync => ({
  append(bytes) {
    for (let written = 0; written < bytes.length;)
      written += fs.writeSync(descriptor, bytes, written, bytes.length - written);
  },
  sync: (then) => fs.fdatasync(descriptor, then),
  syncNow: () => fs.fdatasyncSync(descriptor),
});
