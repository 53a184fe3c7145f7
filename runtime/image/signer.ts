// The power to sign images. Whoever holds one vouches for every image it signs.
import { createPublicKey, sign, type KeyObject } from "node:crypto";
import { agreeAs } from "./agreement.ts";
import type { Agree } from "./sealing.ts";
import { parsePublicKey, type PublicKey } from "./public-key.ts";
import { E } from "../../lib/fp.ts";

export interface Signer {
  readonly publicKey: PublicKey;
  /** The ed25519 signature of a message, 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** Opens what was sealed for this key: see `sealing.ts`. */
  readonly agree: Agree;
}

/** From an ed25519 private key; another kind of key is a bug of the caller. */
export const signer = (privateKey: KeyObject): Signer => {
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const publicKey = parsePublicKey(`ed25519:${x}`);
  if (E.isLeft(publicKey)) throw new TypeError("not an ed25519 key");
  return {
    publicKey: publicKey.right,
    sign: (message) => sign(null, message, privateKey),
    agree: (key) => agreeAs(privateKey, key),
  };
};
