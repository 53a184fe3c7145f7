// A folder with component files in it, made for one test and gone after it.

import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Runs `use` in a new folder that holds `files`, given by relative path and text. */
export const withProject = async (
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<void>,
): Promise<void> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "cryonode-spec-")));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
