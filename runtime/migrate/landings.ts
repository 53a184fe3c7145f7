// Containers that a sink has staged and that are not settled yet: what it finds of them after a crash.
import { basename } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { chunkCount, HashTable, chunkAt, sha256 } from "./chunks.ts";
import type { Container } from "./container.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { SealedContainer } from "./sealed-container.ts";
import type { Unsaved } from "./stays.ts";

/** A container with its travelers' memories, in their order. */
export interface Landed {
  readonly container: Container;
  readonly memories: readonly Uint8Array[];
}

export interface Landings {
  /** Makes it durable, and what is yet to be saved of its travelers' memories, in their order: all of it, or nothing. */
  stage(
    container: Container,
    sealed: SealedContainer,
    unsaved: readonly Unsaved[],
  ): Promise<Either<MigrateError, void>>;
  /** Those that are staged. One that can't be read is left out, and told. */
  staged(): Promise<readonly Container[]>;
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
  staged: () => Promise.resolve([]),
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

/** The digest of a memory: see `Container`. */
export const digestOf = (memory: Uint8Array): Uint8Array => {
  const table = new HashTable();
  table.resize(chunkCount(memory.length));
  for (let number = 0; number < table.length; number++) table.set(number, sha256(chunkAt(memory, number)));
  return table.digest();
};
