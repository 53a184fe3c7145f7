// A container that rests or travels as a file: an image, and what else it needs, in an envelope that says who gives it,
// whose it may be, and whether it was given up. All numbers are little-endian; nothing may follow the end.
//
//   offset  bytes
//        0      8  magic  89 43 52 43 0D 0A 1A 0A
//        8      4  version  1
//       12      4  reserved  0
//       16      8  H, length of the header
//       24      8  B, length of the body
//       32      H  header  canonical CBOR, Header below
//     32+H      B  body  the image, then each base as raw deflate; sealed where the header says so
//        E     32  SHA-256 of bytes 0 to E, where E = 32+H+B
//     E+32     32  ed25519 public key of who gives it
//     E+64     64  ed25519 signature of "cryonode container 1\n" and the 32 bytes of the SHA-256
import { createHash, verify } from "node:crypto";
import * as t from "io-ts";
import { E, type Either } from "../../lib/fp.ts";
import { inflate } from "../deflate.ts";
import { decode as decodeCbor } from "./cbor-reader.ts";
import { encode } from "./cbor.ts";
import { closedRecord, constrained, decodeClosed, refined } from "./closed-record.ts";
import { natural, sha256, text, uuid } from "./fields.ts";
import { malformed, type ImageError } from "./image-error.ts";
import {
  keyObject,
  parsePublicKey,
  publicKeyOf,
  rawPublicKey,
  type PublicKey,
  type Trust,
} from "./public-key.ts";
import { sealerFor, TAG_BYTES, unseal } from "./sealing.ts";
import type { Signer } from "./signer.ts";

const envelopeMagic = Uint8Array.of(0x89, 0x43, 0x52, 0x43, 0x0d, 0x0a, 0x1a, 0x0a);
const VERSION = 1;
const HEAD_BYTES = 32;
const SEAL_BYTES = 128;
const MOST_HEADER_BYTES = 1 << 16;
/** Base memories of different releases in one container, and bytes of one as a file. */
const MOST_BASES = 64;
const MOST_BASE_BYTES = 64 << 20;

const host = text(256);
const key = refined(
  "a public key",
  (u): u is PublicKey => typeof u === "string" && E.isRight(parsePublicKey(u)),
);
const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null]);
const once = refined("32 bytes", (u): u is Uint8Array => u instanceof Uint8Array && u.length === 32);

const Bases = constrained(
  `at most ${MOST_BASES} bases`,
  t.readonlyArray(closedRecord("base", { hash: sha256, bytes: natural, stored: natural }), "bases"),
  (bases) => bases.length <= MOST_BASES && bases.every(({ bytes }) => bytes <= MOST_BASE_BYTES),
);

const Header = closedRecord("header", {
  format: t.literal(1),
  /** The image's id: a container is taken in once. */
  container: uuid,
  /** ms since 1970. */
  created: natural,
  /** What the giver calls itself. */
  host,
  /** The one host where what is in it comes back as itself; null: it is a copy, and elsewhere another one. */
  to: orNull(key),
  /** For whom it is sealed; null: it is not. `once`: see `sealing.ts`. */
  sealed: orNull(closedRecord("sealed", { for: key, once })),
  /** Bytes of the image, and of the base memories that come with it: `bytes` as a file, `stored` deflated. */
  image: natural,
  bases: Bases,
});
type Header = t.TypeOf<typeof Header>;

/** A base memory's file, and its hash. */
export interface CarriedBase {
  readonly hash: string;
  readonly file: Uint8Array;
}

/** What anybody can tell of a container whose signature holds. */
export interface EnvelopeFacts {
  readonly container: string;
  readonly created: number;
  readonly host: string;
  /** Who gave and signed it. */
  readonly from: PublicKey;
  readonly to: PublicKey | null;
  readonly sealedFor: PublicKey | null;
  /** Hashes of the base memories in it. */
  readonly bases: readonly string[];
  /** Of the file, and of the image in it. */
  readonly bytes: number;
  readonly imageBytes: number;
  /** SHA-256 of everything before the seal, hexadecimal. */
  readonly digest: string;
}

