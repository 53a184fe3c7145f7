// Gives back what nobody holds any more, a bounded amount at a time.
import { decodeChunk } from "./chunk.ts";
import type { Draft } from "./draft.ts";
import { decodeHead, encodeHead } from "./head.ts";
import { chunkAt, chunkCharge, release, removeChunk } from "./holders.ts";
import { allUndoKey, headKey, numberIn, tableKey, type Hash } from "./keys.ts";
import type { Key } from "./ground.ts";
import { decodeSegment, type PageTable } from "./page-table.ts";
import type { Pins } from "./pins.ts";
import type { Swept } from "./store.ts";
import { count } from "./tally.ts";

/** Bytes that are charged to components less than before, by their numbers. */
type Credits = Map<number, number>;

const credit = (credits: Credits, owner: number, bytes: number): void =>
  void credits.set(owner, (credits.get(owner) ?? 0) + bytes);

/** Charges a component `bytes` more, which may be negative. What has been removed owes nothing. */
const charge = (draft: Draft, number: number, bytes: number): void => {
  const value = draft.get(headKey(number));
  const head = value === null ? null : decodeHead(value);
  if (head === null) return;
  draft.set(headKey(number), encodeHead({ ...head, bytes: Math.max(0, head.bytes + bytes) }));
};

class Sweep {
  readonly #draft: Draft;
  readonly #pins: Pins;
  readonly #credits: Credits = new Map();
  #left: number;
  #chunks = 0;
  #bytes = 0;

  constructor(draft: Draft, pins: Pins, budget: number) {
    this.#draft = draft;
    this.#pins = pins;
    this.#left = budget;
  }

  done(): Swept {
    while (this.#left > 0 && (this.#garbage() || this.#dead()));
    for (const [owner, bytes] of this.#credits) charge(this.#draft, owner, -bytes);
    return { chunks: this.#chunks, bytes: this.#bytes, more: this.#more() };
  }

  #more(): boolean {
    const garbage = this.#draft.range("g", 1 + this.#pins.size);
    return garbage.some(([key]) => !this.#pins.has(key.slice(1))) || this.#draft.range("x", 1).length > 0;
  }

  /** Some chunks without holders; whether there were any. */
  #garbage(): boolean {
    const entries = this.#draft.range("g", this.#left + this.#pins.size);
    const free = entries.map(([key]) => key.slice(1)).filter((hash) => !this.#pins.has(hash));
    for (const hash of free.slice(0, this.#left)) this.#free(hash);
    return free.length > 0;
  }

  #free(hash: Hash): void {
    const value = chunkAt(this.#draft, hash);
    const chunk = value === null ? null : decodeChunk(value);
    const bytes = value === null ? 0 : chunkCharge(value.length);
    removeChunk(this.#draft, hash, chunk);
    if (chunk !== null) credit(this.#credits, chunk.owner, bytes);
    this.#chunks += 1;
    this.#bytes += bytes;
    this.#left -= 1;
    count(this.#draft, { chunks: -1, bytes: -bytes });
  }

  /** A segment of some table that is needed no more; whether there was any. */
  #dead(): boolean {
    const [entry] = this.#draft.range("x", 1);
    if (entry === undefined) return false;
    const [marker] = entry;
    const number = numberIn(marker);
    const checkpoint = marker.slice(7);
    const prefixes =
      checkpoint === "" ? [tableKey(number), allUndoKey(number)] : [allUndoKey(number) + checkpoint];
    for (const prefix of prefixes) {
      const [segment] = this.#draft.range(prefix, 1);
      if (segment !== undefined) return this.#letGo(number, ...segment);
    }
    this.#draft.delete(marker);
    return true;
  }

  #letGo(number: number, key: Key, value: Uint8Array): true {
    const rows: PageTable = new Map();
    decodeSegment(value, 0, rows);
    for (const hash of rows.values()) if (hash !== null) release(this.#draft, hash);
    this.#draft.delete(key);
    const bytes = key.length + value.length;
    credit(this.#credits, number, bytes);
    count(this.#draft, { bytes: -bytes });
    this.#left -= rows.size;
    return true;
  }
}

/** Gives back about `budget` chunks at most. */
export const sweep = (draft: Draft, pins: Pins, budget: number): Swept =>
  new Sweep(draft, pins, budget).done();
