// Containers that a sink has staged and that are not settled yet: what it finds of them after a crash.
import { basename } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { HashTable, sha256 } from "./chunks.ts";
import { CONTAINER_FORMAT, type Container } from "./container.ts";
import { chunkBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { SealedContainer } from "./sealed-container.ts";
import type { Unsaved } from "./stays.ts";

/** A container with its travelers' memories, in their order. */
export interface Landed {
  readonly container: Container;
  readonly memories: readonly Uint8Array[];
}

export interface Staged {
  readonly containers: readonly Container[];
  /** Tasks of which something is there that is no container, which was told. */
  readonly unread: readonly string[];
}

export interface Landings {
  /** Makes it durable, and what is yet to be saved of its travelers' memories, in their order: all of it, or nothing. */
  stage(
    container: Container,
    sealed: SealedContainer,
    unsaved: readonly Unsaved[],
  ): Promise<Either<MigrateError, void>>;
  /** Those that are staged. Left: that can't be looked at now. */
  staged(): Promise<Either<MigrateError, Staged>>;
  /** A staged one again, every byte checked. */
  read(task: string): Promise<Either<MigrateError, Landed>>;
  /** It is settled. */
  discard(task: string): Promise<void>;
  /** Whether the memory that is kept of this identity belongs to a container at rest here, which must not change. */
  holds(identity: string): Promise<boolean>;
}

/** For hosts that end with their process: nothing is found after one. */
export const noLandings: Landings = {
  stage: () => Promise.resolve(E.right(undefined)),
  staged: () => Promise.resolve(E.right({ containers: [], unread: [] })),
  read: (task) =>
    Promise.resolve(E.left({ tag: "Disk", step: "read", path: `the container of ${task}`, code: "ENOENT" })),
  discard: () => Promise.resolve(),
  holds: () => Promise.resolve(false),
};

/** What records call a container at rest ends so. */
export const SUFFIX = ".container";

/** Whether a path is that of a container at rest here; and whose task. */
export const isContainerPath = (path: string): boolean => path.endsWith(SUFFIX);
export const taskOf = (path: string): string => basename(path, SUFFIX);

/** Bytes of a chunk in containers of format 1. */
const FORMER_CHUNK_BYTES = 1 << 14;

/** The digest of a memory, as containers of this format have it: see `Container`. */
export const digestOf = (memory: Uint8Array, format: Container["format"] = CONTAINER_FORMAT): Uint8Array => {
  const bytes = format === CONTAINER_FORMAT ? chunkBytes : FORMER_CHUNK_BYTES;
  const table = new HashTable();
  table.resize(Math.ceil(memory.length / bytes));
  for (let number = 0; number < table.length; number++)
    table.set(number, sha256(memory.subarray(number * bytes, (number + 1) * bytes)));
  return table.digest();
};
