// Reads the calls of a turn out of the outbox. What stands there is a component's: every number is bounded
// before it is used, and a record that lies ends the reading.
import {
  ARGS_BYTES,
  ARGS_JSON,
  ARGS_LARGE,
  ARGS_NONE,
  ARGS_NUMBER,
  ARGS_TEXT,
  FIRST_RECORD,
  OUTBOX_BYTES,
  RECORD_WORDS,
} from "../../lib/guest/abi.ts";

import { crc32 } from "../crc32.ts";

/** Receives one call. `args` is untrusted; bytes in it may be views that are valid during the call only. */
export type CallSink = (
  slot: number,
  selector: number,
  method: number,
  thread: number,
  fresh: number,
  args: unknown,
) => void;

/** Views on the memory in which an outbox lies. */
export interface OutboxViews {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly bytes: Uint8Array;
}

/** FNV-1a (Fowler, Noll, Vo), by words. */
const folded = (digest: number, word: number): number => Math.imul(digest ^ word, 0x01000193);

/** What calls left beside their records, taken in order. */
export class Attachments {
  readonly #values: (string | Uint8Array)[] = [];
  #next = 0;

  get empty(): boolean {
    return this.#next >= this.#values.length;
  }
  /** Folds what is there into a digest, by its sizes. */
  digest(seed: number): number {
    let digest = seed;
    for (const { length } of this.#values) digest = folded(digest, length);
    return digest >>> 0;
  }
  add(value: string | Uint8Array): void {
    this.#values.push(value);
  }
  /** The next one; nothing, where a flood was cut off. */
  take(): string | Uint8Array | undefined {
    const value = this.#values[this.#next++];
    if (this.empty) this.clear();
    return value;
  }
  clear(): void {
    if (this.#values.length === 0) return;
    this.#values.length = 0;
    this.#next = 0;
  }
}

const NO_ARGUMENTS: readonly unknown[] = [];

/** JSON text with its attachments put back; `undefined` where it is no JSON. */
const parsed = (json: string | Uint8Array | undefined, count: number, attachments: Attachments): unknown => {
  const values: (string | Uint8Array | undefined)[] = [];
  for (let i = 0; i < count && !attachments.empty; i++) values.push(attachments.take());
  try {
    if (values.length === 0) return JSON.parse(json as string);
    return JSON.parse(json as string, (_key, value: unknown) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, "\u0000")
        ? values[Number((value as Record<string, unknown>)["\u0000"])]
        : value,
    );
  } catch {
    return undefined;
  }
};

/** A digest of the calls in the outbox that begins `from` bytes into `views`, going on from `seed`: an unsigned number
 *  of 32 bits. */
export const digestOutbox = (views: OutboxViews, from: number, seed: number): number => {
  const { words, bytes } = views;
  const begin = from >> 2;
  const end = words[begin]!;
  let digest = seed;
  if (end <= FIRST_RECORD || end > OUTBOX_BYTES >> 2) return digest >>> 0;
  for (let at = FIRST_RECORD; at + RECORD_WORDS <= end;) {
    const w = begin + at;
    const form = words[w + 2]! >>> 16;
    const length = words[w + 3]!;
    const payload = form === ARGS_BYTES ? length : form === ARGS_NUMBER ? 8 : 0;
    const start = from + (at + RECORD_WORDS) * 4;
    if (payload < 0 || start + payload > from + OUTBOX_BYTES) break;
    for (let field = 0; field < 3; field++) digest = folded(digest, words[w + field]!);
    if (form === ARGS_BYTES || form === ARGS_JSON) digest = folded(digest, length);
    if (form === ARGS_JSON) digest = folded(digest, words[w + 5]!);
    digest = folded(digest, words[w + 4]!);
    if (payload > 0) digest = crc32(bytes.subarray(start, start + payload), digest >>> 0);
    at += RECORD_WORDS + (((payload + 15) >>> 4) << 2);
  }
  return digest >>> 0;
};

/** Reads the outbox that begins `from` bytes into `views`, up to its own end mark. */
export const readOutbox = (
  views: OutboxViews,
  from: number,
  attachments: Attachments,
  sink: CallSink,
): void => {
  const { words } = views;
  const begin = from >> 2;
  const end = words[begin]!;
  if (end <= FIRST_RECORD || end > OUTBOX_BYTES >> 2) return;
  for (let at = FIRST_RECORD; at + RECORD_WORDS <= end;) {
    const w = begin + at;
    const method = words[w + 2]!;
    const length = words[w + 3]!;
    const next = at + RECORD_WORDS;
    let args: unknown = NO_ARGUMENTS;
    let payload = 0;
    let fresh = 0;
    switch (method >>> 16) {
      case ARGS_NONE:
        break;
      case ARGS_TEXT:
      case ARGS_LARGE:
        args = [attachments.take()];
        break;
      case ARGS_BYTES:
        payload = length;
        if (length < 0 || next * 4 + length > OUTBOX_BYTES) return;
        args = [views.bytes.subarray(from + next * 4, from + next * 4 + length)];
        break;
      case ARGS_NUMBER:
        payload = 8;
        args = [views.floats[(w + RECORD_WORDS) >> 1]];
        break;
      case ARGS_JSON:
        args = parsed(attachments.take(), length, attachments);
        fresh = words[w + 5]!;
        break;
    }
    sink(words[w]!, words[w + 1]!, method & 0xffff, words[w + 4]!, fresh, args);
    at = next + (((payload + 15) >>> 4) << 2);
  }
};
