// Bytes that only the holder of one host's private key can read. A one-time X25519 key is agreed with the host's; of what
// they have in common HKDF-SHA256 makes a key that is used once, for ChaCha20-Poly1305 over all of it. Who sealed it does not
// show in this: the signature around it says that.
import { createCipheriv, createDecipheriv, generateKeyPairSync, hkdfSync } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { agreementKey, agreeOnce } from "./agreement.ts";
import type { ImageError } from "./image-error.ts";
import type { PublicKey } from "./public-key.ts";

export const TAG_BYTES = 16;
const CIPHER = "chacha20-poly1305";
/** The key is never used again, so one number of use is as good as any. */
const NONCE = Buffer.alloc(12);
const INFO = "cryonode container 1 sealed";

/** Agrees on a secret with an X25519 public key of 32 bytes; null where there can be none. */
export type Agree = (publicKey: Uint8Array) => Uint8Array | null;

const keyOf = (shared: Uint8Array, once: Uint8Array, host: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", shared, Buffer.concat([once, host]), INFO, 32));

/** A one-time key for one recipient. */
export interface Sealer {
  /** Its public half, 32 bytes, which the recipient needs. */
  readonly once: Uint8Array;
  /** The sealed bytes and the tag. `context` is not in them, but they open with the very same only. */
  seal(plain: Uint8Array, context: Uint8Array): Uint8Array;
}

export const sealerFor = (key: PublicKey): Either<ImageError, Sealer> => {
  const host = agreementKey(key);
  const pair = generateKeyPairSync("x25519");
  const shared = host === null ? null : agreeOnce(pair.privateKey, host);
  if (host === null || shared === null) return E.left({ tag: "NotAKey", text: key });
  const { x = "" } = pair.publicKey.export({ format: "jwk" });
  const once = new Uint8Array(Buffer.from(x, "base64url"));
  return E.right({
    once,
    seal(plain, context) {
      const cipher = createCipheriv(CIPHER, keyOf(shared, once, host), NONCE, { authTagLength: TAG_BYTES });
      cipher.setAAD(context, { plaintextLength: plain.length });
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
  });
};

/** What was sealed for `key`, whose private half `agree` holds; null where it is not that, or was altered. */
export const unseal = (
  sealed: Uint8Array,
  {
    key,
    agree,
    once,
    context,
  }: {
    readonly key: PublicKey;
    readonly agree: Agree;
    readonly once: Uint8Array;
    readonly context: Uint8Array;
  },
): Uint8Array | null => {
  const host = agreementKey(key);
  const shared = host === null ? null : agree(once);
  if (host === null || shared === null || sealed.length < TAG_BYTES) return null;
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, keyOf(shared, once, host), NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(context, { plaintextLength: end });
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
  } catch {
    return null;
  }
};
