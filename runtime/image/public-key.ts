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

/** From the 32 bytes of the key. */
export const publicKeyOf = (raw: Uint8Array): PublicKey =>
  (prefix + Buffer.from(raw).toString("base64url")) as PublicKey;

/** The 32 bytes of the key. */
export const rawPublicKey = (key: PublicKey): Uint8Array =>
  Buffer.from(key.slice(prefix.length), "base64url");

/** For `node:crypto`. */
export const keyObject = (key: PublicKey): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key.slice(prefix.length) }, format: "jwk" });

export const parsePublicKey = (text: string): Either<ImageError, PublicKey> => {
  const raw = Buffer.from(text.startsWith(prefix) ? text.slice(prefix.length) : "", "base64url");
  return raw.length === 32 && publicKeyOf(raw) === text
    ? E.right(text as PublicKey)
    : E.left({ tag: "NotAKey", text });
};

/** The keys of a `trust: [KEY]`, or the first text in it that is none. */
export const parseTrust = (texts: readonly string[]): Either<ImageError, readonly PublicKey[]> =>
  E.traverseArray(parsePublicKey)(texts);
