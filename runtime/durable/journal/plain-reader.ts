// Reads the entries that `plain-entry.ts` writes, and the beginning of all others. A host that comes up has thousands to
// read, with code that has not run before: what counts is how little of it there is.
import { ARRAY, FLOAT64, NEGATIVE, NULL, PLACE, UINT16, UINT32, UINT8 } from "./plain-heads.ts";

/** `PLACE` as it is compared: four bytes, two, and one. */
const PLACE_HEAD = PLACE[0]!;
const PLACE_FIRST = PLACE.readUInt32BE(0);
const PLACE_NEXT = PLACE.readUInt16BE(4);
const PLACE_LAST = PLACE[6]!;
const PLACE_BYTES = PLACE.length;

/** What was read last, kept, so that reading makes nothing: numbers and nulls, and whether the last of them stood as
 *  `{ place }`. */
export interface PlainRead {
  readonly values: (number | null)[];
  isPlaced: boolean;
}

const read: PlainRead = { values: [], isPlaced: false };

/**
 * The first `most` things of the array that lies there, or all of it: valid until the next call. Null where they are not what
 * `plainEntry` writes. The bytes may be anything; what lies behind `to` is not looked at.
 */
export const readPlain = (view: DataView, from: number, to: number, most: number): PlainRead | null => {
  const { values } = read;
  values.length = 0;
  read.isPlaced = false;
  if (from >= to) return null;
  const count = view.getUint8(from) ^ ARRAY;
  if (count >= UINT8) return null;
  const wanted = count < most ? count : most;
  let at = from + 1;
  while (values.length < wanted) {
    if (at >= to || read.isPlaced) return null;
    let head = view.getUint8(at);
    if (head === FLOAT64) {
      at += 9;
      if (at > to) return null;
      values.push(view.getFloat64(at - 8));
      continue;
    }
    if (head === NULL) {
      values.push(null);
      at++;
      continue;
    }
    if (head === PLACE_HEAD) {
      const isThere =
        at + PLACE_BYTES < to &&
        view.getUint32(at) === PLACE_FIRST &&
        view.getUint16(at + 4) === PLACE_NEXT &&
        view.getUint8(at + 6) === PLACE_LAST;
      if (!isThere) return null;
      read.isPlaced = true;
      at += PLACE_BYTES;
      head = view.getUint8(at);
      if (head === FLOAT64 || head === NULL) return null;
    }
    const kind = head & ~NEGATIVE;
    if (kind > UINT32) return null;
    at += kind < UINT8 ? 1 : kind === UINT8 ? 2 : kind === UINT16 ? 3 : 5;
    if (at > to) return null;
    const size =
      kind < UINT8
        ? kind
        : kind === UINT8
          ? view.getUint8(at - 1)
          : kind === UINT16
            ? view.getUint16(at - 2)
            : view.getUint32(at - 4);
    values.push(head === kind ? size : -1 - size);
  }
  return most < count || at === to ? read : null;
};
