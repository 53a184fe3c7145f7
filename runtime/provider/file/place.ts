// Walking a real directory one name at a time, each step from a held descriptor: Node has no `openat`, and a
// path that was checked as text can be another one when it is used. The kernel's way back to a descriptor,
// /proc/self/fd/N, does what `openat` would.

import * as fs from "node:fs";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { descriptorPath, placeOnly, type Disk } from "./disk.ts";
import type { FilePath } from "./path.ts";
import { linkError, systemError } from "./system-error.ts";

const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/** A directory held open. It stays that directory, whatever becomes of its name. */
export interface Place {
  readonly descriptor: number;
  /** Where the kernel finds the entry `name` of it. */
  at(name: string): string;
  /** Gives the descriptor up, unless it is the provider's own root. */
  leave(): void;
}

class HeldPlace implements Place {
  readonly descriptor: number;
  readonly #disk: Disk;
  readonly #kept: boolean;

  constructor(disk: Disk, descriptor: number, kept: boolean) {
    this.#disk = disk;
    this.descriptor = descriptor;
    this.#kept = kept;
  }

  at(name: string): string {
    return `${descriptorPath(this.descriptor)}/${name}`;
  }

  leave(): void {
    if (!this.#kept) this.#disk.closeSync(this.descriptor);
  }
}

/**
 * The directory that `names` lead to from `root`. No symbolic link is followed: `InvalidPath` names it.
 * The caller leaves the place.
 */
export const walk = (
  disk: Disk,
  provider: string,
  root: number,
  names: FilePath,
): Either<SessionError, Place> => {
  let place = new HeldPlace(disk, root, true);
  for (const [depth, name] of names.entries()) {
    const next = place.at(name);
    try {
      const descriptor = disk.openSync(next, placeOnly | O_DIRECTORY | O_NOFOLLOW);
      place.leave();
      place = new HeldPlace(disk, descriptor, false);
    } catch (cause) {
      const here = names.slice(0, depth + 1).join("/");
      // The kernel calls a link "not a directory"; the look is for the message only.
      const error = isLink(disk, next)
        ? linkError(names.join("/"), here)
        : systemError(cause, provider, here, "walk");
      place.leave();
      return E.left(error);
    }
  }
  return E.right(place);
};

/** False also where it can't be told; nothing may rest on it but a message, or a refusal that is a courtesy. */
export const isLink = (disk: Disk, path: string): boolean => {
  try {
    return disk.lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
};
