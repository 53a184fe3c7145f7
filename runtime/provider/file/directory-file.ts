// An open file of a directory provider: a descriptor, and others of the same file where they are needed: Linux
// ignores offsets on an appending descriptor and has no appending on any other, and one for writing can't read.

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { descriptorPath, type Disk } from "./disk.ts";
import { entityOf } from "./entity.ts";
import type { FileIdentity, FileStat, OpenFile, OpenMode } from "./file-provider.ts";
import { closedError, isOffset, offsetError, rightError } from "./open-mode.ts";
import { systemError } from "./system-error.ts";
import { whereabouts, type Rooted } from "./whereabouts.ts";

const none = -1;
const done: Either<SessionError, void> = E.right(undefined);
const hashBuffer = 64 * 1024;
const probe = new Uint8Array(2);

export class DirectoryFile implements OpenFile {
  readonly #disk: Disk;
  readonly #files: Rooted;
  readonly #path: string;
  readonly #mode: OpenMode;
  /** What the file was opened as. */
  #descriptor: number;
  /** The same file with appending the other way round, from the first write that needs it. */
  #second = none;
  /** The same file for reading, from the first need of one that was not opened for it; where that is refused,
   *  `#unreadable`. */
  #reader = none;
  #unreadable = false;
  /** Where the file ended when we last knew, or `none`. */
  #end = none;

  constructor(disk: Disk, files: Rooted, path: string, mode: OpenMode, descriptor: number) {
    this.#disk = disk;
    this.#files = files;
    this.#path = path;
    this.#mode = mode;
    this.#descriptor = descriptor;
  }

