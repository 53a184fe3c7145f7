// The store on disk, one folder: LMDB's file `store.lmdb` and its lock file, and the socket that says who has it open.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { E, type Either } from "../../../lib/fp.ts";
import { ChunkStore, type StoreOptions } from "./chunk-store.ts";
import { lockFolder, type FolderLock } from "./folder-lock.ts";
import type { Ground } from "./ground.ts";
import { LmdbGround } from "./lmdb-ground.ts";
import type { Store } from "./store.ts";
import type { StoreError } from "./store-error.ts";

/** The lock goes with the ground. */
const held = (ground: LmdbGround, lock: FolderLock): Ground => ({
  path: ground.path,
  view: () => ground.view(),
  last: (prefix) => ground.last(prefix),
  write: (changes) => ground.write(changes),
  writeBeside: (changes) => ground.writeBeside(changes),
  bytes: () => ground.bytes(),
  close: async () => {
    await ground.close();
    await lock.release();
  },
});

/** Opens the store in `folder`, which is made with mode 0700 where it is not there. Fails with `Locked`, `UnknownFormat`,
 *  `NoSpace`, `Io`. */
export const openLmdbStore = async (
  folder: string,
  options: StoreOptions,
): Promise<Either<StoreError, Store>> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return E.left(
      code === "ENOSPC"
        ? { tag: "NoSpace", path: folder, step: "mkdir" }
        : { tag: "Io", path: folder, step: "mkdir", code },
    );
  }
  const lock = await lockFolder(folder);
  if (E.isLeft(lock)) return lock;
  const path = join(folder, "store.lmdb");
  const ground = await LmdbGround.open(path);
  const store = E.isLeft(ground)
    ? E.left<StoreError, ChunkStore>({ ...ground.left, path })
    : ChunkStore.open(held(ground.right, lock.right), options);
  if (E.isLeft(store)) {
    if (E.isRight(ground)) await ground.right.close();
    await lock.right.release();
  }
  return store;
};
