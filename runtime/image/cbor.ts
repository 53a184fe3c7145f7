// Canonical CBOR: one value, one encoding. It is the deterministic encoding of RFC 8949, section 4.2.1, with a
// narrower choice of numbers: an integer of 32 bits and sign is a CBOR integer, every other number a double.
// Reading is in cbor-reader.ts.
import { addExtension, Encoder } from "cbor-x";
import { E, type Either } from "../../lib/fp.ts";
import { malformed, type ImageError } from "./image-error.ts";

/** Bounds of what is read, and of what is written so that it can be read again. */
export interface CborLimits {
  /** Arrays and maps within one another. */
  readonly depth: number;
  /** Values in all, keys included: a byte can stand for an array of 60 bytes in memory. */
  readonly items: number;
}

export const cborLimits: CborLimits = { depth: 64, items: 1_000_000 };

/** Stands for -0, which cbor-x would write as the integer 0. */
class NegativeZero {
  readonly value = -0;
}

const encoder = new Encoder({
  useRecords: false,
  tagUint8Array: false,
  variableMapSize: true,
  useTag259ForMaps: false,
} as ConstructorParameters<typeof Encoder>[0]);

// An extension without a tag, whatever its types say: it only chooses how the number is written.
addExtension({
  Class: NegativeZero,
  encode({ value }: NegativeZero, encode: (value: number) => Uint8Array) {
    encoder.alwaysUseFloat = true;
    encode(value);
    encoder.alwaysUseFloat = false;
    return new Uint8Array();
  },
} as unknown as Parameters<typeof addExtension>[0]);

declare module "cbor-x" {
  interface Encoder {
    alwaysUseFloat: boolean;
  }
}

const utf8 = new TextEncoder();

/** The order of RFC 8949: by the bytes of the encoded key, which begin with its length. */
const keyOrder = (a: Uint8Array, b: Uint8Array): number => a.length - b.length || Buffer.compare(a, b);

/** Halves of surrogate pairs have no UTF-8. */
const wellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

class Sorter {
  fault: ImageError | null = null;
  private readonly limits: CborLimits;
  private items = 0;

  constructor(limits: CborLimits) {
    this.limits = limits;
  }

  /** A copy with every record as a map in canonical order: plain objects would put integer-like keys first. */
  sorted(value: unknown, depth: number, place: string): unknown {
    this.items += 1;
    if (this.items > this.limits.items)
      return this.refuse(place, `at most ${this.limits.items} values`, "more");
    switch (typeof value) {
      case "boolean":
        return value;
      case "number":
        return Object.is(value, -0) ? new NegativeZero() : value;
      case "string":
        return wellFormed(value) ? value : this.refuse(place, "well-formed Unicode", "half a surrogate pair");
      case "object":
        if (value === null || value instanceof Uint8Array) return value;
        if (depth >= this.limits.depth)
          return this.refuse(place, `at most ${this.limits.depth} levels`, "more");
        if (Array.isArray(value))
          return Array.from(value, (item, index) => this.sorted(item, depth + 1, `${place}[${index}]`));
        return this.sortedRecord(value, depth, place);
      default:
        return this.refuse(place, "null, boolean, number, string, bytes, array or record", typeof value);
    }
  }

  private sortedRecord(value: object, depth: number, place: string): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      return this.refuse(place, "a plain record", `a ${value.constructor.name}`);
    const entries = Object.entries(value).map(([key, item]) => ({ key, item, bytes: utf8.encode(key) }));
    entries.sort((a, b) => keyOrder(a.bytes, b.bytes));
    const map = new Map<unknown, unknown>();
    for (const { key, item } of entries) {
      this.items += 1;
      if (key === "__proto__" || !wellFormed(key))
        return this.refuse(place, "other keys", JSON.stringify(key));
      map.set(key, this.sorted(item, depth + 1, `${place}.${key}`));
    }
    return map;
  }

  private refuse(place: string, expected: string, actual: string): null {
    this.fault ??= malformed(place, expected, actual);
    return null;
  }
}

/**
 * The bytes of a value, or the place in it that has no encoding: `undefined`, functions, bigints, class
 * instances, half surrogate pairs, the key `__proto__`, more levels or values than the limits.
 */
export const tryEncode = (
  value: unknown,
  place: string,
  limits: CborLimits = cborLimits,
): Either<ImageError, Uint8Array> => {
  const sorter = new Sorter(limits);
  const sorted = sorter.sorted(value, 0, place);
  if (sorter.fault !== null) return E.left(sorter.fault);
  // cbor-x answers a view on its own pool, which the next call may reuse.
  return E.right(new Uint8Array(encoder.encode(sorted)));
};

/** The bytes of a value that is known to have an encoding; throws where it has none. */
export const encode = (value: unknown): Uint8Array => {
  const bytes = tryEncode(value, "value");
  if (E.isRight(bytes)) return bytes.right;
  throw new TypeError(`no CBOR for this: ${JSON.stringify(bytes.left)}`);
};
