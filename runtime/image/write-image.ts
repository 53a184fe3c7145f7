// Puts bytes in place of a file, all or nothing: a temporary file beside it, synced, then renamed over it. The
// rename decides; what fails after it is only a warning.
import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { FilePower } from "./file-power.ts";
import { fileStep, type FailedStep } from "./file-step.ts";
import type { ImageError } from "./image-error.ts";

export interface WrittenImage {
  readonly path: string;
  readonly bytes: number;
  /** What failed after the image was in place. */
  readonly warning: ImageError | null;
}

/** A name in the same folder, and so on the same file system, that nobody else uses. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);

/** Whether a name is one of these. */
export const isTemporary = (name: string): boolean =>
  /^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name);

/** Creates a file with these bytes and syncs it. On failure the file may be there, in any state. */
export const createSynced = async (
  path: string,
  bytes: Uint8Array,
  power: FilePower,
): Promise<Either<FailedStep, void>> => {
  const created = await fileStep("create", () => power.create(path));
  if (E.isLeft(created)) return created;
  const file = created.right;
  const written = await fileStep("write", async () => {
    for (let offset = 0; offset < bytes.length;) offset += await file.write(bytes.subarray(offset));
  });
  const synced = E.isLeft(written) ? written : await fileStep("sync", file.sync);
  const closed = await fileStep("close", file.close);
  return E.isLeft(synced) ? synced : closed;
};

/** The error of a failed step, once the temporary file is removed or named as left over. */
export const abandon = async (
  path: string,
  temporary: string,
  failed: FailedStep,
  power: FilePower,
): Promise<Either<ImageError, never>> => {
  const removed = await fileStep("unlink", () => power.unlink(temporary));
  const leftover = E.isLeft(removed) && removed.left.code !== "ENOENT" ? temporary : null;
  return E.left({ tag: "Unwritable", path, ...failed, leftover });
};

/**
 * Writes an image to `path`, mode 0600, in place of what stood there. On `Left` what stood there stands there
 * still and nothing is left behind, unless removing the temporary file failed too, which the error then says.
 */
export const writeImage = async (
  path: string,
  bytes: Uint8Array,
  power: FilePower,
): Promise<Either<ImageError, WrittenImage>> => {
  const temporary = temporaryBeside(path);
  const created = await createSynced(temporary, bytes, power);
  const renamed = E.isLeft(created) ? created : await fileStep("rename", () => power.rename(temporary, path));
  if (E.isLeft(renamed)) return abandon(path, temporary, renamed.left, power);
  const durable = await fileStep("sync of the folder", () => power.syncFolder(dirname(path)));
  const warning: ImageError | null = E.isLeft(durable) ? { tag: "NotDurable", path, ...durable.left } : null;
  return E.right({ path, bytes: bytes.length, warning });
};
