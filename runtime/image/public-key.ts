// The key that an image is signed with, as text: `ed25519:` and the 32 bytes in base64url. That is how it is
// printed, compared, and listed under `trust`.
import { createPublicKey, type KeyObject } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import type { ImageError } from "./image-error.ts";

declare const brand: unique symbol;
export type PublicKey = string & { readonly [brand]: "PublicKey" };

/** Whose images are accepted. `any` is for looking at an image, never for reviving one. */
export type Trust = readonly PublicKey[] | "any";

const prefix = "ed25519:";

const textOf = (raw: Uint8Array): string => prefix + Buffer.from(raw).toString("base64url");

const isPublicKey = (text: string): text is PublicKey => {
  const raw = Buffer.from(text.slice(prefix.length), "base64url");
  // One spelling: base64url that is not canonical would be another name for the same key.
  return raw.length === 32 && textOf(raw) === text;
};

/** From the 32 bytes of the key; another number of them is a bug of the caller. */
export const publicKeyOf = (raw: Uint8Array): PublicKey => {
  const text = textOf(raw);
  if (isPublicKey(text)) return text;
  throw new TypeError(`a public key of ${raw.length} bytes`);
};

/** The 32 bytes of the key. */
export const rawPublicKey = (key: PublicKey): Uint8Array =>
  Buffer.from(key.slice(prefix.length), "base64url");

/** For `node:crypto`. */
export const keyObject = (key: PublicKey): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key.slice(prefix.length) }, format: "jwk" });

export const parsePublicKey = (text: string): Either<ImageError, PublicKey> =>
  isPublicKey(text) ? E.right(text) : E.left({ tag: "NotAKey", text });

/** The keys of a `trust: [KEY]`, or the first text in it that is none. */
export const parseTrust = (texts: readonly string[]): Either<ImageError, readonly PublicKey[]> =>
  E.traverseArray(parsePublicKey)(texts);
