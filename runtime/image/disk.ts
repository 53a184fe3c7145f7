// The real power over files.
import { constants } from "node:fs";
import { link, mkdir, open, rename, unlink, type FileHandle } from "node:fs/promises";
import type { FilePower, OpenFile } from "./file-power.ts";

/** Node refuses to write more than 2 GiB at once. */
const maxWriteBytes = 2 ** 28;

const openFile = (handle: FileHandle): OpenFile => ({
  write: async (bytes) => (await handle.write(bytes.subarray(0, maxWriteBytes))).bytesWritten,
  read: async (bytes) => (await handle.read(bytes.subarray(0, maxWriteBytes))).bytesRead,
  facts: async () => {
    const stats = await handle.stat();
    return { regular: stats.isFile(), size: stats.size, mode: stats.mode & 0o7777 };
  },
  sync: () => handle.sync(),
  close: () => handle.close(),
});

export const disk: FilePower = {
  create: async (path) => openFile(await open(path, "wx", 0o600)),
  open: async (path) => openFile(await open(path, constants.O_RDONLY | constants.O_NONBLOCK)),
  rename,
  link,
  unlink,
  syncFolder: async (path) => {
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
};
