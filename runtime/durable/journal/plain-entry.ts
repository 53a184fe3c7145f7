// The bytes of entries that hold nothing but numbers, as most do: CBOR like that of all others, written down directly,
// because there are three of them in each step.
import { ARRAY, FLOAT64, NEGATIVE, NULL, PLACE, UINT16, UINT32, UINT8 } from "./plain-heads.ts";

/** The most that one takes: a header, `MOST_NUMBERS` of 9 bytes, and the name of a place. */
const BYTES = 128;
const MOST_NUMBERS = 12;

const bytes = Buffer.alloc(BYTES);
const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
let end = 0;

/** Whether it is written as an integer: minus zero is none. */
const isShort = (value: number): boolean =>
  value >= -0x1_0000_0000 && value < 0x1_0000_0000 && Number.isInteger(value) && !Object.is(value, -0);

const writeNumber = (value: number): void => {
  if (!isShort(value)) {
    bytes[end] = FLOAT64;
    view.setFloat64(end + 1, value);
    end += 9;
    return;
  }
  const major = value < 0 ? NEGATIVE : 0;
  const size = value < 0 ? -1 - value : value;
  if (size < UINT8) bytes[end++] = major | size;
  else if (size < 0x100) {
    bytes[end] = major | UINT8;
    bytes[end + 1] = size;
    end += 2;
  } else if (size < 0x1_0000) {
    bytes[end] = major | UINT16;
    view.setUint16(end + 1, size);
    end += 3;
  } else {
    bytes[end] = major | UINT32;
    view.setUint32(end + 1, size);
    end += 5;
  }
};

/** An array of numbers and nulls, at most `MOST_NUMBERS`, with `{ place }` behind them where that is a number. The bytes
 *  are valid until the next ones are made. */
export const plainEntry = (numbers: readonly (number | null)[], place: number | null = null): Uint8Array => {
  if (numbers.length > MOST_NUMBERS) throw new Error(`${numbers.length} numbers in an entry`);
  bytes[0] = ARRAY | (numbers.length + (place === null ? 0 : 1));
  end = 1;
  for (const number of numbers)
    if (number === null) bytes[end++] = NULL;
    else writeNumber(number);
  if (place !== null) {
    bytes.set(PLACE, end);
    end += PLACE.length;
    writeNumber(place);
  }
  return bytes.subarray(0, end);
};
