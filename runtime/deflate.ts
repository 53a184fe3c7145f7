// Raw deflate, bounded on the way back.
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** At the fastest level. The result has a buffer of its own. */
export const deflate = (bytes: Uint8Array): Uint8Array => new Uint8Array(deflateRawSync(bytes, { level: 1 }));

/** Exactly `length` bytes, or null where that is not what `deflated` holds; never more is allocated. */
export const inflate = (deflated: Uint8Array, length: number): Uint8Array | null => {
  try {
    const content = inflateRawSync(deflated, { maxOutputLength: Math.max(length, 1) });
    return content.length === length ? content : null;
  } catch {
    return null;
  }
};
