// Which images of a state directory are used up: one small file each, made by the revival that used it. Making
// the file is the claim, so of two revivals at once one gets it.
import { dirname, join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { FilePower } from "../image/file-power.ts";
import { fileStep, type FailedStep } from "../image/file-step.ts";
import type { ImageError } from "../image/image-error.ts";

/** The image was claimed before. */
export interface UsedUp {
  readonly tag: "UsedUp";
}

export interface Claim {
  /** Gives the image back: the revival came to nothing. */
  withdraw(): Promise<Either<ImageError, void>>;
}

const claimPath = (state: string, image: string): string => join(state, "claims", image);

/** Gives back an image whose claimant is known to be no more. One that nobody has claimed is as it was. */
export const withdrawClaim = async (state: string, image: string, power: FilePower): Promise<void> => {
  await fileStep("unlink", () => power.unlink(claimPath(state, image)));
};

/** Claims the image with this id for a revival, in the name of `owner`. On failure nothing is claimed. */
export const claim = async (
  state: string,
  image: string,
  owner: string,
  power: FilePower,
): Promise<Either<ImageError | UsedUp, Claim>> => {
  const path = claimPath(state, image);
  const unwritable = ({ step, code }: FailedStep): ImageError => ({
    tag: "Unwritable",
    path,
    step,
    code,
    leftover: null,
  });
  const withdraw = async (): Promise<Either<ImageError, void>> =>
    E.mapLeft(unwritable)(await fileStep("unlink", () => power.unlink(path)));
  const folder = await fileStep("mkdir", () => power.makeFolder(dirname(path)));
  if (E.isLeft(folder)) return E.left(unwritable(folder.left));
  const created = await fileStep("create", () => power.create(path));
  if (E.isLeft(created))
    return E.left(created.left.code === "EEXIST" ? { tag: "UsedUp" } : unwritable(created.left));
  const file = created.right;
  const written = await fileStep("write", () => file.write(Buffer.from(`${owner}\n`)));
  const synced = E.isLeft(written) ? written : await fileStep("sync", file.sync);
  const closed = await fileStep("close", file.close);
  const durable = E.isLeft(closed)
    ? closed
    : await fileStep("sync of the folder", () => power.syncFolder(dirname(path)));
  const failed = [synced, durable].find(E.isLeft);
  if (failed === undefined) return E.right({ withdraw });
  await withdraw();
  return E.left(unwritable(failed.left));
};
