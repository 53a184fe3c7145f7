// Keys in order, in blocks short enough that one more is cheap.
import { afterPrefix, type Key } from "./ground.ts";

const BLOCK = 512;

export class SortedKeys {
  readonly #blocks: Key[][] = [];

  add(key: Key): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) return void this.#blocks.push([key]);
    const place = lowerBound(block, key);
    if (block[place] === key) return;
    block.splice(place, 0, key);
    if (block.length > BLOCK) this.#blocks.splice(at + 1, 0, block.splice(BLOCK / 2));
  }

  delete(key: Key): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const place = lowerBound(block, key);
    if (block[place] !== key) return;
    block.splice(place, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** From the first key that is not below `from`, in ascending order. The keys must not change meanwhile. */
  *from(from: Key): Generator<Key, void> {
    const first = this.#blockOf(from);
    for (let at = first; at < this.#blocks.length; at++) {
      const block = this.#blocks[at]!;
      for (let i = at === first ? lowerBound(block, from) : 0; i < block.length; i++) yield block[i]!;
    }
  }

  /** The last key that begins with `prefix`. */
  last(prefix: Key): Key | null {
    const end = afterPrefix(prefix);
    const at = end === null ? this.#blocks.length - 1 : this.#blockOf(end);
    const block = this.#blocks[at] ?? [];
    const place = end === null ? block.length : lowerBound(block, end);
    const key = block[place - 1] ?? this.#blocks[at - 1]?.at(-1);
    return key?.startsWith(prefix) === true ? key : null;
  }

  /** The block in which the key is, or would be; the last one for keys beyond the end. */
  #blockOf(key: Key): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle]!.at(-1)! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const lowerBound = (keys: readonly Key[], key: Key): number => {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
};
