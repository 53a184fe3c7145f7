// A traveler's memory as it goes out: which of its chunks the sink was not told of yet, and of those the pages that may be
// otherwise there.
import { E, type Either } from "../../lib/fp.ts";
import type { Channel } from "./channel.ts";
import {
  bitAt,
  chunkAt,
  chunkCount,
  encodeRows,
  HashTable,
  likenessOf,
  pageAt,
  pagesIn,
  sha256,
} from "./chunks.ts";
import { ALL_PAGES, CHUNK_PAGES, likenessBytes, MOST_CHUNKS, MOST_TABLES, pageBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Packer } from "./packer.ts";
import type { MemoryView } from "./source-host.ts";

/** Rows of one table: 8 MiB. */
const ROWS_AT_ONCE = 128;
/** Of a memory that was told once, so many chunks that changed are sent without asking whether the sink has them. */
const MOST_UNASKED = 256;

const LIKENESSES_BYTES = CHUNK_PAGES * likenessBytes;

export class Outgoing {
  readonly #told = new HashTable();
  /** Chunks that the sink is to be told of, and their pages that may be otherwise than it was told. */
  #pending = new Map<number, number>();
  /** Those of them that are just being told of, and have not gone yet. */
  #going: ReadonlyMap<number, number> = new Map();
  #memory: Uint8Array = new Uint8Array();
  /** All of it was told once. */
  #isKnown = false;

  /** The memory is this now. */
  note({ memory, changed }: MemoryView): void {
    const before = this.#told.length;
    const count = chunkCount(memory.length);
    this.#memory = memory;
    if (count !== before) this.#told.resize(count);
    for (let chunk = changed === null ? 0 : before; chunk < count; chunk++)
      this.#pending.set(chunk, ALL_PAGES);
    for (const page of changed ?? []) {
      const chunk = Math.floor(page / CHUNK_PAGES);
      this.#pending.set(chunk, (this.#pending.get(chunk) ?? 0) | (1 << (page % CHUNK_PAGES)));
    }
  }

