// The file provider that keeps everything in memory: for scenarios, and for children that need no real files.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { FileEntry, FileProvider, FileStat, OpenFile, OpenMode } from "./file-provider.ts";
import { MemoryOpenFile } from "./memory-file.ts";
import { MemoryBudget, MemoryDirectory, MemoryFile, type MemoryNode } from "./memory-tree.ts";
import { modeError } from "./open-mode.ts";
import { entryPath, filePath, type FilePath } from "./path.ts";

export interface MemoryOptions {
  /** The name routes and errors know the provider by. */
  readonly name: string;
  /** Bytes of all files together; `NoSpace` beyond. Default 64 MiB. */
  readonly limit?: number;
  /** Files and directories together; `NoSpace` beyond. Default 65,536. */
  readonly names?: number;
  /** What is there at the start, by path; directories are made. Must be valid and fit: else it throws. */
  readonly content?: Readonly<Record<string, string | Uint8Array>>;
  /** The wall clock in ms. Default `Date.now`. */
  readonly now?: () => number;
}

export interface MemoryFiles extends FileProvider {
  /** A copy of every file, by path, sorted. */
  snapshot(): ReadonlyMap<string, Uint8Array>;
}

export const memoryFiles = (options: MemoryOptions): MemoryFiles => {
  const budget = new MemoryBudget(
    options.limit ?? 64 * 1024 * 1024,
    options.names ?? 65_536,
    options.now ?? Date.now,
  );
  const files = new MemoryProvider(options.name, budget);
  for (const [path, content] of Object.entries(options.content ?? {})) files.put(path, content);
  return files;
};

interface Watch {
  readonly directory: MemoryDirectory;
  /** Null for all entries. */
  readonly name: string | null;
  readonly changed: () => void;
  pending: boolean;
}

class MemoryProvider implements MemoryFiles {
  readonly name: string;
  readonly #budget: MemoryBudget;
  readonly #root: MemoryDirectory;
  readonly #watches = new Set<Watch>();
  #closed = false;

  constructor(name: string, budget: MemoryBudget) {
    this.name = name;
    this.#budget = budget;
    this.#root = new MemoryDirectory(budget);
  }

