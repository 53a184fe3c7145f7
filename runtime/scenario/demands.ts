// What a scenario file asks of the disk before anything starts.
import { access, constants, stat } from "node:fs/promises";

/** Absolute paths. */
export interface Demands {
  /** Files that must be there and be readable. */
  readonly files: readonly string[];
  /** Folders that are made where they are not there: nothing else may be in their place. */
  readonly folders: readonly string[];
  /** Folders that nobody may create: they must be there. */
  readonly settled: readonly string[];
}

export const fileExists = async (path: string): Promise<boolean> =>
  stat(path)
    .then(async (found) => (await access(path, constants.R_OK), found.isFile()))
    .catch(() => false);

export const isObstructed = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => !found.isDirectory(),
    (error: NodeJS.ErrnoException) => error.code === "ENOTDIR",
  );

export const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

export const isMet = async ({ files, folders, settled }: Demands): Promise<boolean> => {
  const met = await Promise.all([
    ...files.map(fileExists),
    ...folders.map(async (path) => !(await isObstructed(path))),
    ...settled.map(isFolder),
  ]);
  return met.every(Boolean);
};
