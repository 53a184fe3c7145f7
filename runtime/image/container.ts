// An image as a file. All numbers are little-endian; nothing may follow the end.
//
//   offset  bytes
//        0      8  magic  89 43 52 59 0D 0A 1A 0A  ("\x89CRY\r\n\x1a\n"; as in PNG, what a transfer as text
//                  does to a file shows in it)
//        8      4  format version  1
//       12      4  reserved  0
//       16      8  M, length of the manifest
//       24      8  I, length of the chunk index
//       32      8  C, length of the chunks
//       40      M  manifest     canonical CBOR, manifest.ts
//     40+M      I  chunk index  canonical CBOR, chunk-index.ts
//   40+M+I      C  chunks       one after another, memory.ts
//        E     32  SHA-256 of bytes 0 to E, where E = 40+M+I+C
//     E+32     32  ed25519 public key
//     E+64     64  ed25519 signature of "cryonode image 1\n" and the 32 bytes of the SHA-256
//    E+128         the end
import { createHash } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { tryEncode } from "./cbor.ts";
import { encodeIndex } from "./chunk-index.ts";
import { decodeClosed } from "./closed-record.ts";
import { malformed, type ImageError } from "./image-error.ts";
import { Manifest } from "./manifest.ts";
import type { EncodedMemory } from "./memory.ts";
import { rawPublicKey } from "./public-key.ts";
import type { Signer } from "./signer.ts";

export const magic = Uint8Array.of(0x89, 0x43, 0x52, 0x59, 0x0d, 0x0a, 0x1a, 0x0a);
const formatVersion = 1;
/** Versions that this release reads. */
export const supportedFormats: readonly number[] = [formatVersion];
export const headerBytes = 40;
export const sealBytes = 128;

/** What is signed. The words in front keep a signature from being one over anything else. */
export const signedMessage = (digest: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from("cryonode image 1\n"), digest]);

const header = (lengths: readonly [manifest: number, index: number, chunks: number]): Uint8Array => {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, formatVersion, true);
  lengths.forEach((length, i) => view.setBigUint64(16 + 8 * i, BigInt(length), true));
  return bytes;
};

/** Closes a header and sections with checksum, key and signature. */
export const seal = (
  manifest: Uint8Array,
  index: Uint8Array,
  chunks: readonly Uint8Array[],
  by: Signer,
): Uint8Array => {
  const chunkLength = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const body = [header([manifest.length, index.length, chunkLength]), manifest, index, ...chunks];
  const end = body.reduce((sum, part) => sum + part.length, 0);
  const image = new Uint8Array(end + sealBytes);
  let offset = 0;
  for (const part of body) {
    image.set(part, offset);
    offset += part.length;
  }
  const digest = createHash("sha256").update(image.subarray(0, end)).digest();
  image.set(digest, end);
  image.set(rawPublicKey(by.publicKey), end + 32);
  image.set(by.sign(signedMessage(digest)), end + 64);
  return image;
};

/**
 * The bytes of an image, `memories[i]` being that of `manifest.children[i]`. A manifest that could not be read
 * again, because of a ledger that CBOR cannot hold for instance, is refused with the place in it.
 */
export const encodeImage = (
  manifest: Manifest,
  memories: readonly EncodedMemory[],
  by: Signer,
): Either<ImageError, Uint8Array> => {
  const checked = decodeClosed(Manifest, manifest, "manifest");
  if (E.isLeft(checked)) return checked;
  const sizes = manifest.children.map(({ memoryBytes }) => memoryBytes).join(", ");
  const actual = memories.map(({ bytes }) => bytes).join(", ");
  if (sizes !== actual) return E.left(malformed("memories", `sizes ${sizes}`, actual));
  const encoded = tryEncode(manifest, "manifest");
  if (E.isLeft(encoded)) return encoded;
  const chunks = memories.flatMap((memory) => memory.chunks.map(({ data }) => data));
  return E.right(seal(encoded.right, encodeIndex(memories), chunks, by));
};
