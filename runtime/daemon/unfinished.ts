// What a host that was ended while it wrote has left in its state directory: files that were never put in their places.
import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isTemporary } from "../image/write-image.ts";
import type { StateFolder } from "./state-folder.ts";

/** Removes them. Only who holds the directory may: nobody else writes there. What can't be removed stays. */
export const removeUnfinished = async ({ path }: StateFolder): Promise<void> => {
  for (const folder of [path, join(path, "images"), join(path, "faults")]) {
    const names = await readdir(folder).catch(() => []);
    await Promise.all(names.filter(isTemporary).map((name) => unlink(join(folder, name)).catch(() => {})));
  }
};