export interface Opened {
  readonly facts: EnvelopeFacts;
  /** The image's bytes and the bases; null where it is sealed for another. */
  readonly content: { readonly image: Uint8Array; readonly bases: readonly CarriedBase[] } | null;
}

export interface EnvelopeOptions {
  readonly container: string;
  readonly created: number;
  readonly host: string;
  readonly to: PublicKey | null;
  readonly sealFor: PublicKey | null;
  readonly bases: readonly (CarriedBase & { readonly deflated: Uint8Array })[];
}

const signedMessage = (digest: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from("cryonode container 1\n"), digest]);

const headOf = (header: number, body: number): Uint8Array => {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.set(envelopeMagic);
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeBigUInt64LE(BigInt(header), 16);
  bytes.writeBigUInt64LE(BigInt(body), 24);
  return bytes;
};

/** Puts an image into an envelope, given by `by`. Left: the key that it is to be sealed for is none. */
export const envelop = (
  image: Uint8Array,
  options: EnvelopeOptions,
  by: Signer,
): Either<ImageError, Uint8Array> => {
  const { sealFor, bases, container, created, host: giver, to } = options;
  const sealer = sealFor === null ? E.right(null) : sealerFor(sealFor);
  if (E.isLeft(sealer)) return sealer;
  const header: Header = {
    ...{ format: 1, container, created, host: giver, to },
    sealed: sealer.right === null ? null : { for: sealFor!, once: sealer.right.once },
    image: image.length,
    bases: bases.map(({ hash, file, deflated }) => ({ hash, bytes: file.length, stored: deflated.length })),
  };
  const plain = Buffer.concat([image, ...bases.map(({ deflated }) => deflated)]);
  const encoded = encode(header);
  const head = Buffer.concat([
    headOf(encoded.length, plain.length + (sealer.right === null ? 0 : TAG_BYTES)),
    encoded,
  ]);
  const body = sealer.right === null ? plain : sealer.right.seal(plain, head);
  const digest = createHash("sha256").update(head).update(body).digest();
  const { publicKey } = by;
  return E.right(
    Buffer.concat([head, body, digest, rawPublicKey(publicKey), by.sign(signedMessage(digest))]),
  );
};

export const isEnvelope = (bytes: Uint8Array): boolean =>
  bytes.length >= envelopeMagic.length && envelopeMagic.every((byte, at) => bytes[at] === byte);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Lengths of header and body, once the file is known to be just as long as they say. */
const sections = (
  bytes: Uint8Array,
): Either<ImageError, { readonly header: number; readonly body: number }> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const least = HEAD_BYTES + SEAL_BYTES;
  const truncated = (wanted: number): Either<ImageError, never> =>
    E.left({ tag: "Truncated", place: "container", wanted, available: bytes.length });
  if (!isEnvelope(bytes)) return E.left({ tag: "NotAnImage", found: hex(bytes.subarray(0, 8)) });
  if (bytes.length >= 12 && view.getUint32(8, true) !== VERSION)
    return E.left({ tag: "UnknownFormat", found: view.getUint32(8, true), supported: [VERSION] });
  if (bytes.length < least) return truncated(least);
  if (view.getUint32(12, true) !== 0)
    return E.left(malformed("header", "0 in the reserved field", `${view.getUint32(12, true)}`));
  const header = view.getBigUint64(16, true);
  const body = view.getBigUint64(24, true);
  const wanted = header + body + BigInt(least);
  if (wanted > BigInt(bytes.length)) return truncated(Number(wanted));
  if (wanted < BigInt(bytes.length))
    return E.left(malformed("container", `${wanted} bytes in all`, `${bytes.length}`));
  if (header > BigInt(MOST_HEADER_BYTES))
    return E.left({ tag: "TooLarge", what: "header", size: Number(header), limit: MOST_HEADER_BYTES });
  return E.right({ header: Number(header), body: Number(body) });
};

