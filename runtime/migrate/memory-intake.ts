// A traveler's memory as it comes in at the sink. Chunks that are here already, of the base memory, of an earlier stay
// or elsewhere in this very memory, are taken from there; every other one is checked against the hash that named it.
import { inflateRawSync } from "node:zlib";
import { E, type Either } from "../../lib/fp.ts";
import { roomyMemory } from "../host/advances.ts";
import { chunkAt, chunkCount, decodeRows, encodeBits, HashTable, sha256 } from "./chunks.ts";
import { chunkBytes, MOST_ROWS, rowBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Stay, Unsaved } from "./stays.ts";

export interface IntakeOptions {
  readonly stay: Stay;
  /** Chunks of the base memory, by hash. */
  readonly base: ReadonlyMap<string, Uint8Array>;
  /** Bytes that the memory may have at most. */
  readonly most: number;
}

const keyOf = (hash: Uint8Array): string =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString("latin1");

/** Bytes that are saved at once while more comes in; and in how many chunks. */
const SLICE_BYTES = 4 << 20;
const GRAIN = 4;

const ZEROS = new Uint8Array(chunkBytes);
const ZERO_HASH = sha256(ZEROS);
const ZERO_KEY = keyOf(ZERO_HASH);

const wrong = (place: string, expected: string, actual: string): Either<MigrateError, never> =>
  E.left({ tag: "Protocol", place, expected, actual });

/** The chunks of a memory, by hash. */
export const indexOf = (memory: Uint8Array): ReadonlyMap<string, Uint8Array> => {
  const index = new Map<string, Uint8Array>();
  for (let number = 0; number < chunkCount(memory.length); number++) {
    const chunk = chunkAt(memory, number);
    if (chunk.length === chunkBytes) index.set(keyOf(sha256(chunk)), chunk);
  }
  return index;
};

export class MemoryIntake {
  readonly #options: IntakeOptions;
  #memory: Uint8Array;
  readonly #hashes = new HashTable();
  /** Where content lies in the memory, by hash. */
  readonly #places = new Map<string, number>();
  /** Chunks that were announced and are yet to come, in order. */
  #awaited: { readonly number: number; readonly hash: Uint8Array }[] = [];
  #next = 0;
  /** The last chunk of the last table. */
  #last = -1;
  /** Chunks that changed since the stay was written to. */
  #dirty = new Set<number>();
  /** Chunks that changed since the memory was handed on to where it will live; null: it was not. */
  #late: Set<number> | null = null;
  /** How much of the memory the stay has, in bytes from its beginning. */
  #saved = 0;
  /** What is being written to the stay while more comes in. */
  #saving: Promise<Either<MigrateError, void>> = Promise.resolve(E.right(undefined));
  #isSaving = false;

  /** `former`: what there is of an earlier stay. */
  constructor(options: IntakeOptions, former: Uint8Array | null) {
    this.#options = options;
    this.#memory = former ?? roomyMemory(0);
    this.#hashes.resize(chunkCount(this.#memory.length));
    for (let number = 0; number < this.#hashes.length; number++)
      this.#place(number, sha256(chunkAt(this.#memory, number)));
  }

  get memory(): Uint8Array {
    return this.#memory;
  }
  /** Names what is there. */
  digest(): Uint8Array {
    return this.#hashes.digest();
  }
  /** Chunks that were announced and did not come yet. */
  get awaited(): number {
    return this.#awaited.length - this.#next;
  }

  #place(number: number, hash: Uint8Array): void {
    this.#hashes.set(number, hash);
    this.#places.set(keyOf(hash), number);
  }

