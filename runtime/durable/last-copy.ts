// The copy of a child's memory that its last checkpoint was made of: the next one brings it up to date, page by page,
// and by that knows what has changed. It takes about as long as copying the memory would.
import type { Machine } from "../engine/machine.ts";
import { PageSet, storePageBytes } from "./store/page-set.ts";

/** Bytes that are compared at once before a difference in them is looked for page by page. */
const RUN = 1 << 16;
const ZEROS = Buffer.alloc(RUN);

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A memory grows by a little at a time, and its copy should not be made anew each time. */
const SLACK = 4;

/** A place for a memory of so many bytes, with some room behind it, in a buffer that threads share. */
export const roomFor = (bytes: number): Uint8Array => {
  const room = new Uint8Array(new SharedArrayBuffer(bytes + Math.ceil(bytes / SLACK)), 0, bytes);
  // Touched, so that its pages are there before a child stands still for it.
  for (let at = 0; at < bytes; at += storePageBytes) room[at] = 0;
  return room;
};

/** A span of a copy, compared with where it comes from; `lead` is how far behind the copy's own places those of the
 *  source are. */
class Span {
  readonly #copy: Buffer;
  readonly #changed: PageSet;

  constructor(copy: Uint8Array, changed: PageSet) {
    this.#copy = bufferOf(copy);
    this.#changed = changed;
  }

  /** What of `from` to `to` is otherwise than in `source`, whose byte 0 belongs to `origin`, becomes as there. */
  refresh(source: Buffer, origin: number, from: number, to: number): void {
    const copy = this.#copy;
    if (copy.compare(source, from - origin, to - origin, from, to) === 0) return;
    for (let at = from; at < to;) {
      const end = Math.min(to, at - (at % storePageBytes) + storePageBytes);
      if (copy.compare(source, at - origin, end - origin, at, end) !== 0) {
        source.copy(copy, at, at - origin, end - origin);
        this.#changed.add(Math.floor(at / storePageBytes));
      }
      at = end;
    }
  }
}

/**
 * Makes `copy`, which is as large as the machine's memory, that machine's state between turns. Its first `known`
 * bytes are those of the last checkpoint; answers which of their pages are otherwise now, and all beyond them. `loaded`:
 * these bytes are what the machine was loaded with.
 */
export const refreshCopy = (machine: Machine, copy: Uint8Array, known: number, loaded = false): PageSet => {
  const changed = new PageSet(copy.length);
  const span = new Span(copy, changed);
  const touched = loaded && known === copy.length ? machine.touched : null;
  if (touched !== null) {
    machine.state.forEachPart((begin, end, live) => {
      const source = live === null ? ZEROS : bufferOf(live);
      for (const [first, last] of touched)
        for (let from = Math.max(first, begin), to = from; from < Math.min(last, end); from = to) {
          to = Math.min(last, end, from + RUN);
          span.refresh(source, live === null ? from : 0, from, to);
        }
    });
    return changed;
  }
  machine.state.forEachPart((begin, end, live) => {
    const source = live === null ? ZEROS : bufferOf(live);
    const middle = Math.min(Math.max(begin, known), end);
    for (let from = begin; from < middle;) {
      const to = Math.min(middle, from - (from % RUN) + RUN);
      span.refresh(source, live === null ? from : 0, from, to);
      from = to;
    }
    for (let from = middle; from < end; from += RUN) {
      const to = Math.min(from + RUN, end);
      if (live === null) copy.set(ZEROS.subarray(0, to - from), from);
      else copy.set(live.subarray(from, to), from);
    }
  });
  for (let page = Math.floor(known / storePageBytes); page < changed.pages; page++) changed.add(page);
  return changed;
};
