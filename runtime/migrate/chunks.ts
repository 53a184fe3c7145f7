// Memory in chunks that are named by their content: their hashes, the tables that tell of them, and what says of a whole
// memory that it is complete. Pure functions on bytes.
import * as crypto from "node:crypto";
import { chunkBytes, hashBytes, likenessBytes, pageBytes, rowBytes } from "./message.ts";

export const sha256 = (bytes: Uint8Array): Buffer => crypto.createHash("sha256").update(bytes).digest();

export const chunkAt = (memory: Uint8Array, number: number): Uint8Array =>
  memory.subarray(number * chunkBytes, (number + 1) * chunkBytes);

export const pageAt = (chunk: Uint8Array, page: number): Uint8Array =>
  chunk.subarray(page * pageBytes, (page + 1) * pageBytes);

/** How many pages these are, of a chunk. */
export const pagesIn = (pages: number): number => {
  let count = 0;
  for (let left = pages; left > 0; left &= left - 1) count += 1;
  return count;
};

/** What says of a page what it is like. */
export const likenessOf = (page: Uint8Array): Uint8Array => sha256(page).subarray(0, likenessBytes);

/** How many chunks a memory of this size has. */
export const chunkCount = (bytes: number): number => Math.ceil(bytes / chunkBytes);

/** Hashes of a memory's chunks, one after another; zeros where nothing is known. */
export class HashTable {
  #hashes = Buffer.alloc(0);

  /** In chunks. */
  get length(): number {
    return this.#hashes.length / hashBytes;
  }

  /** Makes room for so many; those there are stay. */
  resize(count: number): void {
    const former = this.#hashes;
    this.#hashes = Buffer.alloc(count * hashBytes);
    former.copy(this.#hashes);
  }

  at(number: number): Buffer {
    return this.#hashes.subarray(number * hashBytes, (number + 1) * hashBytes);
  }

  set(number: number, hash: Uint8Array): void {
    this.#hashes.set(hash, number * hashBytes);
  }

  equals(number: number, hash: Uint8Array): boolean {
    return Buffer.compare(this.at(number), hash) === 0;
  }

  /** Names the memory as a whole. */
  digest(): Uint8Array {
    return new Uint8Array(sha256(this.#hashes));
  }
}

/** Rows of a table: each a chunk's number and its hash. */
export const encodeRows = (numbers: readonly number[], table: HashTable): Uint8Array => {
  const rows = Buffer.allocUnsafe(numbers.length * rowBytes);
  for (const [i, number] of numbers.entries()) {
    rows.writeUInt32LE(number, i * rowBytes);
    rows.set(table.at(number), i * rowBytes + 4);
  }
  return rows;
};

export interface Row {
  readonly number: number;
  readonly hash: Uint8Array;
}

/** The rows, or null where the bytes are none: numbers must ascend, and lie within a memory of `count` chunks. */
export const decodeRows = (bytes: Uint8Array, count: number): readonly Row[] | null => {
  if (bytes.length % rowBytes !== 0) return null;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const rows: Row[] = [];
  let before = -1;
  for (let at = 0; at < view.length; at += rowBytes) {
    const number = view.readUInt32LE(at);
    if (number <= before || number >= count) return null;
    before = number;
    rows.push({ number, hash: view.subarray(at + 4, at + rowBytes) });
  }
  return rows;
};

/** One bit for each, lowest first. */
export const encodeBits = (bits: readonly boolean[]): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >> 3]! |= 1 << (i & 7);
  return bytes;
};

export const bitAt = (bytes: Uint8Array, i: number): boolean => ((bytes[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
