// The host's signing key, a file `key` in its state directory. It is made at first use; one that is there but
// cannot be used is an error and never replaced, for every image of the host depends on it.
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { dirname, join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { FilePower } from "./file-power.ts";
import { fileStep } from "./file-step.ts";
import type { ImageError } from "./image-error.ts";
import { readBounded } from "./read-image.ts";
import { signer, type Signer } from "./signer.ts";
import { abandon, createSynced, temporaryBeside } from "./write-image.ts";

/** A PEM of an ed25519 key has 119 bytes. */
const maxKeyBytes = 4096;

const othersMayUse = 0o077;

export const keyPath = (stateDirectory: string): string => join(stateDirectory, "key");

const parse = (path: string, pem: Uint8Array): Either<ImageError, Signer> => {
  const corrupt = (reason: string) => E.left<ImageError>({ tag: "KeyCorrupt", path, reason });
  try {
    const key = createPrivateKey({ key: Buffer.from(pem), format: "pem" });
    return key.asymmetricKeyType === "ed25519"
      ? E.right(signer(key))
      : corrupt(`it is of kind ${key.asymmetricKeyType}`);
  } catch {
    // OpenSSL's words would not help, and might quote the file.
    return corrupt("it does not parse as PEM");
  }
};

const readPem = async (path: string, power: FilePower): Promise<Either<ImageError, Uint8Array>> => {
  const file = await readBounded(path, power, maxKeyBytes);
  if (E.isLeft(file)) return file;
  const { bytes, facts } = file.right;
  if ((facts.mode & othersMayUse) !== 0)
    return E.left({ tag: "KeyExposed", path, mode: facts.mode.toString(8).padStart(4, "0") });
  return E.right(bytes);
};

const read = async (path: string, power: FilePower): Promise<Either<ImageError, Signer>> => {
  const pem = await readPem(path, power);
  return E.isLeft(pem) ? pem : parse(path, pem.right);
};

/** The private key itself, in PEM, for the one who shows it to peers. It is there: `hostKey` has made it. */
export const privateKeyPem = async (
  stateDirectory: string,
  power: FilePower,
): Promise<Either<ImageError, string>> =>
  E.map((pem: Uint8Array) => Buffer.from(pem).toString())(await readPem(keyPath(stateDirectory), power));

/** Makes a key unless somebody else just did: `link` gives the name to exactly one. */
const make = async (path: string, power: FilePower): Promise<Either<ImageError, void>> => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  const temporary = temporaryBeside(path);
  const folder = await fileStep("mkdir", () => power.makeFolder(dirname(path)));
  const created = E.isLeft(folder) ? folder : await createSynced(temporary, Buffer.from(pem), power);
  if (E.isLeft(created)) return abandon(path, temporary, created.left, power);
  const linked = await fileStep("link", () => power.link(temporary, path));
  if (E.isLeft(linked) && linked.left.code !== "EEXIST") return abandon(path, temporary, linked.left, power);
  const removed = await fileStep("unlink", () => power.unlink(temporary));
  if (E.isLeft(removed)) return E.left({ tag: "Unwritable", path, ...removed.left, leftover: temporary });
  const durable = await fileStep("sync of the folder", () => power.syncFolder(dirname(path)));
  return E.isRight(durable) ? durable : E.left({ tag: "NotDurable", path, ...durable.left });
};

/** The host's key; makes state directory (mode 0700) and key (mode 0600) at first use. */
export const hostKey = async (
  stateDirectory: string,
  power: FilePower,
): Promise<Either<ImageError, Signer>> => {
  const path = keyPath(stateDirectory);
  const found = await read(path, power);
  const absent = E.isLeft(found) && found.left.tag === "Unreadable" && found.left.code === "ENOENT";
  if (!absent) return found;
  const made = await make(path, power);
  return E.isLeft(made) ? made : read(path, power);
};
