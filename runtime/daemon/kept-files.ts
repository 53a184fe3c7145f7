// Files in memory of a durable host: they lie in its state directory, in a folder for each provider, so that they outlive
// the host like all that its children hold. What a provider has at first is put there once, all of it or nothing.
import { mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { FileProviderConfig, HostConfig } from "../host/host-config.ts";
import type { DurableError } from "./durable-error.ts";

type MemoryConfig = Extract<FileProviderConfig, { readonly kind: "memory" }>;

const synced = async (path: string): Promise<void> => {
  const held = await open(path, "r");
  try {
    await held.sync();
  } finally {
    await held.close();
  }
};

/** Makes the folder of a provider, where there is none. */
const begin = async (folder: string, name: string, { content }: MemoryConfig): Promise<string> => {
  const path = join(folder, name);
  if ((await stat(path).catch(() => null))?.isDirectory() === true) return path;
  // A crash may have left half of one.
  const making = join(folder, `.${name}.making`);
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true, mode: 0o700 });
  for (const [inner, text] of Object.entries(content)) {
    const file = join(making, inner);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await synced(file);
    await synced(dirname(file));
  }
  await rename(making, path);
  await synced(folder);
  return path;
};

/** The host's configuration, with folders below `folder` for files in memory. */
export const keptFiles = async (
  config: HostConfig,
  folder: string,
): Promise<Either<DurableError, HostConfig>> => {
  const files: Record<string, FileProviderConfig> = Object.create(null) as Record<string, FileProviderConfig>;
  for (const [name, file] of Object.entries(config.files))
    try {
      files[name] =
        file.kind === "memory"
          ? { kind: "directory", path: await begin(folder, name, file), rights: file.rights }
          : file;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return E.left({ tag: "Setup", reason: `the files of ${name} can't be kept in ${folder}: ${code}` });
    }
  return E.right({ ...config, files });
};