interface Authentic {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly header: Header;
  readonly from: PublicKey;
  readonly digest: string;
}

/** Nothing in it is parsed before its signature is known to be that of somebody who is trusted. */
const authentic = (bytes: Uint8Array, trust: Trust): Either<ImageError, Authentic> => {
  const lengths = sections(bytes);
  if (E.isLeft(lengths)) return lengths;
  const end = bytes.length - SEAL_BYTES;
  const digest = createHash("sha256").update(bytes.subarray(0, end)).digest();
  const expected = bytes.subarray(end, end + 32);
  if (Buffer.compare(digest, expected) !== 0)
    return E.left({
      ...{ tag: "ChecksumMismatch", place: "container" },
      ...{ expected: hex(expected), actual: hex(digest) },
    });
  const from = publicKeyOf(bytes.subarray(end + 32, end + 64));
  if (!verify(null, signedMessage(digest), keyObject(from), bytes.subarray(end + 64)))
    return E.left({ tag: "BadSignature", key: from });
  if (trust !== "any" && !trust.includes(from))
    return E.left({ tag: "UntrustedKey", key: from, trusted: trust });
  const bodyAt = HEAD_BYTES + lengths.right.header;
  const value = decodeCbor(bytes.subarray(HEAD_BYTES, bodyAt), "header");
  const header = E.isLeft(value) ? value : decodeClosed(Header, value.right, "header");
  if (E.isLeft(header)) return header;
  const { image, bases, sealed } = header.right;
  const stored = bases.reduce((sum, base) => sum + base.stored, image) + (sealed === null ? 0 : TAG_BYTES);
  if (stored !== lengths.right.body)
    return E.left(malformed("body", `${stored} bytes`, `${lengths.right.body}`));
  return E.right({
    head: bytes.subarray(0, bodyAt),
    body: bytes.subarray(bodyAt, end),
    header: header.right,
    from,
    digest: hex(digest),
  });
};

/** The parts of an open body. */
const cut = (plain: Uint8Array, { image, bases }: Header): Either<ImageError, Opened["content"]> => {
  const carried: CarriedBase[] = [];
  let at = image;
  for (const { hash, bytes, stored } of bases) {
    const file = inflate(plain.subarray(at, at + stored), bytes);
    if (file === null) return E.left(malformed(`base ${hash}`, `${bytes} bytes, deflated`, "something else"));
    carried.push({ hash, file });
    at += stored;
  }
  return E.right({ image: plain.subarray(0, image), bases: carried });
};

/** Opens a container, as far as `own` can: without a key of its own, or where it is sealed for another, the facts are all. */
export const openEnvelope = (
  bytes: Uint8Array,
  trust: Trust,
  own: Signer | null,
): Either<ImageError, Opened> => {
  const checked = authentic(bytes, trust);
  if (E.isLeft(checked)) return checked;
  const { head, body, header, from, digest } = checked.right;
  const { container, created, host: giver, to, sealed, bases, image } = header;
  const facts: EnvelopeFacts = {
    ...{ container, created, host: giver, from, to, digest },
    sealedFor: sealed?.for ?? null,
    bases: bases.map(({ hash }) => hash),
    bytes: bytes.length,
    imageBytes: image,
  };
  if (sealed !== null && sealed.for !== own?.publicKey) return E.right({ facts, content: null });
  const plain =
    sealed === null
      ? body
      : unseal(body, { key: sealed.for, agree: own!.agree, once: sealed.once, context: head });
  if (plain === null) return E.left({ tag: "BrokenSeal", key: sealed!.for });
  const content = cut(plain, header);
  return E.isLeft(content) ? content : E.right({ facts, content: content.right });
};
