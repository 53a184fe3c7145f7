// Containers that a sink has staged and that are not settled yet: what it finds of them after a crash.
import { mkdir, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { disk } from "../image/disk.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import { readBounded } from "../image/read-image.ts";
import { writeImage } from "../image/write-image.ts";
import { fileStep } from "../image/file-step.ts";
import { chunkCount, HashTable, chunkAt, sha256 } from "./chunks.ts";
import { MOST_CONTAINER_BYTES, type Container } from "./container.ts";
import type { MigrateError } from "./migrate-error.ts";
import { atRest, fromRest, openContainer, type SealedContainer } from "./sealed-container.ts";
import type { Stays } from "./stays.ts";

/** A container with its travelers' memories, in their order. */
export interface Landed {
  readonly container: Container;
  readonly memories: readonly Uint8Array[];
}

export interface Landings {
  /** Makes it durable; the memories were saved before. */
  stage(container: Container, sealed: SealedContainer): Promise<Either<MigrateError, void>>;
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

const SUFFIX = ".container";

const travelersOf = ({ task, manifest }: Container): [string, readonly string[]] => [
  task,
  manifest.children.map(({ identity }) => identity),
];

/** Whether a path is that of a container at rest here; and whose task. */
export const isContainerPath = (path: string): boolean => path.endsWith(SUFFIX);
export const taskOf = (path: string): string => basename(path, SUFFIX);

/** The digest of a memory: see `Container`. */
const digestOf = (memory: Uint8Array): Uint8Array => {
  const table = new HashTable();
  table.resize(chunkCount(memory.length));
  for (let number = 0; number < table.length; number++) table.set(number, sha256(chunkAt(memory, number)));
  return table.digest();
};

export interface DiskLandingsOptions {
  /** Absolute; made at first use, mode 0700. */
  readonly folder: string;
  readonly stays: Stays;
  readonly warn: (text: string) => void;
}

/** Containers as files beside the memories that belong to them. */
export class DiskLandings implements Landings {
  readonly #options: DiskLandingsOptions;
  /** Who is in each container, by its task; null until somebody has looked. */
  #identities: Map<string, readonly string[]> | null = null;

  constructor(options: DiskLandingsOptions) {
    this.#options = options;
  }

  /** Where the container of a task lies. */
  path(task: string): string {
    return join(this.#options.folder, `${task}${SUFFIX}`);
  }

  /** The identities of all who are in containers here. */
  async identities(): Promise<ReadonlySet<string>> {
    return new Set([...(await this.#known()).values()].flat());
  }

  async #known(): Promise<Map<string, readonly string[]>> {
    if (this.#identities !== null) return this.#identities;
    const found = new Map((await this.staged()).map(travelersOf));
    this.#identities ??= found;
    return this.#identities;
  }

  async holds(identity: string): Promise<boolean> {
    return (await this.identities()).has(identity);
  }

  async stage(container: Container, sealed: SealedContainer): Promise<Either<MigrateError, void>> {
    (await this.#known()).set(...travelersOf(container));
    const path = this.path(container.task);
    const failed = (error: ImageError): Either<MigrateError, never> =>
      E.left({ tag: "Host", error: { tag: "Image", path, error } });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const written = await writeImage(path, atRest(sealed), disk);
    if (E.isLeft(written)) return failed(written.left);
    const { warning } = written.right;
    return warning === null ? E.right(undefined) : failed(warning);
  }

  async staged(): Promise<readonly Container[]> {
    const { folder, warn } = this.#options;
    const names = (await readdir(folder).catch(() => [])).filter((name) =>
      /^[0-9a-f-]{36}\.container$/.test(name),
    );
    const containers: Container[] = [];
    for (const name of names) {
      const read = await this.#container(join(folder, name));
      if (E.isRight(read)) containers.push(read.right);
      else warn(`${join(folder, name)} can't be used: ${imageProse(read.left)}`);
    }
    return containers;
  }

  async #container(path: string): Promise<Either<ImageError, Container>> {
    const file = await readBounded(path, disk, MOST_CONTAINER_BYTES + 4096);
    if (E.isLeft(file)) return file;
    const sealed = fromRest(file.right.bytes);
    return E.isLeft(sealed) ? sealed : openContainer(sealed.right);
  }

  async read(task: string): Promise<Either<MigrateError, Landed>> {
    const path = this.path(task);
    const failed = (error: ImageError): Either<MigrateError, never> =>
      E.left({ tag: "Host", error: { tag: "Image", path, error } });
    const container = await this.#container(path);
    if (E.isLeft(container)) return failed(container.left);
    const memories: Uint8Array[] = [];
    for (const [i, { identity, memoryBytes }] of container.right.manifest.children.entries()) {
      const stay = await this.#options.stays.open(identity);
      if (E.isLeft(stay)) return stay;
      const memory = await stay.right.load();
      await stay.right.close();
      const expected = Buffer.from(container.right.memories[i] ?? []).toString("hex");
      const actual = memory === null ? "" : Buffer.from(digestOf(memory)).toString("hex");
      if (memory?.length !== memoryBytes || actual !== expected)
        return failed({ tag: "ChecksumMismatch", place: `memory of ${identity}`, expected, actual });
      memories.push(memory);
    }
    return E.right({ container: container.right, memories });
  }

  async discard(task: string): Promise<void> {
    const path = this.path(task);
    this.#identities?.delete(task);
    await fileStep("unlink", () => disk.unlink(path));
    await fileStep("sync", () => disk.syncFolder(dirname(path)));
  }
}