  #resize(bytes: number): void {
    if (bytes === this.#memory.length) return;
    const memory = roomyMemory(bytes);
    memory.set(this.#memory.subarray(0, bytes));
    const before = this.#hashes.length;
    this.#memory = memory;
    this.#hashes.resize(chunkCount(bytes));
    for (let number = before; number < this.#hashes.length; number++) this.#place(number, ZERO_HASH);
  }

  /** Content with this hash, from wherever it is here. */
  #found(key: string): Uint8Array | null {
    if (key === ZERO_KEY) return ZEROS;
    const place = this.#places.get(key);
    if (place !== undefined && place < this.#hashes.length && keyOf(this.#hashes.at(place)) === key)
      return chunkAt(this.#memory, place);
    return this.#options.base.get(key) ?? null;
  }

  /** What the memory is now, where it differs from what was said before: answers which chunks must be sent. */
  table(rows: Uint8Array, memoryBytes: number): Either<MigrateError, Uint8Array> {
    const { most } = this.#options;
    if (this.awaited > 0) return wrong("table", `${this.awaited} chunks more`, "a table");
    if (memoryBytes % (GRAIN * chunkBytes) !== 0 || memoryBytes === 0 || memoryBytes > most)
      return wrong("table", `whole pages, at most ${most} bytes`, `${memoryBytes} bytes`);
    const read = decodeRows(rows, chunkCount(memoryBytes));
    if (read === null || read.length > MOST_ROWS)
      return wrong("table", `at most ${MOST_ROWS} rows in order`, `${rows.length} bytes`);
    this.#resize(memoryBytes);
    this.#awaited = [];
    this.#next = 0;
    this.#last = read.at(-1)?.number ?? this.#last;
    const lacking = read.map(({ number, hash }) => {
      if (this.#hashes.equals(number, hash)) return false;
      const found = this.#found(keyOf(hash));
      if (found === null) {
        this.#awaited.push({ number, hash: new Uint8Array(hash) });
        return true;
      }
      this.#write(number, found, hash);
      return false;
    });
    return E.right(encodeBits(lacking));
  }

  #write(number: number, content: Uint8Array, hash: Uint8Array): void {
    chunkAt(this.#memory, number).set(content);
    this.#place(number, hash);
    this.#dirty.add(number);
    this.#late?.add(number);
  }

  /** The next chunks that were lacking; fewer bytes than a chunk has are deflated ones. */
  chunks(stored: readonly number[], body: Uint8Array): Either<MigrateError, void> {
    if (stored.length > this.awaited)
      return wrong("chunks", `at most ${this.awaited} of them`, `${stored.length}`);
    let at = 0;
    for (const length of stored) {
      const data = body.subarray(at, at + length);
      at += length;
      if (length > chunkBytes || data.length !== length)
        return wrong("chunks", "lengths that fit the body", `${length} bytes`);
      const content = length === chunkBytes ? data : inflated(data);
      if (content === null)
        return wrong("chunks", `deflated content of ${chunkBytes} bytes`, "something else");
      const { number, hash } = this.#awaited[this.#next++]!;
      if (Buffer.compare(sha256(content), hash) !== 0)
        return wrong("chunks", "the content that was announced", "other content");
      this.#write(number, content, hash);
    }
    return at === body.length ? E.right(undefined) : wrong("chunks", `${at} bytes`, `${body.length}`);
  }

  /** The memory is handed on as it is now: answers which chunks have changed since the last time; null: it is the
   *  first. */
  handOn(): readonly number[] | null {
    const late = this.#late;
    this.#late = new Set();
    return late === null ? null : [...late];
  }

  /** Begins to save what is complete, where that is enough to be worth it; more of this table may come in meanwhile. */
  ahead(): void {
    const next = this.#awaited[this.#next]?.number ?? this.#last + 1;
    const complete = next - (next % GRAIN);
    if (this.#isSaving || complete * chunkBytes < this.#saved + SLICE_BYTES) return;
    this.#isSaving = true;
    this.#saving = this.#save(complete * chunkBytes).finally(() => (this.#isSaving = false));
  }

  /** Until nothing is being saved any more. */
  saved(): Promise<Either<MigrateError, void>> {
    return this.#saving;
  }

  /** Until this table may come: what is being saved must not change meanwhile. */
  async ready(rows: Uint8Array, memoryBytes: number): Promise<Either<MigrateError, void>> {
    const first = rows.length < rowBytes ? 0 : Buffer.from(rows.buffer, rows.byteOffset).readUInt32LE();
    const isBeyond = memoryBytes === this.#memory.length && first * chunkBytes >= this.#saved;
    return isBeyond ? E.right(undefined) : this.#saving;
  }

  /** Makes what came in durable. */
  async settle(): Promise<Either<MigrateError, void>> {
    const saved = await this.#saving;
    return E.isLeft(saved) ? saved : this.#save(this.#memory.length);
  }

  #save(bytes: number): Promise<Either<MigrateError, void>> {
    const { stay, memory, chunks } = this.#unsaved(bytes);
    return stay.save(memory, chunks);
  }

  /** What is yet to be saved; the caller sees to it. */
  async unsaved(): Promise<Either<MigrateError, Unsaved>> {
    const saved = await this.#saving;
    return E.isLeft(saved) ? saved : E.right(this.#unsaved(this.#memory.length));
  }

  #unsaved(bytes: number): Unsaved {
    const end = bytes / chunkBytes;
    const chunks = [...this.#dirty].filter((chunk) => chunk < end).toSorted((a, b) => a - b);
    for (const chunk of chunks) this.#dirty.delete(chunk);
    this.#saved = bytes;
    return { stay: this.#options.stay, memory: this.#memory.subarray(0, bytes), chunks };
  }
}

const inflated = (data: Uint8Array): Uint8Array | null => {
  try {
    const { buffer, engine } = inflateRawSync(data, {
      info: true,
      maxOutputLength: chunkBytes,
    }) as unknown as { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
    return buffer.length === chunkBytes && engine.bytesWritten === data.length ? buffer : null;
  } catch {
    return null;
  }
};
