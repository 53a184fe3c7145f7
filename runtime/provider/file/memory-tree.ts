// What a memory provider keeps: directories of names, and files that are counted against one bound.
import { sha256 } from "../../digest.ts";

const nothing = new Uint8Array(0);

/** The bound all files of a provider share, in bytes and in names, and its clock. */
export class MemoryBudget {
  readonly bytes: number;
  readonly names: number;
  usedBytes = 0;
  usedNames = 0;
  readonly #now: () => number;
  #last = 0;
  #nodes = 0;
  #unnamed = 0;

  constructor(bytes: number, names: number, now: () => number) {
    this.bytes = bytes;
    this.names = names;
    this.#now = now;
  }

  /** ms, strictly growing, so that every change is seen. The step is some 2 µs that a double holds exactly. */
  stamp(): number {
    this.#last = Math.max(this.#now(), this.#last + 2 ** -9);
    return this.#last;
  }

  /** ms, for what is compared with nothing. */
  time(): number {
    return Math.max(this.#now(), this.#last);
  }

  nextNode(): string {
    this.#nodes += 1;
    return String(this.#nodes);
  }

  /** A count of their own, so that others are numbered alike however often such a file was revived. */
  nextUnnamed(): string {
    this.#unnamed += 1;
    return `unnamed ${this.#unnamed}`;
  }
}

interface Named {
  /** Where it stands; null once its name was removed. */
  parent: MemoryDirectory | null;
  name: string;
}

export class MemoryDirectory implements Named {
  readonly kind = "directory";
  readonly size = 0;
  parent: MemoryDirectory | null = null;
  name = "";
  modified: number;
  readonly entries = new Map<string, MemoryNode>();

  constructor(budget: MemoryBudget) {
    this.modified = budget.stamp();
  }
}

/** A file's bytes, in a buffer that doubles. Charged to the budget until name and handles are gone. */
export class MemoryFile implements Named {
  readonly kind = "file";
  parent: MemoryDirectory | null = null;
  name = "";
  modified: number;
  size = 0;
  handles = 0;
  readonly inode: string;
  readonly #budget: MemoryBudget;
  #bytes: Uint8Array = nothing;

  constructor(budget: MemoryBudget, inode: string) {
    this.#budget = budget;
    this.modified = budget.time();
    this.inode = inode;
  }

  /** Valid until the next change. */
  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  read(offset: number, into: Uint8Array): number {
    const count = Math.min(into.byteLength, this.size - offset);
    if (count <= 0) return 0;
    into.set(this.#bytes.subarray(offset, offset + count));
    return count;
  }

  /** False, and nothing changed, where the budget has no room. */
  write(data: Uint8Array, offset: number): boolean {
    // Writing nothing leaves the size alone, as it does in a real file.
    if (data.byteLength === 0) return true;
    if (!this.#reserve(offset + data.byteLength)) return false;
    this.#bytes.set(data, offset);
    this.#touch();
    return true;
  }

  truncate(size: number): boolean {
    if (!this.#reserve(size)) return false;
    if (size < this.size) {
      if (size * 4 <= this.#bytes.byteLength) this.#bytes = this.#bytes.slice(0, size);
      else this.#bytes.fill(0, size, this.size);
      this.#budget.usedBytes -= this.size - size;
      this.size = size;
    }
    this.#touch();
    return true;
  }

  /** Nobody opens a file again that has no name, so its time need not differ from every other. */
  #touch(): void {
    this.modified = this.parent === null ? this.#budget.time() : this.#budget.stamp();
  }

  sha256(): string {
    return sha256(this.content);
  }

  /** Gives the bytes back once nobody can reach them. */
  release(): void {
    if (this.parent !== null || this.handles > 0) return;
    this.#budget.usedBytes -= this.size;
    this.size = 0;
    this.#bytes = nothing;
  }

  /** Makes the file at least `size` long. What lies behind its size is zero at all times. */
  #reserve(size: number): boolean {
    const more = size - this.size;
    if (more <= 0) return true;
    const free = this.#budget.bytes - this.#budget.usedBytes;
    if (more > free) return false;
    if (size > this.#bytes.byteLength) {
      const room = Math.min(Math.max(size, 2 * this.#bytes.byteLength, 64), this.size + free);
      const grown = new Uint8Array(room);
      grown.set(this.content);
      this.#bytes = grown;
    }
    this.#budget.usedBytes += more;
    this.size = size;
    return true;
  }
}

export type MemoryNode = MemoryDirectory | MemoryFile;

/** From the root to the node; null where it has no name any more. */
export const pathTo = (node: MemoryNode): string | null => {
  if (node.parent === null) return null;
  const names = [node.name];
  for (let at = node.parent; at.parent !== null; at = at.parent) names.unshift(at.name);
  return names.join("/");
};
