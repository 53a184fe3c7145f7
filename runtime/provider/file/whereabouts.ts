// Where a file stands that is held open: the kernel follows it through every renaming, whoever makes it, and tells
// the way to it by its descriptor.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { descriptorPath, type Disk } from "./disk.ts";
import { entryPath } from "./path.ts";
import { walk } from "./place.ts";

/** A provider, as far as its files must know it. */
export interface Rooted {
  readonly name: string;
  /** The descriptor of its directory; null once it is closed. */
  readonly root: number | null;
}

interface Inode {
  readonly dev: bigint;
  readonly ino: bigint;
}

const same = (disk: Disk, path: string, file: Inode): boolean => {
  const found = disk.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found !== undefined && found.dev === file.dev && found.ino === file.ino;
};

/** The path below the root that the kernel gives, which has no symbolic link in it; null where there is none. What
 *  it says of a removed file looks like a path, too. */
const toldPath = (disk: Disk, root: number, descriptor: number): string | null => {
  const base = disk.readlinkSync(descriptorPath(root));
  const prefix = base === "/" ? base : `${base}/`;
  const told = disk.readlinkSync(descriptorPath(descriptor));
  return told.startsWith(prefix) ? told.slice(prefix.length) : null;
};

const standsAt = (disk: Disk, provider: string, root: number, path: string, file: Inode): boolean => {
  const names = entryPath(path);
  if (E.isLeft(names)) return false;
  const place = walk(disk, provider, root, names.right.slice(0, -1));
  if (E.isLeft(place)) return false;
  try {
    return same(disk, place.right.at(names.right.at(-1)!), file);
  } finally {
    place.right.leave();
  }
};

/** See `OpenFile.path`. `known`: where it stood. Throws what the system does. */
export const whereabouts = (
  disk: Disk,
  { name, root }: Rooted,
  descriptor: number,
  known: string,
): Either<SessionError, string | null> => {
  if (root === null) return E.left({ tag: "Closed", what: name });
  const file = disk.fstatSync(descriptor, { bigint: true });
  const told = toldPath(disk, root, descriptor);
  if (told !== null && E.isRight(entryPath(told)) && same(disk, `${descriptorPath(root)}/${told}`, file))
    return E.right(told);
  // Of several names of a file, the kernel follows the one that it was opened by.
  if (standsAt(disk, name, root, known, file)) return E.right(known);
  if (file.nlink === 0n) return E.right(null);
  return E.left({
    tag: "Changed",
    path: known,
    difference: "it has lost that name, and has another that is not known here",
  });
};
