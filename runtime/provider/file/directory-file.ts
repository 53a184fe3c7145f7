// An open file of a directory provider: a descriptor, and a second one where a mode needs it, because Linux
// ignores offsets on an appending descriptor and has no appending on any other.

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { descriptorPath, type Disk } from "./disk.ts";
import type { FileIdentity, FileStat, OpenFile, OpenMode } from "./file-provider.ts";
import { closedError, isOffset, offsetError, rightError } from "./open-mode.ts";
import { systemError } from "./system-error.ts";

const none = -1;
const done: Either<SessionError, void> = E.right(undefined);
const hashBuffer = 64 * 1024;

export class DirectoryFile implements OpenFile {
  readonly #disk: Disk;
  readonly #provider: string;
  readonly #path: string;
  readonly #mode: OpenMode;
  /** What the file was opened as. */
  #descriptor: number;
  /** The same file with appending the other way round, from the first write that needs it. */
  #second = none;

  constructor(disk: Disk, provider: string, path: string, mode: OpenMode, descriptor: number) {
    this.#disk = disk;
    this.#provider = provider;
    this.#path = path;
    this.#mode = mode;
    this.#descriptor = descriptor;
  }

  read(offset: number, into: Uint8Array): Either<SessionError, number> {
    if (this.#descriptor === none) return closedError(this.#path);
    if (!this.#mode.read) return rightError(this.#provider, "read");
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
    if (!this.#mode.write) return rightError(this.#provider, "write");
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
      // Others may append too, so only the file knows its end.
      return E.right(offset === null ? this.#disk.fstatSync(descriptor).size : offset + written);
    } catch (cause) {
      return this.#failed(cause, "write");
    }
  }

  truncate(size: number): Either<SessionError, void> {
    if (this.#descriptor === none) return closedError(this.#path);
    if (!this.#mode.write) return rightError(this.#provider, "write");
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

  identity(hashUpTo: number): Either<SessionError, FileIdentity> {
    if (this.#descriptor === none) return closedError(this.#path);
    try {
      const stat = this.#disk.fstatSync(this.#descriptor, { bigint: true });
      const size = Number(stat.size);
      return E.right({
        size,
        modifiedNs: stat.mtimeNs.toString(),
        inode: stat.ino.toString(),
        sha256: hashUpTo > 0 && size <= hashUpTo ? this.#hash(size) : null,
      });
    } catch (cause) {
      return this.#failed(cause, "identity");
    }
  }

  close(): void {
    const descriptor = this.#descriptor;
    if (descriptor === none) return;
    this.#descriptor = none;
    this.#closeOne(descriptor);
    if (this.#second !== none) this.#closeOne(this.#second);
    this.#second = none;
  }

  /** Linux has given the descriptor up even where closing it reports an error of an earlier write. */
  #closeOne(descriptor: number): void {
    try {
      this.#disk.closeSync(descriptor);
    } catch (cause) {
      systemError(cause, this.#provider, this.#path, "close");
    }
  }

  #other(): number {
    if (this.#second === none) {
      const appending = this.#mode.append ? 0 : fs.constants.O_APPEND;
      this.#second = this.#disk.openSync(descriptorPath(this.#descriptor), fs.constants.O_WRONLY | appending);
    }
    return this.#second;
  }

  /** By a descriptor of its own, for the file may be open for writing only; null where reading is refused. */
  #hash(size: number): string | null {
    let descriptor = none;
    try {
      descriptor = this.#disk.openSync(descriptorPath(this.#descriptor), fs.constants.O_RDONLY);
      const hash = createHash("sha256");
      const buffer = new Uint8Array(Math.min(size, hashBuffer));
      for (let at = 0; at < size;) {
        const n = this.#disk.readSync(descriptor, buffer, 0, Math.min(size - at, buffer.byteLength), at);
        if (n === 0) return null;
        hash.update(n === buffer.byteLength ? buffer : buffer.subarray(0, n));
        at += n;
      }
      return hash.digest("hex");
    } catch (cause) {
      systemError(cause, this.#provider, this.#path, "hash");
      return null;
    } finally {
      if (descriptor !== none) this.#closeOne(descriptor);
    }
  }

  #failed(cause: unknown, what: string): Either<SessionError, never> {
    return E.left(systemError(cause, this.#provider, this.#path, what));
  }
}
