// A host's ed25519 key, used to agree on a secret with somebody who only knows its public half. The two curves are one
// in two shapes, and the way from one to the other is that of libsodium and of age: of a public key
// u = (1 + y) / (1 - y), of a private one the first half of the SHA-512 of its seed.
import { createHash, createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";
import { rawPublicKey, type PublicKey } from "./public-key.ts";

const P = 2n ** 255n - 19n;

/** DER of an X25519 key up to its 32 bytes: RFC 8410. */
const PRIVATE = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC = Buffer.from("302a300506032b656e032100", "hex");

const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n;
  let square = base % P;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
};

const toNumber = (little: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(little.toReversed()).toString("hex")}`) & (2n ** 255n - 1n);

const toBytes = (value: bigint): Uint8Array =>
  Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed();

/** The X25519 key of a host's public key, 32 bytes; null for the one point that has none. */
export const agreementKey = (key: PublicKey): Uint8Array | null => {
  const y = toNumber(rawPublicKey(key)) % P;
  const below = (1n - y + P) % P;
  return below === 0n ? null : toBytes((((1n + y) % P) * power(below, P - 2n)) % P);
};

const agreed = (privateKey: KeyObject, publicKey: Uint8Array): Uint8Array | null => {
  try {
    const key = createPublicKey({ key: Buffer.concat([PUBLIC, publicKey]), format: "der", type: "spki" });
    return diffieHellman({ privateKey, publicKey: key });
  } catch {
    // Keys of a small order agree on zero with everybody.
    return null;
  }
};

/** The secret that a one-time X25519 private key has in common with `publicKey`; null where there can be none. */
export const agreeOnce = agreed;

/** The secret that a host, by its ed25519 private key, has in common with an X25519 public key. */
export const agreeAs = (privateKey: KeyObject, publicKey: Uint8Array): Uint8Array | null => {
  const { d = "" } = privateKey.export({ format: "jwk" });
  const half = createHash("sha512").update(Buffer.from(d, "base64url")).digest().subarray(0, 32);
  // X25519 sets the bits that the other curve's keys have set.
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE, half]), format: "der", type: "pkcs8" });
  return agreed(key, publicKey);
};