  read(offset: number, into: Uint8Array): Either<SessionError, number> {
    if (this.#descriptor === none) return closedError(this.#path);
    if (!this.#mode.read) return rightError(this.#files.name, "read");
    if (!isOffset(offset)) return offsetError("read", offset);
    try {
      let read = 0;
      while (read < into.byteLength) {
        const n = this.#disk.readSync(this.#descriptor, into, read, into.byteLength - read, offset + read);
        if (n === 0) break;
        read += n;
      }
      return E.right(read);
    } catch (cause) {
      return this.#failed(cause, "read");
    }
  }

  write(data: Uint8Array, offset: number | null): Either<SessionError, number> {
    if (this.#descriptor === none) return closedError(this.#path);
    if (!this.#mode.write) return rightError(this.#files.name, "write");
    if (offset !== null && !isOffset(offset)) return offsetError("write", offset);
    try {
      const descriptor = this.#mode.append === (offset === null) ? this.#descriptor : this.#other();
      let written = 0;
      while (written < data.byteLength) {
        const at = offset === null ? null : offset + written;
        const n = this.#disk.writeSync(descriptor, data, written, data.byteLength - written, at);
        if (n === 0) return E.left({ tag: "Io", code: "EIO", what: `write of ${this.#path}` });
        written += n;
      }
      if (offset === null) return E.right(this.#endAfter(descriptor, written));
      if (offset === this.#end) this.#end += written;
      return E.right(offset + written);
    } catch (cause) {
      return this.#failed(cause, "write");
    }
  }

  truncate(size: number): Either<SessionError, void> {
    if (this.#descriptor === none) return closedError(this.#path);
    if (!this.#mode.write) return rightError(this.#files.name, "write");
    if (!isOffset(size)) return offsetError("truncate", size);
    try {
      this.#disk.ftruncateSync(this.#descriptor, size);
      return done;
    } catch (cause) {
      return this.#failed(cause, "truncate");
    }
  }

  sync(): Either<SessionError, void> {
    if (this.#descriptor === none) return closedError(this.#path);
    try {
      this.#disk.fdatasyncSync(this.#descriptor);
      return done;
    } catch (cause) {
      return this.#failed(cause, "sync");
    }
  }

  stat(): Either<SessionError, FileStat> {
    if (this.#descriptor === none) return closedError(this.#path);
    try {
      const stat = this.#disk.fstatSync(this.#descriptor);
      return E.right({ kind: "file", size: stat.size, modified: stat.mtimeMs });
    } catch (cause) {
      return this.#failed(cause, "stat");
    }
  }

  end(): Either<SessionError, number> {
    if (this.#descriptor === none) return closedError(this.#path);
    try {
      return E.right(this.#endAfter(this.#descriptor, 0));
    } catch (cause) {
      return this.#failed(cause, "stat");
    }
  }

  identity(hashUpTo: number): Either<SessionError, FileIdentity> {
    if (this.#descriptor === none) return closedError(this.#path);
    try {
      const stat = this.#disk.fstatSync(this.#descriptor, { bigint: true });
      const size = Number(stat.size);
      return E.right({
        size,
        modifiedNs: stat.mtimeNs.toString(),
        // Where it can't be compared with a file of another day, it must not be taken for another device's.
        inode: stat.nlink === 0n ? `${stat.dev}:${stat.ino}` : stat.ino.toString(),
        sha256: hashUpTo > 0 && size <= hashUpTo ? this.#hash(size) : null,
        entity: entityOf(stat),
      });
    } catch (cause) {
      return this.#failed(cause, "identity");
    }
  }

  path(): Either<SessionError, string | null> {
    if (this.#descriptor === none) return closedError(this.#path);
    try {
      return whereabouts(this.#disk, this.#files, this.#descriptor, this.#path);
    } catch (cause) {
      return this.#failed(cause, "path");
    }
  }

  close(): void {
    const descriptor = this.#descriptor;
    if (descriptor === none) return;
    this.#descriptor = none;
    this.#closeOne(descriptor);
    if (this.#second !== none) this.#closeOne(this.#second);
    if (this.#reader !== none) this.#closeOne(this.#reader);
    this.#second = this.#reader = none;
  }

  /** Linux has given the descriptor up even where closing it reports an error of an earlier write. */
  #closeOne(descriptor: number): void {
    try {
      this.#disk.closeSync(descriptor);
    } catch (cause) {
      systemError(cause, this.#files.name, this.#path, "close");
    }
  }

  /**
   * Others may append too, so only the file knows its end. Asked for its size after each write, a file system
   * with fine time stamps pays for a new one each time (4.5 µs an append); that one byte, not two, can be read
   * before the expected end says as much (2.6 µs).
   */
  #endAfter(descriptor: number, written: number): number {
    const expected = this.#end + written;
    if (this.#end !== none && expected > 0 && this.#readable()) {
      const n = this.#disk.readSync(this.#readFrom(), probe, 0, 2, expected - 1);
      if (n === 1) return (this.#end = expected);
    }
    return (this.#end = this.#disk.fstatSync(descriptor).size);
  }

  #readFrom(): number {
    return this.#mode.read ? this.#descriptor : this.#reader;
  }

  #readable(): boolean {
    if (this.#readFrom() === none && !this.#unreadable)
      try {
        this.#reader = this.#disk.openSync(descriptorPath(this.#descriptor), fs.constants.O_RDONLY);
      } catch (cause) {
        systemError(cause, this.#files.name, this.#path, "read");
        this.#unreadable = true;
      }
    return !this.#unreadable;
  }

  #other(): number {
    if (this.#second === none) {
      const appending = this.#mode.append ? 0 : fs.constants.O_APPEND;
      this.#second = this.#disk.openSync(descriptorPath(this.#descriptor), fs.constants.O_WRONLY | appending);
    }
    return this.#second;
  }

  /** Null where reading is refused, or the file shrinks meanwhile. */
  #hash(size: number): string | null {
    const had = this.#readFrom() !== none;
    if (!this.#readable()) return null;
    try {
      return this.#hashFrom(this.#readFrom(), size);
    } finally {
      // A handle that only writes may never need it again.
      if (!had) {
        this.#closeOne(this.#reader);
        this.#reader = none;
      }
    }
  }

  #hashFrom(descriptor: number, size: number): string | null {
    const hash = createHash("sha256");
    const buffer = new Uint8Array(Math.min(size, hashBuffer));
    for (let at = 0; at < size;) {
      const n = this.#disk.readSync(descriptor, buffer, 0, Math.min(size - at, buffer.byteLength), at);
      if (n === 0) return null;
      hash.update(n === buffer.byteLength ? buffer : buffer.subarray(0, n));
      at += n;
    }
    return hash.digest("hex");
  }

  #failed(cause: unknown, what: string): Either<SessionError, never> {
    return E.left(systemError(cause, this.#files.name, this.#path, what));
  }
}
