// An image as commands name it: where it lies, its bytes, and whose signature is known.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { disk } from "../image/disk.ts";
import {
  isEnvelope,
  openEnvelope,
  type CarriedBase,
  type EnvelopeFacts,
  type Opened,
} from "../image/envelope.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import type { PublicKey, Trust } from "../image/public-key.ts";
import type { Signer } from "../image/signer.ts";
import { readImage } from "../image/read-image.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { resolveImage } from "../scenario/schema-path.ts";
import { shownPath } from "./complaints.ts";

export interface ImageFile {
  /** For people. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** What a file holds: an image, or a container with one in it, as far as this host's key opens it. */
export interface Held {
  /** Null where the file is an image. */
  readonly facts: EnvelopeFacts | null;
  /** Null where it is sealed for another. */
  readonly image: Uint8Array | null;
  readonly bases: readonly CarriedBase[];
}

/** Opens the container that a file may be; nothing is said yet of the image in it. */
export const heldIn = (bytes: Uint8Array, trust: Trust, own: Signer | null): Either<ImageError, Held> => {
  if (!isEnvelope(bytes)) return E.right({ facts: null, image: bytes, bases: [] });
  return E.map(({ facts, content }: Opened) => ({
    facts,
    image: content?.image ?? null,
    bases: content?.bases ?? [],
  }))(openEnvelope(bytes, trust, own));
};

/** What anybody can tell of a container, as lines for people. */
export const containerLines = (
  facts: EnvelopeFacts,
  own: PublicKey | null,
): readonly (readonly [string, string])[] => {
  const whose = (key: PublicKey): string => (key === own ? `${key}, this host` : key);
  const { container, created, host, from, to, sealedFor, bases, bytes, imageBytes } = facts;
  return [
    ["container", `${container}, of ${new Date(created).toISOString()}, by host ${host}`],
    ["given by", whose(from)],
    ["given to", to === null ? "nobody: it is a copy, and another one anywhere else" : whose(to)],
    ["sealed", sealedFor === null ? "no" : `for ${whose(sealedFor)}`],
    ["size", `${bytes} bytes, ${imageBytes} of them the image's`],
    ["bases", bases.length === 0 ? "none with it" : bases.join(", ")],
    ["sha256", facts.digest],
  ];
};

/** `PATH: what is wrong with it`. */
export const imageComplaint = (path: string, error: ImageError): string =>
  error.tag === "Unreadable" ? imageProse(error) : `${path}: ${imageProse(error)}`;

/** What to say of an image that is not there: perhaps it lies elsewhere, or its name is another. */
export const absentImage = (image: string, path: string): string => {
  const elsewhere = path !== resolve(image) && existsSync(image) ? `./${image}` : null;
  const meant = elsewhere ?? nearest(basename(path), namesIn(dirname(path)));
  return `${shownPath(path)}: there is no such image${didYouMean(meant)}`;
};

/** Left: what to tell. A name without a path is looked for in the state directory. */
export const readNamedImage = async (image: string, state: string): Promise<Either<string, ImageFile>> => {
  const path = resolveImage(image, resolve(state), process.cwd());
  const bytes = await readImage(path, disk);
  if (E.isRight(bytes)) return E.right({ path: shownPath(path), bytes: bytes.right });
  const missing = bytes.left.tag === "Unreadable" && bytes.left.code === "ENOENT";
  return E.left(missing ? absentImage(image, path) : imageComplaint(shownPath(path), bytes.left));
};
