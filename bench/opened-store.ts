// A store on disk for a benchmark, in a folder of its own that goes with it.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { E, type Either } from "../lib/fp.ts";
import { openLmdbStore } from "../runtime/durable/store/lmdb-store.ts";
import type { Checkpoint, Store } from "../runtime/durable/store/store.ts";
import { storeProse, type StoreError } from "../runtime/durable/store/store-error.ts";
import type { Base } from "../runtime/engine/base.ts";

export interface OpenedStore {
  readonly store: Store;
  readonly folder: string;
  readonly close: () => Promise<void>;
}

/** A benchmark has no use for a failure. */
export const done = <A>(answer: Either<StoreError, A>): A => {
  if (E.isLeft(answer)) throw new Error(storeProse(answer.left));
  return answer.right;
};

export const openedStore = async (base: Base): Promise<OpenedStore> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-bench-"));
  const bases = (hash: string): Uint8Array | null => (hash === base.hash ? base.memory : null);
  const store = done(await openLmdbStore(folder, { bases }));
  const close = async (): Promise<void> => {
    await store.close();
    await rm(folder, { recursive: true });
  };
  return { store, folder, close };
};

/** A first checkpoint of something new; what is not said is as little as can be. */
export const firstCheckpoint = (base: Base, fields: Partial<Checkpoint>): Checkpoint => ({
  identity: randomUUID(),
  label: "init -> bench",
  kin: null,
  epoch: 1,
  sequence: 1,
  generation: 1,
  base: base.hash,
  registers: base.registers,
  record: new Uint8Array(),
  attachments: new Map(),
  memory: base.memory,
  since: null,
  resting: false,
  bound: null,
  ...fields,
});
