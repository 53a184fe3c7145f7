// Images that come from elsewhere or go there, and claims on those that do not.
import { E, type Either } from "../../lib/fp.ts";
import { sha256 } from "../digest.ts";
import { withdrawClaim } from "../host/claims.ts";
import { disk } from "../image/disk.ts";
import type { ImageError } from "../image/image-error.ts";
import { openImage, type SealedImage } from "../image/open-image.ts";
import type { Trust } from "../image/public-key.ts";
import { readImage } from "../image/read-image.ts";

interface CopiedImage {
  readonly sealed: SealedImage;
  readonly bytes: Uint8Array;
}

/** An image that is whole and signed by somebody whom `trust` names. */
export const readSealed = async (path: string, trust: Trust): Promise<Either<ImageError, CopiedImage>> => {
  const bytes = await readImage(path, disk);
  if (E.isLeft(bytes)) return bytes;
  const sealed = openImage(bytes.right, trust);
  return E.isLeft(sealed) ? sealed : E.right({ sealed: sealed.right, bytes: bytes.right });
};

/** The SHA-256 of an image; null where it can't be read. */
export const digestOf = async (path: string): Promise<string | null> => {
  const bytes = await readImage(path, disk);
  return E.isLeft(bytes) ? null : sha256(bytes.right);
};

/** Gives an image back that was used up by an incarnation which is no more. */
export const unclaim = async (state: string, path: string): Promise<void> => {
  const read = await readSealed(path, "any");
  // What is wrong with it is found, and told, by the revival.
  if (E.isRight(read)) await withdrawClaim(state, read.right.sealed.manifest.image, disk);
};
