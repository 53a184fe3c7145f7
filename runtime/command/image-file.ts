// An image as commands name it: where it lies, its bytes, and whose signature is known.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { disk } from "../image/disk.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
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
