// A traveler's memory as it goes out: which of its chunks the sink was not told of yet, and how they are packed.
import { deflateRawSync } from "node:zlib";
import { E, type Either } from "../../lib/fp.ts";
import type { Channel } from "./channel.ts";
import { bitAt, chunkAt, chunkCount, encodeRows, HashTable, sha256 } from "./chunks.ts";
import { chunkBytes, MOST_CHUNKS } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { MemoryView } from "./source-host.ts";

/** Rows of one table: 8 MiB. */
const ROWS_AT_ONCE = 512;
/** Bytes of a chunk that are deflated to see whether the rest is worth it. */
const PROBE_BYTES = 1024;
/** After so many chunks in a row that were not worth deflating, as many go without a probe. */
const MOST_FUTILE = 16;
/** Bytes a ms, until the link has shown more or less. */
const FIRST_RATE = 100_000;

/** Decides for each chunk whether deflating it gets it there sooner. */
export class Packer {
  /** Bytes that the link takes up in a ms; and ms that deflating a chunk costs. */
  #rate = FIRST_RATE;
  #cost = 0.1;
  /** Chunks in a row that were not worth it; and how many more are taken for such without a look. */
  #futile = 0;
  #unseen = 0;

  /** So many bytes took so long. */
  measured(bytes: number, ms: number): void {
    if (bytes < chunkBytes * MOST_CHUNKS || ms <= 0) return;
    this.#rate = (this.#rate + bytes / ms) / 2;
  }

  pack(chunk: Uint8Array): Uint8Array {
    if (chunkBytes / this.#rate < this.#cost) return chunk;
    if (this.#unseen > 0) {
      this.#unseen -= 1;
      return chunk;
    }
    const probe = deflateRawSync(chunk.subarray(0, PROBE_BYTES), { level: 1 });
    const saved = (chunkBytes * Math.max(0, PROBE_BYTES - probe.length)) / PROBE_BYTES / this.#rate;
    if (saved < this.#cost) {
      this.#futile += 1;
      if (this.#futile > MOST_FUTILE) this.#unseen = MOST_FUTILE;
      return chunk;
    }
    this.#futile = 0;
    const began = performance.now();
    const packed = deflateRawSync(chunk, { level: 1 });
    this.#cost = this.#cost * 0.9 + (performance.now() - began) * 0.1;
    return packed.length < chunkBytes ? packed : chunk;
  }
}

export class Outgoing {
  readonly #told = new HashTable();
  #pending = new Set<number>();
  #memory: Uint8Array = new Uint8Array();

  /** The memory is this now. */
  note({ memory, changed }: MemoryView): void {
    const grown = memory.length !== this.#memory.length;
    this.#memory = memory;
    if (grown) this.#told.resize(chunkCount(memory.length));
    if (changed === null || grown)
      for (let number = 0; number < this.#told.length; number++) this.#pending.add(number);
    else for (const number of changed) this.#pending.add(number);
  }

  /** Bytes that the sink was not told of. */
  get left(): number {
    return this.#pending.size * chunkBytes;
  }
  get memoryBytes(): number {
    return this.#memory.length;
  }
  /** Names the memory, once all of it was told. */
  digest(): Uint8Array {
    return this.#told.digest();
  }

  /** Tells the sink all that it was not told of, and sends what it lacks. */
  async send(
    channel: Channel,
    traveler: number,
    packer: Packer,
    signal: AbortSignal,
  ): Promise<Either<MigrateError, void>> {
    const numbers = [...this.#pending].toSorted((a, b) => a - b);
    this.#pending = new Set();
    // While the sink takes in one part, the next is hashed.
    for (let at = 0; at < numbers.length; at += ROWS_AT_ONCE) {
      const rows = this.#changedOf(numbers.slice(at, at + ROWS_AT_ONCE));
      if (rows.length === 0) continue;
      await channel.send(
        { kind: "table", traveler, memoryBytes: this.#memory.length },
        encodeRows(rows, this.#told),
      );
      const lacking = await channel.next(["lacking"], signal);
      if (E.isLeft(lacking)) return lacking;
      const { body } = lacking.right;
      const sent = await this.#sendChunks(
        channel,
        rows.filter((_, i) => bitAt(body, i)),
        packer,
        signal,
      );
      if (E.isLeft(sent)) return sent;
    }
    return E.right(undefined);
  }

  /** Those of the chunks that are otherwise than the sink was told, which they are from now on. */
  #changedOf(numbers: readonly number[]): readonly number[] {
    return numbers.filter((number) => {
      const hash = sha256(chunkAt(this.#memory, number));
      if (this.#told.equals(number, hash)) return false;
      this.#told.set(number, hash);
      return true;
    });
  }

  async #sendChunks(
    channel: Channel,
    numbers: readonly number[],
    packer: Packer,
    signal: AbortSignal,
  ): Promise<Either<MigrateError, void>> {
    for (let at = 0; at < numbers.length; at += MOST_CHUNKS) {
      if (signal.aborted) return E.left({ tag: "Aborted", phase: "copying" });
      if (channel.failed !== null) return E.left(channel.failed);
      const packed = numbers
        .slice(at, at + MOST_CHUNKS)
        .map((number) => packer.pack(chunkAt(this.#memory, number)));
      // A copy: what is sent lies in a buffer that changes before it has gone.
      const body = Buffer.concat(packed);
      const began = performance.now();
      await channel.send({ kind: "chunks", stored: packed.map(({ length }) => length) }, body);
      packer.measured(body.length, performance.now() - began);
    }
    return E.right(undefined);
  }
}
