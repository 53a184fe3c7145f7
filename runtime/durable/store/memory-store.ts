// The store in memory: for specs, and for hosts that need to survive nothing.
import type { Either } from "../../../lib/fp.ts";
import { ChunkStore, type StoreOptions } from "./chunk-store.ts";
import { MemoryGround } from "./memory-ground.ts";
import type { Store } from "./store.ts";
import type { StoreError } from "./store-error.ts";

/** `ground`: what the store is kept on, to be opened again. Default: a new one. */
export const openMemoryStore = (
  options: StoreOptions,
  ground: MemoryGround = new MemoryGround("memory"),
): Either<StoreError, Store> => ChunkStore.open(ground, options);
