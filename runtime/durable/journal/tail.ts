// The records of a thread that have not reached the journal yet, in memory that it shares with the host: a thread that
// hangs in a built-in is ended, and what had entered its children by then is not lost with it, least of all what brought
// one of them down.
//
//   word 0   bytes of whole frames          word 1   the journal's descriptor, and one; 0: none
//   then     the frames
import { writeSync } from "node:fs";

const LENGTH = 0;
const FILE = 1;
const HEADER_BYTES = 8;
/** What a thread gathers before it writes at the latest. */
const TAIL_BYTES = 1 << 18;

/** Only pages that were written to are there. */
export const makeTail = (): SharedArrayBuffer => new SharedArrayBuffer(HEADER_BYTES + TAIL_BYTES);

/** The thread's side. */
export class JournalTail {
  readonly bytes: Buffer;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, 2);
    this.bytes = Buffer.from(memory, HEADER_BYTES);
  }

  /** Whole frames in `bytes`. */
  set length(bytes: number) {
    this.#words[LENGTH] = bytes;
  }

  /** Where they belong. */
  set descriptor(file: number) {
    this.#words[FILE] = file + 1;
  }
}

/** Writes what a thread that is gone had not. Throws what the operating system says. */
export const salvage = (memory: SharedArrayBuffer): void => {
  const words = new Int32Array(memory, 0, 2);
  const [length, file] = [words[LENGTH]!, words[FILE]!];
  words[LENGTH] = 0;
  if (file === 0) return;
  const bytes = Buffer.from(memory, HEADER_BYTES, length);
  for (let at = 0; at < length;) at += writeSync(file - 1, bytes, at, length - at);
};
