// Reads canonical CBOR and nothing else: what it accepts, `encode` would write again byte for byte. It builds the
// values itself, because cbor-x is lenient where an image must not be (lengths, tags, order, `__proto__`) and
// drops a byte-order mark that begins a long string.
import { isUtf8 } from "node:buffer";
import { E, type Either } from "../../lib/fp.ts";
import { cborLimits, type CborLimits } from "./cbor.ts";
import { malformed, type ImageError } from "./image-error.ts";

const majorNames = [
  "integer",
  "negative integer",
  "byte string",
  "text",
  "array",
  "map",
  "tag",
  "simple value",
];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The one encoding of not-a-number. */
const canonicalNaN = 0x7ff8000000000000n;

class Reader {
  fault: ImageError | null = null;
  position = 0;
  private items = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly limits: CborLimits;
  private readonly place: string;

  constructor(bytes: Uint8Array, limits: CborLimits, place: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limits = limits;
    this.place = place;
  }

  /** The next value; `undefined`, which CBOR values here never are, once there is a fault. */
  value(depth: number): unknown {
    if (this.fault !== null) return undefined;
    const at = this.position;
    this.items += 1;
    if (this.items > this.limits.items) return this.refuse(at, `at most ${this.limits.items} values`, "more");
    const initial = this.bytes[this.position];
    if (initial === undefined) return this.refuse(at, "a value", "the end");
    this.position += 1;
    const major = initial >> 5;
    if (major === 7) return this.simple(at, initial);
    if (major === 6) return this.refuse(at, "no tags", "a tag");
    const argument = this.argument(at, initial);
    if (argument === undefined) return undefined;
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.byteString(at, argument);
      case 3:
        return this.text(at, argument);
      case 4:
        return this.array(at, argument, depth);
      default:
        return this.map(at, argument, depth);
    }
  }

  refuse(at: number, expected: string, actual: string): undefined {
    this.fault ??= malformed(`${this.place}, byte ${at}`, expected, actual);
    return undefined;
  }

  /** The number that follows an initial byte, in the shortest of its forms: inside it, or 1, 2 or 4 bytes. */
  private argument(at: number, initial: number): number | undefined {
    const short = initial & 31;
    if (short < 24) return short;
    if (short === 31) return this.refuse(at, "a definite length", "an indefinite one");
    if (short > 26) return this.refuse(at, `${majorNames[initial >> 5]} of at most 32 bits`, "a longer one");
    const width = 1 << (short - 24);
    const field = this.take(at, width);
    if (field === undefined) return undefined;
    const argument = field.reduce((sum, byte) => sum * 256 + byte, 0);
    const least = short === 24 ? 24 : 2 ** (4 * width);
    return argument >= least
      ? argument
      : this.refuse(at, "the shortest form", `${width} bytes for ${argument}`);
  }

  private take(at: number, length: number): Uint8Array | undefined {
    const left = this.bytes.length - this.position;
    if (length > left) return this.refuse(at, `at most the ${left} bytes that are left`, `${length}`);
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  /** A copy: `slice` of a Buffer would be none. */
  private byteString(at: number, length: number): Uint8Array | undefined {
    const field = this.take(at, length);
    return field === undefined ? undefined : new Uint8Array(field);
  }

  private text(at: number, length: number): string | undefined {
    const field = this.take(at, length);
    if (field === undefined) return undefined;
    return isUtf8(field) ? decoder.decode(field) : this.refuse(at, "UTF-8", "other bytes");
  }

  /** Whether `count` items of at least `least` bytes each can follow, one level down. */
  private fits(at: number, count: number, least: number, depth: number): boolean {
    const left = this.bytes.length - this.position;
    if (depth >= this.limits.depth) this.refuse(at, `at most ${this.limits.depth} levels`, "more");
    else if (count * least > left)
      this.refuse(at, `no more items than the ${left} bytes left hold`, `${count}`);
    return this.fault === null;
  }

  private array(at: number, count: number, depth: number): unknown {
    if (!this.fits(at, count, 1, depth)) return undefined;
    const items: unknown[] = [];
    for (let i = 0; i < count && this.fault === null; i++) items.push(this.value(depth + 1));
    return items;
  }

  private map(at: number, count: number, depth: number): unknown {
    if (!this.fits(at, count, 2, depth)) return undefined;
    const record: Record<string, unknown> = {};
    let before: Uint8Array | null = null;
    for (let i = 0; i < count && this.fault === null; i++) {
      const start = this.position;
      const key = this.value(depth + 1);
      if (typeof key !== "string") return this.refuse(start, "text as a key", "something else");
      if (key === "__proto__") return this.refuse(start, "other keys", JSON.stringify(key));
      const encoded = this.bytes.subarray(start, this.position);
      if (before !== null && Buffer.compare(before, encoded) >= 0)
        return this.refuse(start, "keys in order, each once", JSON.stringify(key));
      before = encoded;
      record[key] = this.value(depth + 1);
    }
    return record;
  }

  private simple(at: number, initial: number): unknown {
    switch (initial) {
      case 0xf4:
        return false;
      case 0xf5:
        return true;
      case 0xf6:
        return null;
      case 0xfb:
        return this.double(at);
      default:
        return this.refuse(at, "false, true, null or a double", `simple value ${initial & 31}`);
    }
  }

  private double(at: number): number | undefined {
    if (this.take(at, 8) === undefined) return undefined;
    const number = this.view.getFloat64(at + 1);
    const isShort = Number.isInteger(number) && Math.abs(number + 0.5) < 2 ** 32 && !Object.is(number, -0);
    if (isShort) return this.refuse(at, "the shortest form", `a double for ${number}`);
    if (Number.isNaN(number) && this.view.getBigUint64(at + 1) !== canonicalNaN)
      return this.refuse(at, "the one form of NaN", "another");
    return number;
  }
}

/** The value of these bytes; `place` names them in errors. */
export const decode = (
  bytes: Uint8Array,
  place = "value",
  limits: CborLimits = cborLimits,
): Either<ImageError, unknown> => {
  const reader = new Reader(bytes, limits, place);
  const value = reader.value(0);
  if (reader.fault === null && reader.position < bytes.length)
    reader.refuse(reader.position, "the end", `${bytes.length - reader.position} bytes left over`);
  return reader.fault === null ? E.right(value) : E.left(reader.fault);
};
