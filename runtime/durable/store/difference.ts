// What turns one content into another of the same length: the words that differ, in runs. Engines change single
// words all over a page, and words kept as they are deflate better than exclusive-ors of them.
//
//   varint   count of runs
//   varints  of each run: words that are alike before it, words in it
//   bytes    the words of all runs, one after another
import { VarintReader, VarintWriter } from "./varint.ts";

const WORD = 4;

/** Runs of so many words are copied byte by byte: a view of them would take longer to make. */
const SHORT = 16;

/** Bytes that are compared at once before single words are looked at. */
const BLOCK = 1024;

const buffered = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What does not lie at a word's place is copied to one. */
const wordsOf = (bytes: Uint8Array): Int32Array =>
  bytes.byteOffset % WORD === 0
    ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / WORD)
    : new Int32Array(new Uint8Array(bytes).buffer);

/** Begins and ends of the runs of words that differ, in turn; `null` where they hold more than `limit` bytes. */
const runsOf = (content: Uint8Array, reference: Uint8Array, limit: number): number[] | null => {
  const [now, before] = [wordsOf(content), wordsOf(reference)];
  const [here, there] = [buffered(content), buffered(reference)];
  const runs: number[] = [];
  let words = 0;
  for (let block = 0; block < content.length; block += BLOCK) {
    const end = Math.min(block + BLOCK, content.length);
    if (here.compare(there, block, end, block, end) === 0) continue;
    const last = end / WORD;
    for (let at = block / WORD; at < last;) {
      if (now[at] === before[at]) {
        at++;
        continue;
      }
      const begin = at;
      while (at < last && now[at] !== before[at]) at++;
      words += at - begin;
      // A run may go on from one block to the next.
      if (runs.at(-1) === begin) runs[runs.length - 1] = at;
      else runs.push(begin, at);
    }
    if (words * WORD + runs.length > limit) return null;
  }
  return runs;
};

/** Words that are looked at to see whether there is any point in looking at all. */
const SAMPLE = 64;

/** Whether so many words seem to differ that a difference would be as long as the content. Cheap, and a guess. */
export const isUnlike = (content: Uint8Array, reference: Uint8Array): boolean => {
  const stride = Math.floor(content.length / WORD / SAMPLE) * WORD;
  if (stride < WORD) return false;
  const [now, before] = [buffered(content), buffered(reference)];
  let unlike = 0;
  // Not always at the same place of a page.
  for (let i = 0; i < SAMPLE; i++) {
    const at = i * stride + ((i * WORD) % stride);
    if (now.readInt32LE(at) !== before.readInt32LE(at)) unlike += 1;
  }
  return unlike === SAMPLE;
};

/**
 * The difference that makes `content` of `reference`, or `null` where it would be longer than `limit` bytes. Both
 * are equally long, in whole words.
 */
export const difference = (content: Uint8Array, reference: Uint8Array, limit: number): Uint8Array | null => {
  const runs = runsOf(content, reference, limit);
  if (runs === null) return null;
  const writer = new VarintWriter().number(runs.length / 2);
  let end = 0;
  let words = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const [from, to] = [runs[i]!, runs[i + 1]!];
    writer.number(from - end).number(to - from);
    words += to - from;
    end = to;
  }
  const length = writer.length + words * WORD;
  if (length > limit) return null;
  const bytes = new Uint8Array(length);
  bytes.set(writer.done());
  let into = writer.length;
  for (let i = 0; i < runs.length; i += 2) {
    const run = content.subarray(runs[i]! * WORD, runs[i + 1]! * WORD);
    bytes.set(run, into);
    into += run.length;
  }
  return bytes;
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
    const from = reader.position;
    reader.position += length * WORD;
    if (length > SHORT) into.set(bytes.subarray(from, reader.position), at * WORD);
    else for (let byte = from, to = at * WORD; byte < reader.position; byte++, to++) into[to] = bytes[byte]!;
    at += length;
  }
  return true;
};
