// An open file of a memory provider.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { FileIdentity, FileStat, OpenFile, OpenMode } from "./file-provider.ts";
import { pathTo, type MemoryFile } from "./memory-tree.ts";
import { closedError, isOffset, offsetError, rightError } from "./open-mode.ts";

const done: Either<SessionError, void> = E.right(undefined);

export class MemoryOpenFile implements OpenFile {
  readonly #provider: string;
  readonly #path: string;
  readonly #mode: OpenMode;
  readonly #file: MemoryFile;
  readonly #changed: (file: MemoryFile) => void;
  #closed = false;

  constructor(
    provider: string,
    path: string,
    mode: OpenMode,
    file: MemoryFile,
    changed: (file: MemoryFile) => void,
  ) {
    this.#provider = provider;
    this.#path = path;
    this.#mode = mode;
    this.#file = file;
    this.#changed = changed;
    file.handles += 1;
  }

  read(offset: number, into: Uint8Array): Either<SessionError, number> {
    if (this.#closed) return closedError(this.#path);
    if (!this.#mode.read) return rightError(this.#provider, "read");
    if (!isOffset(offset)) return offsetError("read", offset);
    return E.right(this.#file.read(offset, into));
  }

  write(data: Uint8Array, offset: number | null): Either<SessionError, number> {
    if (this.#closed) return closedError(this.#path);
    if (!this.#mode.write) return rightError(this.#provider, "write");
    if (offset !== null && !isOffset(offset)) return offsetError("write", offset);
    const at = offset ?? this.#file.size;
    if (!this.#file.write(data, at)) return E.left({ tag: "NoSpace", path: this.#path });
    this.#changed(this.#file);
    return E.right(at + data.byteLength);
  }

  truncate(size: number): Either<SessionError, void> {
    if (this.#closed) return closedError(this.#path);
    if (!this.#mode.write) return rightError(this.#provider, "write");
    if (!isOffset(size)) return offsetError("truncate", size);
    if (!this.#file.truncate(size)) return E.left({ tag: "NoSpace", path: this.#path });
    this.#changed(this.#file);
    return done;
  }

  sync(): Either<SessionError, void> {
    return this.#closed ? closedError(this.#path) : done;
  }

  stat(): Either<SessionError, FileStat> {
    if (this.#closed) return closedError(this.#path);
    return E.right({ kind: "file", size: this.#file.size, modified: this.#file.modified });
  }

  identity(hashUpTo: number): Either<SessionError, FileIdentity> {
    if (this.#closed) return closedError(this.#path);
    const { size, modified, inode } = this.#file;
    return E.right({
      size,
      modifiedNs: String(BigInt(Math.round(modified * 1000)) * 1000n),
      inode,
      sha256: hashUpTo > 0 && size <= hashUpTo ? this.#file.sha256() : null,
    });
  }

  path(): Either<SessionError, string | null> {
    if (this.#closed) return closedError(this.#path);
    return E.right(pathTo(this.#file));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.handles -= 1;
    this.#file.release();
  }
}