  /** Bytes that the sink was not told of, or was and has to be sent yet. */
  get left(): number {
    let pages = 0;
    for (const chunks of [this.#pending, this.#going])
      for (const each of chunks.values()) pages += pagesIn(each);
    return pages * pageBytes;
  }
  get memoryBytes(): number {
    return this.#memory.length;
  }
  /** Names the memory, once all of it was told. */
  digest(): Uint8Array {
    return this.#told.digest();
  }

  /** Tells the sink all that it was not told of, and sends what it lacks. When this has answered, the memory may
   *  change. */
  async send(
    channel: Channel,
    traveler: number,
    packer: Packer,
    signal: AbortSignal,
  ): Promise<Either<MigrateError, void>> {
    const pending = this.#pending;
    this.#pending = new Map();
    this.#going = pending;
    const gone = (number: number): void => void pending.delete(number);
    const numbers = [...pending.keys()].toSorted((a, b) => a - b);
    const asks = !this.#isKnown || numbers.length > MOST_UNASKED;
    const pagesOf = (number: number): number => pending.get(number)!;
    const tables: (readonly number[])[] = [];
    for (let at = 0; at < numbers.length || tables.length > 0;) {
      // The sink answers one table while the chunks of the one before come, so that neither waits for the other.
      while (at < numbers.length && tables.length < MOST_TABLES) {
        const rows = this.#changedOf(numbers.slice(at, at + ROWS_AT_ONCE), gone);
        at += ROWS_AT_ONCE;
        if (rows.length === 0) continue;
        await channel.send(
          { kind: "table", traveler, memoryBytes: this.#memory.length, asks },
          encodeRows(rows, this.#told),
        );
        tables.push(rows);
      }
      const rows = tables.shift();
      if (rows === undefined) break;
      const lacking = asks
        ? await this.#lacking(channel, rows, pagesOf, signal)
        : E.right(rows.map((number) => [number, pagesOf(number)] as const));
      if (E.isLeft(lacking)) return lacking;
      const sent = await this.#sendChunks(channel, lacking.right, packer, signal, gone);
      if (E.isLeft(sent)) return sent;
      rows.forEach(gone);
    }
    this.#isKnown = true;
    return E.right(undefined);
  }

  /** Those of the chunks that are otherwise than the sink was told, which they are from now on. */
  #changedOf(numbers: readonly number[], gone: (number: number) => void): readonly number[] {
    return numbers.filter((number) => {
      const hash = sha256(chunkAt(this.#memory, number));
      if (this.#told.equals(number, hash)) {
        gone(number);
        return false;
      }
      this.#told.set(number, hash);
      return true;
    });
  }

  /** What the sink says that it lacks, with the pages that it has to be sent of each. */
  async #lacking(
    channel: Channel,
    rows: readonly number[],
    pagesOf: (number: number) => number,
    signal: AbortSignal,
  ): Promise<Either<MigrateError, readonly (readonly [number, number])[]>> {
    const heard = await channel.next(["lacking"], signal);
    if (E.isLeft(heard)) return heard;
    const { body } = heard.right;
    const half = Math.ceil(rows.length / 8);
    const likened = body.subarray(half, 2 * half);
    let at = 2 * half;
    const lacking: (readonly [number, number])[] = [];
    for (const [i, number] of rows.entries()) {
      if (!bitAt(body, i)) continue;
      if (!bitAt(likened, i)) {
        lacking.push([number, pagesOf(number)]);
        continue;
      }
      lacking.push([number, this.#unlike(number, body.subarray(at, at + LIKENESSES_BYTES))]);
      at += LIKENESSES_BYTES;
    }
    return E.right(lacking);
  }

  /** Pages of a chunk that are not what the sink says that it has there; one at least. */
  #unlike(number: number, likenesses: Uint8Array): number {
    const chunk = chunkAt(this.#memory, number);
    let pages = 0;
    for (let page = 0; page < CHUNK_PAGES; page++) {
      const said = likenesses.subarray(page * likenessBytes, (page + 1) * likenessBytes);
      if (Buffer.compare(likenessOf(pageAt(chunk, page)), said) !== 0) pages |= 1 << page;
    }
    return pages === 0 ? ALL_PAGES : pages;
  }

  async #sendChunks(
    channel: Channel,
    chunks: readonly (readonly [number, number])[],
    packer: Packer,
    signal: AbortSignal,
    gone: (number: number) => void,
  ): Promise<Either<MigrateError, void>> {
    for (let at = 0; at < chunks.length; at += MOST_CHUNKS) {
      if (signal.aborted) return E.left({ tag: "Aborted", phase: "copying" });
      if (channel.failed !== null) return E.left(channel.failed);
      const some = chunks.slice(at, at + MOST_CHUNKS);
      const body = some.map(([number, pages]) => packer.pack(this.#content(number, pages)));
      const bytes = body.reduce((sum, { length }) => sum + length, 0);
      const began = performance.now();
      await channel.send(
        {
          kind: "chunks",
          stored: body.map(({ length }) => length),
          pages: some.map(([, pages]) => pages),
        },
        ...body,
      );
      packer.measured(bytes, performance.now() - began);
      for (const [number] of some) gone(number);
    }
    return E.right(undefined);
  }

  /** These pages of a chunk. A whole chunk is no copy: what takes up so much is waited for (`Channel.send`). */
  #content(number: number, pages: number): Uint8Array {
    const chunk = chunkAt(this.#memory, number);
    if (pages === ALL_PAGES) return chunk;
    const content = Buffer.allocUnsafe(pagesIn(pages) * pageBytes);
    let at = 0;
    for (let page = 0; page < CHUNK_PAGES; page++) {
      if ((pages & (1 << page)) === 0) continue;
      content.set(pageAt(chunk, page), at);
      at += pageBytes;
    }
    return content;
  }
}
