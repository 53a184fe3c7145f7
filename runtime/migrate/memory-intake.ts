// A traveler's memory as it comes in at the sink. Chunks that are here already, of the base memory, of an earlier stay
// or elsewhere in this very memory, are taken from there; every other one is checked against the hash that named it.
import { inflateRawSync } from "node:zlib";
import { E, type Either } from "../../lib/fp.ts";
import { roomyMemory } from "../host/advances.ts";
import {
  chunkAt,
  chunkCount,
  decodeRows,
  encodeBits,
  HashTable,
  likenessOf,
  pageAt,
  pagesIn,
  sha256,
} from "./chunks.ts";
import {
  ALL_PAGES,
  CHUNK_PAGES,
  chunkBytes,
  MOST_ROWS,
  MOST_TABLES,
  pageBytes,
  rowBytes,
} from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Stay, Unsaved } from "./stays.ts";

export interface IntakeOptions {
  readonly stay: Stay;
  /** What there is of an earlier stay, or the base memory. The intake's own. */
  readonly former: Uint8Array;
  /** Bytes that the memory may have at most. */
  readonly most: number;
}

interface Awaited {
  readonly number: number;
  readonly hash: Uint8Array;
}

/** A table whose chunks have not all come. */
interface Table {
  readonly awaited: readonly Awaited[];
  /** How many have come. */
  come: number;
  /** The last chunk that it is about. */
  readonly last: number;
}

const keyOf = (hash: Uint8Array): string =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString("latin1");

/** Bytes that are saved at once while more comes in. */
const SLICE_BYTES = 8 << 20;

const ZEROS = new Uint8Array(chunkBytes);
const ZERO_HASH = sha256(ZEROS);
const ZERO_KEY = keyOf(ZERO_HASH);

const wrong = (place: string, expected: string, actual: string): Either<MigrateError, never> =>
  E.left({ tag: "Protocol", place, expected, actual });

export class MemoryIntake {
  readonly #options: IntakeOptions;
  #memory: Uint8Array;
  readonly #hashes = new HashTable();
  /** Where content lies in the memory, by hash. */
  readonly #places = new Map<string, number>();
  /** In the order in which their chunks come. */
  readonly #tables: Table[] = [];
  /** Chunks that are as they were in the former memory, which its source knows nothing of. */
  readonly #former: Set<number>;
  /** The last chunk that came, or was found here. */
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
  readonly #scratch = new Uint8Array(chunkBytes);

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#memory = options.former;
    this.#hashes.resize(chunkCount(this.#memory.length));
    this.#former = new Set(Array.from({ length: this.#hashes.length }, (_, number) => number));
    for (const number of this.#former) this.#place(number, sha256(chunkAt(this.#memory, number)));
  }

