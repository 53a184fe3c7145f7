// What turns one content into another of the same length: the words that differ, in runs. Engines change single
// words all over a page, and words kept as they are deflate better than exclusive-ors of them.
//
//   varint   count of runs
//   varints  of each run: words that are alike before it, words in it
//   bytes    the words of all runs, one after another
import { VarintReader, VarintWriter } from "./varint.ts";

const WORD = 4;

/** What does not lie at a word's place is copied to one. */
const wordsOf = (bytes: Uint8Array): Int32Array =>
  bytes.byteOffset % WORD === 0
    ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD)
    : new Int32Array(new Uint8Array(bytes).buffer);

/**
 * The difference that makes `content` of `reference`, or `null` where it would be longer than `limit` bytes. Both
 * are equally long, in whole words.
 */
export const difference = (content: Uint8Array, reference: Uint8Array, limit: number): Uint8Array | null => {
  const now = wordsOf(content);
  const before = wordsOf(reference);
  const runs: number[] = [];
  let words = 0;
  for (let at = 0, end = 0; ;) {
    while (at < now.length && now[at] === before[at]) at++;
    if (at === now.length) break;
    const begin = at;
    while (at < now.length && now[at] !== before[at]) at++;
    runs.push(begin - end, at - begin);
    words += at - begin;
    end = at;
    if (words * WORD + runs.length > limit) return null;
  }
  const writer = new VarintWriter().number(runs.length / 2);
  for (const length of runs) writer.number(length);
  const bytes = new Uint8Array(writer.length + words * WORD);
  bytes.set(writer.done());
  let into = writer.length;
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    at += runs[i]!;
    const length = runs[i + 1]!;
    bytes.set(content.subarray(at * WORD, (at + length) * WORD), into);
    into += length * WORD;
    at += length;
  }
  return bytes.length <= limit ? bytes : null;
};

/** Applies a difference to its reference, in place; whether it was one. Where not, `into` means nothing. */
export const applyDifference = (bytes: Uint8Array, into: Uint8Array): boolean => {
  const reader = new VarintReader(bytes);
  const count = reader.number();
  // Each run takes two bytes at least.
  if (count > bytes.length / 2) return false;
  const runs: number[] = [];
  let words = 0;
  for (let i = 0; i < count; i++) {
    const gap = reader.number();
    const length = reader.number();
    words += length;
    runs.push(gap, length);
  }
  if (!reader.sound || bytes.length - reader.position !== words * WORD) return false;
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    at += runs[i]!;
    const length = runs[i + 1]!;
    if ((at + length) * WORD > into.length) return false;
    into.set(reader.bytes(length * WORD), at * WORD);
    at += length;
  }
  return true;
};
