// A file provider for one incarnation: whatever changes something is asked of its fence first.
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Fence } from "../epoch/incarnation.ts";
import { fileEnd } from "./file-end.ts";
import type { FileEntry, FileIdentity, FileProvider, FileStat, OpenFile, OpenMode } from "./file-provider.ts";

class FencedFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #fence: Fence;

  constructor(file: OpenFile, fence: Fence) {
    this.#file = file;
    this.#fence = fence;
  }

  read(offset: number, into: Uint8Array): Either<SessionError, number> {
    return this.#file.read(offset, into);
  }
  write(data: Uint8Array, offset: number | null): Either<SessionError, number> {
    return this.#fence.check() ?? this.#file.write(data, offset);
  }
  truncate(size: number): Either<SessionError, void> {
    return this.#fence.check() ?? this.#file.truncate(size);
  }
  sync(): Either<SessionError, void> {
    return this.#file.sync();
  }
  stat(): Either<SessionError, FileStat> {
    return this.#file.stat();
  }
  end(): Either<SessionError, number> {
    return fileEnd(this.#file);
  }
  identity(hashUpTo: number): Either<SessionError, FileIdentity> {
    return this.#file.identity(hashUpTo);
  }
  path(): Either<SessionError, string | null> {
    return this.#file.path();
  }
  close(): void {
    this.#file.close();
  }
}

class FencedFiles implements FileProvider {
  readonly name: string;
  readonly entityAt?: (path: string) => string | null;
  /** What has no name is nobody else's: no fence. */
  readonly unnamed?: (path: string, size: number) => Either<SessionError, OpenFile>;
  readonly #files: FileProvider;
  readonly #fence: Fence;

  constructor(files: FileProvider, fence: Fence) {
    this.name = files.name;
    this.#files = files;
    this.#fence = fence;
    if (files.entityAt !== undefined) this.entityAt = (path) => files.entityAt?.(path) ?? null;
    if (files.unnamed !== undefined) this.unnamed = files.unnamed.bind(files);
  }

  open(path: string, mode: OpenMode): Either<SessionError, OpenFile> {
    const refused = mode.create || mode.truncate ? this.#fence.check() : null;
    if (refused !== null) return refused;
    const file = this.#files.open(path, mode);
    return E.isLeft(file) || !mode.write ? file : E.right(new FencedFile(file.right, this.#fence));
  }
  settle(before: readonly string[]): Either<SessionError, void> {
    return this.#files.settle?.(before) ?? E.right(undefined);
  }
  stat(path: string): Either<SessionError, FileStat> {
    return this.#files.stat(path);
  }
  list(path: string): Either<SessionError, readonly FileEntry[]> {
    return this.#files.list(path);
  }
  mkdir(path: string): Either<SessionError, void> {
    return this.#fence.check() ?? this.#files.mkdir(path);
  }
  unlink(path: string): Either<SessionError, void> {
    return this.#fence.check() ?? this.#files.unlink(path);
  }
  move(from: string, to: string): Either<SessionError, void> {
    return this.#fence.check() ?? this.#files.move(from, to);
  }
  watch(path: string, changed: () => void): Either<SessionError, () => void> {
    return this.#files.watch(path, changed);
  }
  close(): void {
    this.#files.close();
  }
}

export const fencedFiles = (files: FileProvider, fence: Fence): FileProvider => new FencedFiles(files, fence);
