// What a host offers as files, whatever keeps them. Anyone may write another provider against this page;
// `fileProviderSuite` in spec/provider checks it. Paths are those of `filePath`: relative, `/` between names,
// nothing that leads out. Providers don't judge rights: the session above them has done so.

import type { SessionError } from "../../../lib/error.ts";
import type { Either } from "../../../lib/fp.ts";

/** What a route may allow. `write` covers append and truncate, `list` also `watch`. */
export type FileRight = "read" | "write" | "create" | "remove" | "list";

/** How a file is opened. One of `read` and `write` is needed; `append` and `truncate` need `write`. */
export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  /** Makes an empty file where there is none. */
  readonly create: boolean;
  /** Says that the file is meant to grow at its end; see `OpenFile.write`. */
  readonly append: boolean;
  /** Empties the file at the opening. */
  readonly truncate: boolean;
}

export interface FileStat {
  readonly kind: "file" | "directory";
  /** Bytes; 0 for a directory. */
  readonly size: number;
  /** ms since 1970, with fractions where the provider knows them. */
  readonly modified: number;
}

export interface FileEntry {
  readonly name: string;
  readonly kind: "file" | "directory";
  /** Bytes; 0 for a directory. */
  readonly size: number;
  /** As in `FileStat`. */
  readonly modified: number;
}

/** What a handle remembers of its file, to be compared when it is opened again elsewhere or later. */
export interface FileIdentity {
  /** Bytes. */
  readonly size: number;
  /** ns since 1970, decimal. */
  readonly modifiedNs: string;
  /** Tells a file from another one that took its name, and from every other that is open. Only compared for
   *  equality. */
  readonly inode: string;
  /** Of the whole content, hexadecimal; null where it was not asked for or could not be read. */
  readonly sha256: string | null;
  /** As `entityAt` says it of the file's name: after a crash of its host, when a file may have gone on, a handle knows
   *  it by that. Without it any file of its name is taken for it. */
  readonly entity?: string | undefined;
}

/**
 * One file, held open. It stays the same file when its name is moved or removed. After `close` every call
 * answers `Closed`. Offsets and sizes are bytes, whole numbers from 0; anything else is `InvalidArgument`.
 * What the mode did not ask for is `Denied` with that right.
 */
export interface OpenFile {
  /** The bytes read into `into` from `offset` on: fewer than it holds only at the end, 0 past it. */
  read(offset: number, into: Uint8Array): Either<SessionError, number>;
  /**
   * Writes all of `data` at `offset`, whatever the mode, or at the file's end for null; a gap becomes zeros.
   * Answers the offset after the last byte. After a failure a part may have been written.
   */
  write(data: Uint8Array, offset: number | null): Either<SessionError, number>;
  /** Cuts, or lengthens with zeros. Needs `write`. */
  truncate(size: number): Either<SessionError, void>;
  /** Returns when the content would survive a loss of power; the file's name is not covered. */
  sync(): Either<SessionError, void>;
  stat(): Either<SessionError, FileStat>;
  /** The size that `stat` says, for whoever asks before each append. Default: by `stat`. */
  end?(): Either<SessionError, number>;
  /** `hashUpTo`: bytes; a file of at most that size is hashed, 0 hashes none. Needs no right. */
  identity(hashUpTo: number): Either<SessionError, FileIdentity>;
  /** The path by which the file can be opened now, whoever has moved it; null once it was removed, or replaced.
   *  `Changed` where it is to be had by some path that is not known, as outside the provider. Needs no right. */
  path(): Either<SessionError, string | null>;
  /** May be called again. */
  close(): void;
}

/** `""` and `"."` name the provider's root, for `stat`, `list` and `watch` only. */
export interface FileProvider {
  /** The name routes and errors know it by. */
  readonly name: string;
  /** `NotFound`, `IsDirectory`, `NotDirectory`, `InvalidPath`, `InvalidArgument` for an impossible mode. */
  open(path: string, mode: OpenMode): Either<SessionError, OpenFile>;
  stat(path: string): Either<SessionError, FileStat>;
  /** Tells what bears this name from whatever else may come to bear it while that is there; null where nothing does.
   *  A provider without it can't say after a crash whether a removal or a move was made before. */
  entityAt?(path: string): string | null;
  /** Returns when the names that it gave and took away so far would survive a loss of power, as far as it can see to that.
   *  `before`: such that another one of its process, or of a former one, gave or took away. Left: why they may not. */
  settle?(before: readonly string[]): Either<SessionError, void>;
  /** Sorted by name, in code units. What is neither file nor directory is left out. */
  list(path: string): Either<SessionError, readonly FileEntry[]>;
  /** One directory; its parent must be there. */
  mkdir(path: string): Either<SessionError, void>;
  /** A file, or an empty directory. Handles on the file stay good. */
  unlink(path: string): Either<SessionError, void>;
  /** As POSIX `rename`: at once, and what was at `to` is replaced, a directory only when it is empty. */
  move(from: string, to: string): Either<SessionError, void>;
  /**
   * Calls `changed` after an entry of the directory `path` has come, gone or changed, or the directory itself has
   * gone; for any other path, after that name has come, gone or changed: it need not exist yet, its directory must. Never from within the changing call;
   * several changes may be one call and one change several. The result ends it.
   */
  watch(path: string, changed: () => void): Either<SessionError, () => void>;
  /**
   * A new file of `size` zeros that has no name, open for reading and writing: what a handle comes back to whose
   * file was removed before the freeze. `path` is what it was called, for errors. A child that holds such a file
   * of a provider without this can't be frozen.
   */
  unnamed?(path: string, size: number): Either<SessionError, OpenFile>;
  /** Ends all watches; the provider is not used afterwards. Open files stay good until they are closed. */
  close(): void;
}
