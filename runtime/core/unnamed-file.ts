// Files that had lost their last name when their holder was frozen. They come back as they were, without a name,
// with the content that the image carries; handles that shared one share it again.
import { E } from "../../lib/fp.ts";
import { rightError } from "../provider/file/open-mode.ts";
import type { FileProvider, OpenFile, OpenMode } from "../provider/file/file-provider.ts";
import type { FilePosition } from "./file-position.ts";
import type { Answer } from "./service.ts";

interface Shared {
  readonly file: OpenFile;
  filled: boolean;
  holders: number;
  /** When it was changed, in ms, as long as it has not been since. */
  modified: number | null;
}

/** By provider, and in it by revival and what the file was. */
const held = new WeakMap<FileProvider, Map<string, Shared>>();

/** One handle's view of a file that was opened for everything: what its mode did not ask for is denied. */
class View implements OpenFile {
  readonly #provider: string;
  readonly #file: OpenFile;
  readonly #shared: Shared;
  readonly #mode: OpenMode;
  #leave: () => void;

  constructor(provider: string, shared: Shared, mode: OpenMode, leave: () => void) {
    this.#provider = provider;
    this.#file = shared.file;
    this.#shared = shared;
    this.#mode = mode;
    this.#leave = leave;
  }

  read(offset: number, into: Uint8Array): ReturnType<OpenFile["read"]> {
    return this.#mode.read ? this.#file.read(offset, into) : rightError(this.#provider, "read");
  }
  write(data: Uint8Array, offset: number | null): ReturnType<OpenFile["write"]> {
    if (!this.#mode.write) return rightError(this.#provider, "write");
    this.#shared.modified = null;
    return this.#file.write(data, offset);
  }
  truncate(size: number): ReturnType<OpenFile["truncate"]> {
    if (!this.#mode.write) return rightError(this.#provider, "write");
    this.#shared.modified = null;
    return this.#file.truncate(size);
  }
  sync(): ReturnType<OpenFile["sync"]> {
    return this.#file.sync();
  }
  stat(): ReturnType<OpenFile["stat"]> {
    const stat = this.#file.stat();
    const { modified } = this.#shared;
    return modified === null || E.isLeft(stat) ? stat : E.right({ ...stat.right, modified });
  }
  identity(hashUpTo: number): ReturnType<OpenFile["identity"]> {
    return this.#file.identity(hashUpTo);
  }
  path(): ReturnType<OpenFile["path"]> {
    return this.#file.path();
  }
  close(): void {
    this.#leave();
    this.#leave = () => {};
  }
}

/** `revival` tells this revival from every other. */
export const reopenUnnamed = (
  provider: FileProvider,
  revival: string,
  path: string,
  mode: OpenMode,
  { key: was, size, modified }: NonNullable<FilePosition["removed"]>,
  content: Uint8Array | null,
): Answer<OpenFile> => {
  const files = held.get(provider) ?? new Map<string, Shared>();
  held.set(provider, files);
  const key = `${revival} ${was}`;
  let shared = files.get(key);
  if (shared === undefined) {
    const made = provider.unnamed?.(path, size);
    if (made === undefined) return E.left(unnamable(path));
    if (E.isLeft(made)) return made;
    shared = { file: made.right, filled: false, holders: 0, modified };
    files.set(key, shared);
  }
  const { file } = shared;
  shared.holders += 1;
  const leave = (): void => {
    if (--shared.holders > 0) return;
    files.delete(key);
    file.close();
  };
  // A handle that only writes brings no content: what nobody can read may be zeros.
  if (content !== null && !shared.filled) {
    const written = file.write(content, 0);
    if (E.isLeft(written)) {
      leave();
      return written;
    }
    shared.filled = true;
  }
  return E.right(new View(provider.name, shared, mode, leave));
};

/** Why a handle on a removed file can't be frozen. */
export const unnamable = (path: string) =>
  ({
    tag: "Changed",
    path,
    difference: "it was removed, and its provider can't bring back a file without a name",
  }) as const;
