// The file provider over a real directory of the host. Confined to it: every step is taken from a descriptor
// that is held, symbolic links are refused, and so is what would block or is no file.

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { ChangedNames } from "./changed-names.ts";
import { DirectoryFile } from "./directory-file.ts";
import { descriptorPath, nameless, placeOnly, realDisk, type Disk } from "./disk.ts";
import { entityOf } from "./entity.ts";
import type { FileEntry, FileProvider, FileStat, OpenFile, OpenMode } from "./file-provider.ts";
import { modeError } from "./open-mode.ts";
import { entryPath, EPOCHS, filePath, type FilePath } from "./path.ts";
import { isLink, walk, type Place } from "./place.ts";
import type { Rooted } from "./whereabouts.ts";
import { kindError, linkError, systemError } from "./system-error.ts";

const { O_APPEND, O_CREAT, O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const { O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants;

export interface DirectoryOptions {
  /** The name routes and errors know the provider by. */
  readonly name: string;
  /** An existing directory of the host; links on the way to it are the host's business and followed. */
  readonly directory: string;
  /** Where a file without a name lies whose own file system has none, or does not let us. Default: the system's
   *  folder for temporary files. */
  readonly scratch?: string;
  /** Default: the real one. */
  readonly disk?: Disk;
}

/** Holds the directory open from now on: one descriptor. */
export const directoryFiles = (options: DirectoryOptions): Either<SessionError, FileProvider> => {
  const disk = options.disk ?? realDisk;
  try {
    const root = disk.openSync(options.directory, placeOnly | O_DIRECTORY);
    return E.right(new DirectoryFiles(disk, options.name, root, options.scratch ?? tmpdir()));
  } catch (cause) {
    return E.left(systemError(cause, options.name, options.directory, "open"));
  }
};

class DirectoryFiles implements FileProvider, Rooted {
  readonly name: string;
  readonly #disk: Disk;
  readonly #root: number;
  readonly #scratch: string;
  readonly #watchers = new Set<fs.FSWatcher>();
  readonly #changed = new ChangedNames();
  #closed = false;

  constructor(disk: Disk, name: string, root: number, scratch: string) {
    this.#disk = disk;
    this.name = name;
    this.#root = root;
    this.#scratch = scratch;
  }

  get root(): number | null {
    return this.#closed ? null : this.#root;
  }

  open(path: string, mode: OpenMode): Either<SessionError, OpenFile> {
    const impossible = modeError(mode);
    if (impossible !== null) return E.left(impossible);
    return this.#atEntry(path, "open", (place, name) => {
      const descriptor = this.#disk.openSync(place.at(name), flags(mode), 0o666);
      let kept = false;
      try {
        const stat = this.#disk.fstatSync(descriptor);
        if (stat.isDirectory()) return E.left({ tag: "IsDirectory", path });
        if (!stat.isFile()) return E.left(kindError(path));
        kept = true;
        if (mode.create) this.#note(path);
        return E.right(new DirectoryFile(this.#disk, this, path, mode, descriptor));
      } finally {
        if (!kept) this.#disk.closeSync(descriptor);
      }
    });
  }

  stat(path: string): Either<SessionError, FileStat> {
    const names = filePath(path);
    if (E.isLeft(names)) return names;
    if (names.right.length === 0)
      return this.#inDirectory(names.right, path, "stat", (root) =>
        fileStat(path, this.#disk.fstatSync(root.descriptor)),
      );
    return this.#atEntry(path, "stat", (place, name) => fileStat(path, this.#disk.lstatSync(place.at(name))));
  }

  entityAt(path: string): string | null {
    const found = this.#atEntry(path, "stat", (place, name) => {
      return E.right(entityOf(this.#disk.lstatSync(place.at(name), { bigint: true })));
    });
    return E.isRight(found) ? found.right : null;
  }

  list(path: string): Either<SessionError, readonly FileEntry[]> {
    const names = filePath(path);
    if (E.isLeft(names)) return names;
    return this.#inDirectory(names.right, path, "list", (place) => {
      const entries: FileEntry[] = [];
      for (const name of this.#disk.readdirSync(descriptorPath(place.descriptor)).sort()) {
        if (name === EPOCHS) continue;
        // What went meanwhile, or has a name that is not UTF-8 and so can't be asked for, is not there.
        const stat = this.#disk.lstatSync(place.at(name), { throwIfNoEntry: false });
        const modified = stat?.mtimeMs ?? 0;
        if (stat?.isFile()) entries.push({ name, kind: "file", size: stat.size, modified });
        else if (stat?.isDirectory()) entries.push({ name, kind: "directory", size: 0, modified });
      }
      return E.right(entries);
    });
  }

  mkdir(path: string): Either<SessionError, void> {
    return this.#atEntry(path, "mkdir", (place, name) => {
      this.#disk.mkdirSync(place.at(name));
      this.#note(path);
      return E.right(undefined);
    });
  }

  unlink(path: string): Either<SessionError, void> {
    return this.#atEntry(path, "unlink", (place, name) => {
      const at = place.at(name);
      const stat = this.#disk.lstatSync(at);
      if (stat.isSymbolicLink()) return E.left(linkError(path, path));
      if (stat.isDirectory()) this.#disk.rmdirSync(at);
      else this.#disk.unlinkSync(at);
      this.#note(path);
      return E.right(undefined);
    });
  }

  move(from: string, to: string): Either<SessionError, void> {
    return this.#atEntry(from, "move", (source, name) =>
      this.#atEntry(to, "move", (target, newName) => {
        const [old, now] = [source.at(name), target.at(newName)];
        if (this.#disk.lstatSync(old, { throwIfNoEntry: false }) === undefined)
          return E.left({ tag: "NotFound", path: from });
        // `rename` follows neither; refusing them keeps links out of the provider's picture altogether.
        if (isLink(this.#disk, old)) return E.left(linkError(from, from));
        if (isLink(this.#disk, now)) return E.left(linkError(to, to));
        try {
          this.#disk.renameSync(old, now);
        } catch (cause) {
          if (cause instanceof Error && "code" in cause && cause.code === "EINVAL")
            return E.left({ tag: "InvalidPath", path: to, reason: `it lies below "${from}"` });
          throw cause;
        }
        this.#changed.moved(from, to);
        return E.right(undefined);
      }),
    );
  }

  watch(path: string, changed: () => void): Either<SessionError, () => void> {
    const names = filePath(path);
    if (E.isLeft(names)) return names;
    const stat = this.stat(path);
    if (E.isRight(stat) && stat.right.kind === "directory")
      return this.#inDirectory(names.right, path, "watch", (place) =>
        this.#watchPlace(path, place, null, changed),
      );
    if (E.isLeft(stat) && stat.left.tag !== "NotFound") return stat;
    return this.#atEntry(path, "watch", (place, name) => this.#watchPlace(path, place, name, changed));
  }

  unnamed(path: string, size: number): Either<SessionError, OpenFile> {
    if (this.#closed) return E.left({ tag: "Closed", what: this.name });
    const mode = { read: true, write: true, create: false, append: false, truncate: false };
    try {
      const file = new DirectoryFile(this.#disk, this, path, mode, this.#openNameless());
      const sized = file.truncate(size);
      if (E.isRight(sized)) return E.right(file);
      file.close();
      return sized;
    } catch (cause) {
      return E.left(systemError(cause, this.name, path, "open"));
    }
  }

  #note(path: string): void {
    this.#changed.note(path);
    if (this.#changed.full) this.#settle();
  }

  settle(before: readonly string[]): Either<SessionError, void> {
    for (const path of before) this.#changed.note(path);
    return this.#settle();
  }

  #settle(): Either<SessionError, void> {
    const folders = this.#changed.take();
    for (const [at, folder] of folders.entries()) {
      const synced = this.#sync(folder);
      if (E.isRight(synced) || !isLoss(synced.left)) continue;
      for (const left of folders.slice(at)) this.#changed.noteFolder(left);
      return synced;
    }
    return E.right(undefined);
  }

  #sync(folder: string): Either<SessionError, void> {
    const names = filePath(folder);
    if (E.isLeft(names)) return names;
    return this.#inDirectory(names.right, folder, "sync", (place) => {
      const descriptor = this.#disk.openSync(descriptorPath(place.descriptor), O_RDONLY | O_DIRECTORY);
      try {
        this.#disk.fsyncSync(descriptor);
      } finally {
        this.#disk.closeSync(descriptor);
      }
      return E.right(undefined);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers.clear();
    this.#disk.closeSync(this.#root);
  }

  /** Not every file system has such files, and not every directory may be written to. */
  #openNameless(): number {
    const wanted = O_RDWR | nameless;
    try {
      return this.#disk.openSync(descriptorPath(this.#root), wanted, 0o600);
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : null;
      if (code === "EMFILE" || code === "ENFILE") throw cause;
      return this.#disk.openSync(this.#scratch, wanted, 0o600);
    }
  }

  /** A name is watched by way of its directory: the name's own watch would follow a file that was replaced. */
  #watchPlace(
    path: string,
    place: Place,
    name: string | null,
    changed: () => void,
  ): Either<SessionError, () => void> {
    let watcher: fs.FSWatcher;
    try {
      watcher = this.#disk.watch(descriptorPath(place.descriptor), { persistent: false });
    } catch (cause) {
      // No space for one more watch of this user's: files have nothing to do with it.
      const error = systemError(cause, this.name, path, "watch");
      return E.left(
        error.tag === "NoSpace" ? { tag: "Io", code: "ENOSPC", what: `watch of ${path}` } : error,
      );
    }
    this.#watchers.add(watcher);
    const stop = (): void => {
      this.#watchers.delete(watcher);
      watcher.close();
    };
    watcher.on("change", (_event, entry) => {
      if (name === null || entry === name) changed();
    });
    watcher.on("error", stop);
    return E.right(stop);
  }

  #atEntry<T>(
    path: string,
    what: string,
    use: (place: Place, name: string) => Either<SessionError, T>,
  ): Either<SessionError, T> {
    const names = entryPath(path);
    if (E.isLeft(names)) return names;
    const name = names.right[names.right.length - 1] as string;
    return this.#inDirectory(names.right.slice(0, -1), path, what, (place) => use(place, name));
  }

  /** Leaves the place however `use` ends, and turns what the system threw into a value. */
  #inDirectory<T>(
    names: FilePath,
    path: string,
    what: string,
    use: (place: Place) => Either<SessionError, T>,
  ): Either<SessionError, T> {
    if (this.#closed) return E.left({ tag: "Closed", what: this.name });
    const place = walk(this.#disk, this.name, this.#root, names);
    if (E.isLeft(place)) return place;
    try {
      return use(place.right);
    } catch (cause) {
      return E.left(systemError(cause, this.name, path, what));
    } finally {
      place.right.leave();
    }
  }
}

/** What not every file system does, and not every folder lets us. */
const UNSUPPORTED: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Whether names may be lost. A folder that is gone since was taken away from one that is synced as well. */
const isLoss = (error: SessionError): boolean =>
  error.tag === "NoSpace" || (error.tag === "Io" && !UNSUPPORTED.has(error.code));

/** Never waits (a FIFO without a writer), never becomes the process's terminal, never follows a link. */
const flags = (mode: OpenMode): number =>
  (mode.read ? (mode.write ? O_RDWR : O_RDONLY) : O_WRONLY) |
  (mode.create ? O_CREAT : 0) |
  (mode.append ? O_APPEND : 0) |
  (mode.truncate ? O_TRUNC : 0) |
  O_NOFOLLOW |
  O_NONBLOCK |
  O_NOCTTY;

const fileStat = (path: string, stat: fs.Stats): Either<SessionError, FileStat> => {
  if (stat.isFile()) return E.right({ kind: "file", size: stat.size, modified: stat.mtimeMs });
  if (stat.isDirectory()) return E.right({ kind: "directory", size: 0, modified: stat.mtimeMs });
  return E.left(stat.isSymbolicLink() ? linkError(path, path) : kindError(path));
};