  open(path: string, mode: OpenMode): Either<SessionError, OpenFile> {
    const impossible = modeError(mode);
    if (impossible !== null) return E.left(impossible);
    const place = this.#place(path);
    if (E.isLeft(place)) return place;
    const { directory, name } = place.right;
    let node = directory.entries.get(name);
    if (node?.kind === "directory") return E.left({ tag: "IsDirectory", path });
    if (node === undefined) {
      if (!mode.create) return E.left({ tag: "NotFound", path });
      if (!this.#room()) return E.left({ tag: "NoSpace", path });
      node = this.#add(directory, name, new MemoryFile(this.#budget, this.#budget.nextNode()));
      node.modified = directory.modified;
    } else if (mode.truncate) {
      node.truncate(0);
      this.#touched(node);
    }
    return E.right(new MemoryOpenFile(this.name, path, mode, node, this.#touched));
  }

  stat(path: string): Either<SessionError, FileStat> {
    const node = this.#find(path);
    if (E.isLeft(node)) return node;
    const { kind, size, modified } = node.right;
    return E.right({ kind, size, modified });
  }

  list(path: string): Either<SessionError, readonly FileEntry[]> {
    const node = this.#find(path);
    if (E.isLeft(node)) return node;
    if (node.right.kind === "file") return E.left({ tag: "NotDirectory", path });
    return E.right(
      sorted(node.right).map(([name, { kind, size, modified }]) => ({ name, kind, size, modified })),
    );
  }

  mkdir(path: string): Either<SessionError, void> {
    const place = this.#place(path);
    if (E.isLeft(place)) return place;
    const { directory, name } = place.right;
    if (directory.entries.has(name)) return E.left({ tag: "AlreadyExists", path });
    if (!this.#room()) return E.left({ tag: "NoSpace", path });
    this.#add(directory, name, new MemoryDirectory(this.#budget));
    return E.right(undefined);
  }

  unlink(path: string): Either<SessionError, void> {
    const place = this.#place(path);
    if (E.isLeft(place)) return place;
    const { directory, name } = place.right;
    const node = directory.entries.get(name);
    if (node === undefined) return E.left({ tag: "NotFound", path });
    if (node.kind === "directory" && node.entries.size > 0) return E.left({ tag: "NotEmpty", path });
    this.#remove(node);
    return E.right(undefined);
  }

  move(from: string, to: string): Either<SessionError, void> {
    const source = this.#place(from);
    if (E.isLeft(source)) return source;
    const target = this.#place(to);
    if (E.isLeft(target)) return target;
    const node = source.right.directory.entries.get(source.right.name);
    const { directory, name } = target.right;
    const there = directory.entries.get(name);
    // The order of these is the kernel's.
    if (node === undefined) return E.left({ tag: "NotFound", path: from });
    if (holds(node, directory))
      return E.left({ tag: "InvalidPath", path: to, reason: `it lies below "${from}"` });
    if (there === node) return E.right(undefined);
    if (there !== undefined) {
      if (holds(there, source.right.directory)) return E.left({ tag: "NotEmpty", path: to });
      if (node.kind === "directory" && there.kind === "file")
        return E.left({ tag: "NotDirectory", path: to });
      if (node.kind === "file" && there.kind === "directory") return E.left({ tag: "IsDirectory", path: to });
      if (there.kind === "directory" && there.entries.size > 0) return E.left({ tag: "NotEmpty", path: to });
      this.#remove(there);
    }
    this.#detach(node);
    this.#attach(directory, name, node);
    return E.right(undefined);
  }

  watch(path: string, changed: () => void): Either<SessionError, () => void> {
    const node = this.#find(path);
    if (E.isLeft(node) && node.left.tag !== "NotFound") return node;
    let watch: Watch;
    if (E.isRight(node) && node.right.kind === "directory")
      watch = { directory: node.right, name: null, changed, pending: false };
    else {
      const place = this.#place(path);
      if (E.isLeft(place)) return place;
      watch = { ...place.right, changed, pending: false };
    }
    this.#watches.add(watch);
    return E.right(() => void this.#watches.delete(watch));
  }

  unnamed(path: string, size: number): Either<SessionError, OpenFile> {
    if (this.#closed) return E.left({ tag: "Closed", what: this.name });
    const file = new MemoryFile(this.#budget, this.#budget.nextUnnamed());
    if (!file.truncate(size)) return E.left({ tag: "NoSpace", path });
    const mode = { read: true, write: true, create: false, append: false, truncate: false };
    return E.right(new MemoryOpenFile(this.name, path, mode, file, this.#touched));
  }

  snapshot(): ReadonlyMap<string, Uint8Array> {
    const files = new Map<string, Uint8Array>();
    const visit = (directory: MemoryDirectory, prefix: string): void => {
      for (const [name, node] of sorted(directory))
        if (node.kind === "file") files.set(prefix + name, node.content.slice());
        else visit(node, `${prefix}${name}/`);
    };
    visit(this.#root, "");
    return files;
  }

  close(): void {
    this.#closed = true;
    this.#watches.clear();
  }

  /** Initial content. */
  put(path: string, content: string | Uint8Array): void {
    const names = filePath(path);
    if (E.isRight(names))
      for (let depth = 1; depth < names.right.length; depth++)
        this.mkdir(names.right.slice(0, depth).join("/"));
    const mode = { read: false, write: true, create: true, append: false, truncate: true };
    const file = this.open(path, mode);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const written = E.isRight(file) ? file.right.write(bytes, 0) : file;
    if (E.isLeft(written)) throw new Error(`content of ${this.name}, ${path}: ${written.left.tag}`);
    if (E.isRight(file)) file.right.close();
  }

  #room(): boolean {
    return this.#budget.usedNames < this.#budget.names;
  }

  #add<T extends MemoryNode>(directory: MemoryDirectory, name: string, node: T): T {
    this.#budget.usedNames += 1;
    this.#attach(directory, name, node);
    return node;
  }

  #remove(node: MemoryNode): void {
    this.#budget.usedNames -= 1;
    this.#detach(node);
    if (node.kind === "file") node.release();
  }

  #attach(directory: MemoryDirectory, name: string, node: MemoryNode): void {
    node.parent = directory;
    node.name = name;
    directory.entries.set(name, node);
    directory.modified = this.#budget.stamp();
    this.#touched(node);
  }

  #detach(node: MemoryNode): void {
    node.parent?.entries.delete(node.name);
    if (node.parent !== null) node.parent.modified = this.#budget.stamp();
    this.#touched(node);
    node.parent = null;
  }

  /** Tells the watches of where `node` stands; later, and once for all changes until then. */
  readonly #touched = (node: MemoryNode): void => {
    if (this.#watches.size === 0) return;
    for (const watch of this.#watches) {
      if (watch.pending) continue;
      const itself = watch.name === null && watch.directory === node;
      if (!itself && watch.directory !== node.parent) continue;
      if (watch.name !== null && watch.name !== node.name) continue;
      watch.pending = true;
      setImmediate(() => {
        watch.pending = false;
        if (this.#watches.has(watch)) watch.changed();
      });
    }
  };

  #find(path: string): Either<SessionError, MemoryNode> {
    const names = filePath(path);
    if (E.isLeft(names)) return names;
    if (names.right.length === 0) return this.#walk(names.right);
    const place = this.#place(path);
    if (E.isLeft(place)) return place;
    const node = place.right.directory.entries.get(place.right.name);
    return node === undefined ? E.left({ tag: "NotFound", path }) : E.right(node);
  }

  #place(path: string): Either<SessionError, { directory: MemoryDirectory; name: string }> {
    const names = entryPath(path);
    if (E.isLeft(names)) return names;
    const directory = this.#walk(names.right.slice(0, -1));
    if (E.isLeft(directory)) return directory;
    return E.right({ directory: directory.right, name: names.right[names.right.length - 1] as string });
  }

  #walk(names: FilePath): Either<SessionError, MemoryDirectory> {
    if (this.#closed) return E.left({ tag: "Closed", what: this.name });
    let directory = this.#root;
    for (const [depth, name] of names.entries()) {
      const next = directory.entries.get(name);
      if (next?.kind === "directory") directory = next;
      else {
        const path = names.slice(0, depth + 1).join("/");
        return E.left(next === undefined ? { tag: "NotFound", path } : { tag: "NotDirectory", path });
      }
    }
    return E.right(directory);
  }
}

/** Whether `directory` is `node` or lies below it. */
const holds = (node: MemoryNode, directory: MemoryDirectory | null): boolean => {
  for (let at = directory; at !== null; at = at.parent) if (at === node) return true;
  return false;
};

const sorted = (directory: MemoryDirectory): [string, MemoryNode][] =>
  [...directory.entries].sort(([a], [b]) => (a < b ? -1 : 1));