  get memory(): Uint8Array {
    return this.#memory;
  }
  /** Names what is there. */
  digest(): Uint8Array {
    return this.#hashes.digest();
  }
  /** Whether chunks were announced and did not come yet. */
  get awaits(): boolean {
    return this.#tables.length > 0;
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
    for (let number = this.#hashes.length; number < before; number++) this.#former.delete(number);
  }

  /** Content with this hash, from wherever it is here. */
  #found(key: string): Uint8Array | null {
    if (key === ZERO_KEY) return ZEROS;
    const place = this.#places.get(key);
    const isThere =
      place !== undefined && place < this.#hashes.length && keyOf(this.#hashes.at(place)) === key;
    return isThere ? chunkAt(this.#memory, place) : null;
  }

  /** What the memory is now, where it differs from what was said before. Answers which chunks must be sent, and what there
   *  is instead of them; or null where nobody asks. */
  table(rows: Uint8Array, memoryBytes: number, asks: boolean): Either<MigrateError, Uint8Array | null> {
    const { most } = this.#options;
    if (this.#tables.length >= MOST_TABLES)
      return wrong("table", "the chunks that were announced", "one more table");
    if (memoryBytes % chunkBytes !== 0 || memoryBytes === 0 || memoryBytes > most)
      return wrong("table", `whole pages, at most ${most} bytes`, `${memoryBytes} bytes`);
    if (this.awaits && memoryBytes !== this.#memory.length)
      return wrong("table", `${this.#memory.length} bytes, as before`, `${memoryBytes} bytes`);
    const read = decodeRows(rows, chunkCount(memoryBytes));
    if (read === null || read.length > MOST_ROWS)
      return wrong("table", `at most ${MOST_ROWS} rows in order`, `${rows.length} bytes`);
    this.#resize(memoryBytes);
    const lacking = read.map(({ number, hash }) => !asks || !this.#has(number, hash));
    const awaited = read
      .filter((_, i) => lacking[i])
      .map(({ number, hash }) => ({ number, hash: new Uint8Array(hash) }));
    const last = read.at(-1)?.number ?? this.#last;
    if (awaited.length === 0 && !this.awaits) this.#last = last;
    else this.#tables.push({ awaited, come: 0, last });
    this.#settleTables();
    return E.right(
      asks
        ? this.#answer(
            read.map(({ number }) => number),
            lacking,
          )
        : null,
    );
  }

  /** Whether the chunk is so already, or can be made so of what is here. */
  #has(number: number, hash: Uint8Array): boolean {
    if (this.#hashes.equals(number, hash)) return true;
    const found = this.#found(keyOf(hash));
    if (found !== null) this.#write(number, found, hash);
    return found !== null;
  }

  #answer(numbers: readonly number[], lacking: readonly boolean[]): Uint8Array {
    const isLikened = numbers.map((number, i) => lacking[i]! && this.#former.has(number));
    const likenesses = numbers
      .filter((_, i) => isLikened[i])
      .flatMap((number) =>
        Array.from({ length: CHUNK_PAGES }, (_, page) =>
          likenessOf(pageAt(chunkAt(this.#memory, number), page)),
        ),
      );
    return Buffer.concat([encodeBits(lacking), encodeBits(isLikened), ...likenesses]);
  }

  /** Tables of which all has come. */
  #settleTables(): void {
    for (let [first] = this.#tables; first !== undefined; [first] = this.#tables) {
      if (first.come < first.awaited.length) return;
      this.#last = first.last;
      this.#tables.shift();
    }
  }

  #write(number: number, content: Uint8Array, hash: Uint8Array): void {
    chunkAt(this.#memory, number).set(content);
    this.#place(number, hash);
    this.#former.delete(number);
    this.#dirty.add(number);
    this.#late?.add(number);
  }

  /** The next chunks that were lacking: `pages` of each, the others are as they are here. Fewer bytes than these have are
   *  deflated ones. */
  chunks(stored: readonly number[], pages: readonly number[], body: Uint8Array): Either<MigrateError, void> {
    if (stored.length !== pages.length)
      return wrong("chunks", `pages of ${stored.length} of them`, `of ${pages.length}`);
    let at = 0;
    for (const [i, length] of stored.entries()) {
      const data = body.subarray(at, at + length);
      at += length;
      const mask = pages[i]!;
      const bytes = pagesIn(mask) * pageBytes;
      if (mask < 1 || mask > ALL_PAGES || length > bytes || data.length !== length)
        return wrong("chunks", "pages and lengths that fit the body", `${mask} and ${length} bytes`);
      const [table] = this.#tables;
      if (table === undefined) return wrong("chunks", "those that were announced", "one more");
      const { number, hash } = table.awaited[table.come++]!;
      const content = length === bytes ? data : inflated(data, bytes);
      if (content === null) return wrong("chunks", `deflated content of ${bytes} bytes`, "something else");
      const chunk = mask === ALL_PAGES ? content : this.#mended(number, mask, content);
      if (Buffer.compare(sha256(chunk), hash) !== 0)
        return wrong("chunks", "the content that was announced", "other content");
      this.#write(number, chunk, hash);
      this.#settleTables();
    }
    return at === body.length ? E.right(undefined) : wrong("chunks", `${at} bytes`, `${body.length}`);
  }

  /** The chunk that is here, with these pages. */
  #mended(number: number, mask: number, content: Uint8Array): Uint8Array {
    const chunk = this.#scratch;
    chunk.set(chunkAt(this.#memory, number));
    let at = 0;
    for (let page = 0; page < CHUNK_PAGES; page++) {
      if ((mask & (1 << page)) === 0) continue;
      chunk.set(content.subarray(at, at + pageBytes), page * pageBytes);
      at += pageBytes;
    }
    return chunk;
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
    const [table] = this.#tables;
    const complete = table?.awaited[table.come]?.number ?? this.#last + 1;
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
    const { memory, chunks, hash } = this.#unsaved(bytes);
    return this.#options.stay.save(memory, chunks, hash);
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
    const { stay } = this.#options;
    return { stay, memory: this.#memory.subarray(0, bytes), chunks, hash: (chunk) => this.#hashes.at(chunk) };
  }
}

const inflated = (data: Uint8Array, bytes: number): Uint8Array | null => {
  try {
    const { buffer, engine } = inflateRawSync(data, {
      info: true,
      maxOutputLength: bytes,
    }) as unknown as { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
    return buffer.length === bytes && engine.bytesWritten === data.length ? buffer : null;
  } catch {
    return null;
  }
};
