// A container's description as bytes and the signature over them: on the wire, and at rest in a sink until its
// travelers live there.
//
//   offset  bytes
//        0     21  "cryonode container 1\n"
//       21     64  ed25519 signature of these 21 bytes and the SHA-256 of the description
//       85      E  the description, canonical CBOR, container.ts
import { verify } from "node:crypto";
import { E, pipe, type Either } from "../../lib/fp.ts";
import { decode } from "../image/cbor-reader.ts";
import { tryEncode } from "../image/cbor.ts";
import { decodeClosed } from "../image/closed-record.ts";
import { malformed, type ImageError } from "../image/image-error.ts";
import { keyObject, parsePublicKey } from "../image/public-key.ts";
import type { Signer } from "../image/signer.ts";
import { sha256 } from "./chunks.ts";
import { Container } from "./container.ts";

const MAGIC = Buffer.from("cryonode container 1\n");
const SIGNATURE_BYTES = 64;

const signedMessage = (description: Uint8Array): Uint8Array => Buffer.concat([MAGIC, sha256(description)]);

export interface SealedContainer {
  readonly description: Uint8Array;
  readonly signature: Uint8Array;
}

/** Seals a container by the key that it names as `from`. */
export const sealContainer = (container: Container, by: Signer): Either<ImageError, SealedContainer> =>
  pipe(
    tryEncode(container, "the container"),
    E.map((description) => ({ description, signature: by.sign(signedMessage(description)) })),
  );

/** The container, if the key that it names as its source signed it. */
export const openContainer = ({ description, signature }: SealedContainer): Either<ImageError, Container> =>
  pipe(
    decode(description, "the container"),
    E.flatMap((value) => decodeClosed(Container, value, "the container")),
    E.flatMap((container) =>
      pipe(
        parsePublicKey(container.from),
        E.flatMap((key) =>
          signature.length === SIGNATURE_BYTES &&
          verify(null, signedMessage(description), keyObject(key), signature)
            ? E.right(container)
            : E.left<ImageError>({ tag: "BadSignature", key }),
        ),
      ),
    ),
  );

export const atRest = ({ description, signature }: SealedContainer): Uint8Array =>
  Buffer.concat([MAGIC, signature, description]);

/** The two parts of what was written. */
export const fromRest = (bytes: Uint8Array): Either<ImageError, SealedContainer> => {
  const from = MAGIC.length + SIGNATURE_BYTES;
  if (bytes.length < from || Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0)
    return E.left(malformed("the container", "a container of this release", `${bytes.length} other bytes`));
  return E.right({ signature: bytes.subarray(MAGIC.length, from), description: bytes.subarray(from) });
};
