// The first thing done with an image: is it one, is it whole, did a key we trust sign it? Until then nothing in it
// is looked at but its header.
import { createHash, verify } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { headerBytes, magic, sealBytes, signedMessage, supportedFormats } from "./container.ts";
import { malformed, type ImageError } from "./image-error.ts";
import { keyObject, publicKeyOf, type PublicKey, type Trust } from "./public-key.ts";

/** An image whose origin is known: views on its sections, not yet parsed. */
export interface AuthenticImage {
  readonly manifest: Uint8Array;
  readonly index: Uint8Array;
  readonly chunks: Uint8Array;
  /** Who signed it. */
  readonly key: PublicKey;
  /** SHA-256 of everything before the seal, in hexadecimal. */
  readonly digest: string;
  /** Of the whole file. */
  readonly bytes: number;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const truncated = (wanted: number, available: number): Either<ImageError, never> =>
  E.left({ tag: "Truncated", place: "image", wanted, available });

/** Lengths of manifest, index and chunks, once the file is known to be just as long as they say. */
const sections = (bytes: Uint8Array): Either<ImageError, readonly [number, number, number]> => {
  const begin = bytes.subarray(0, magic.length);
  if (Buffer.compare(begin, magic.subarray(0, begin.length)) !== 0)
    return E.left({ tag: "NotAnImage", found: hex(begin) });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 12 && !supportedFormats.includes(view.getUint32(8, true)))
    return E.left({ tag: "UnknownFormat", found: view.getUint32(8, true), supported: supportedFormats });
  if (bytes.length < headerBytes + sealBytes) return truncated(headerBytes + sealBytes, bytes.length);
  if (view.getUint32(12, true) !== 0)
    return E.left(malformed("header", "0 in the reserved field", `${view.getUint32(12, true)}`));
  // In bigints: lengths near 2^64 must not wrap, nor those near 2^53 be rounded.
  const lengths = [16, 24, 32].map((offset) => view.getBigUint64(offset, true));
  const wanted = lengths.reduce((sum, length) => sum + length, BigInt(headerBytes + sealBytes));
  const available = BigInt(bytes.length);
  if (wanted > available) return truncated(Number(wanted), bytes.length);
  if (wanted < available) return E.left(malformed("image", `${wanted} bytes in all`, `${available}`));
  const [manifest = 0, index = 0, chunks = 0] = lengths.map(Number);
  return E.right([manifest, index, chunks]);
};

/** Costs a SHA-256 of the bytes and one signature check. Refuses before anything is parsed or allocated. */
export const authenticate = (bytes: Uint8Array, trust: Trust): Either<ImageError, AuthenticImage> => {
  const lengths = sections(bytes);
  if (E.isLeft(lengths)) return lengths;
  const [manifest, index, chunks] = lengths.right;
  const end = bytes.length - sealBytes;
  const digest = createHash("sha256").update(bytes.subarray(0, end)).digest();
  const expected = bytes.subarray(end, end + 32);
  if (Buffer.compare(digest, expected) !== 0)
    return E.left({ tag: "ChecksumMismatch", place: "image", expected: hex(expected), actual: hex(digest) });
  const key = publicKeyOf(bytes.subarray(end + 32, end + 64));
  if (!verify(null, signedMessage(digest), keyObject(key), bytes.subarray(end + 64)))
    return E.left({ tag: "BadSignature", key });
  if (trust !== "any" && !trust.includes(key)) return E.left({ tag: "UntrustedKey", key, trusted: trust });
  return E.right({
    manifest: bytes.subarray(headerBytes, headerBytes + manifest),
    index: bytes.subarray(headerBytes + manifest, headerBytes + manifest + index),
    chunks: bytes.subarray(end - chunks, end),
    key,
    digest: hex(digest),
    bytes: bytes.length,
  });
};
