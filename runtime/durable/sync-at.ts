// Brings to stable storage what a path names, a file or a folder.
import { closeSync, openSync } from "node:fs";

/** Returns when that is done, by `sync`, which takes a descriptor. Throws where it can't be. */
export const syncAt = (path: string, sync: (descriptor: number) => void): void => {
  const descriptor = openSync(path, "r");
  try {
    sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
