// Those who have come from another host and can't live here as things are: a provider refuses what they held. They are
// this host's, and lie in the container that they came in, until what they lack is there, they leave again, or are
// put into a file or given up.
import { randomUUID } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import type { Leaver } from "../host/roll.ts";
import type { Runtime } from "../host/runtime.ts";
import { encodeImage } from "../image/container.ts";
import { disk } from "../image/disk.ts";
import { encodeMemory } from "../image/memory.ts";
import { writeImage } from "../image/write-image.ts";
import type { Lying } from "../migrate/landed-departure.ts";
import { isContainerPath, taskOf, type Landed, type Landings } from "../migrate/landings.ts";
import type { MigrateError } from "../migrate/migrate-error.ts";
import { Retries } from "../migrate/retries.ts";
import type { DurableError } from "./durable-error.ts";
import type { EntryBook } from "./entry-book.ts";
import { OWN } from "./one-at-a-time.ts";
import type { StateFolder } from "./state-folder.ts";

/** As often they are tried again without being told to: for some two minutes. */
const MOST_TRIES = 24;

export interface StrandedOptions {
  readonly book: EntryBook;
  readonly folder: StateFolder;
  readonly runtime: Runtime;
  readonly landings: Landings;
  /** A container with its memories, and the generations that its travelers have here. */
  readonly read: (path: string) => Promise<Either<MigrateError, Landed>>;
  /** Takes hold of names for `what`, until the answer is called. */
  readonly reserve: (names: readonly string[], what: string) => Either<MigrateError, () => void>;
  readonly isAlive: (name: string) => boolean;
  /** Brings the travelers of a container to life, as they are told to. */
  readonly comeBack: (path: string) => Promise<Either<DurableError, unknown>>;
  /** It is not to live here any more. */
  readonly gone: (name: string) => void;
  /** It was given up without ever having lived here: its incarnation is over, for whoever asks about it. */
  readonly over: (leaver: Leaver) => Promise<void>;
  readonly warn: (child: string, text: string) => void;
}

export class Stranded {
  readonly #options: StrandedOptions;
  readonly #retries = new Retries();

  constructor(options: StrandedOptions) {
    this.#options = options;
  }

  /** The container that a child lies in, as the record names it; null where it lives, or lies in none. */
  container(name: string): string | null {
    const { book, isAlive } = this.#options;
    const record = book.get(name);
    const isIn = record?.state === "alive" && record.image !== null && isContainerPath(record.image);
    return isIn && !isAlive(name) ? record.image : null;
  }

  /** All who lie in a container. */
  #all(path: string): readonly string[] {
    return this.#options.book.names.filter((name) => this.container(name) === path);
  }

  /** Whether it is tried again by itself. */
  isTried(name: string): boolean {
    const path = this.container(name);
    return path !== null && this.#retries.tries(path);
  }

  /** Tries again to bring them to life, now and then. */
  tryAgain(path: string): void {
    const { reserve, comeBack, warn } = this.#options;
    let tries = 0;
    const attempt = async (): Promise<boolean> => {
      const names = this.#all(path);
      if (names.length === 0) return true;
      tries += 1;
      const free = reserve(names, OWN.tryAgain);
      const isBack = E.isRight(free) && E.isRight(await comeBack(path));
      if (E.isRight(free)) free.right();
      if (!isBack && tries >= MOST_TRIES)
        for (const name of names)
          warn(name, `it was tried ${tries} times; \`cryonode revive ${name}\` tries again`);
      return isBack;
    };
    this.#retries.until(path, attempt, { most: MOST_TRIES, later: true });
  }

  /** Where these are about to leave: the container that all of them lie in; null: they don't lie in one. */
  lying(names: readonly string[]): Either<MigrateError, Lying | null> {
    const path = names.map((name) => this.container(name)).find((found) => found !== null) ?? null;
    if (path === null) return E.right(null);
    const all = this.#all(path);
    for (const child of names)
      if (!all.includes(child))
        return E.left({ tag: "Unfit", child, reason: `did not come in the container of ${all.join(", ")}` });
    const left = all.find((name) => !names.includes(name));
    if (left !== undefined)
      return E.left({
        ...{ tag: "Unfit", child: names[0]! },
        reason: `came together with ${left}, which would stay behind: they go together`,
      });
    const { landings, read } = this.#options;
    return E.right({ read: () => read(path), gone: () => landings.discard(taskOf(path)) });
  }

  /** Writes an image of one at `to`; the container stays. Right: its bytes. */
  async imageAt(child: string, to: string): Promise<Either<DurableError, number>> {
    const { read, runtime } = this.#options;
    const path = this.container(child);
    const refused = (reason: string): Either<DurableError, never> => E.left({ tag: "Export", child, reason });
    if (path === null) return refused("it lies in no container");
    const others = this.#all(path).filter((name) => name !== child);
    if (others.length > 0)
      return refused(
        `it came together with ${others.join(", ")}, and has not lived here yet: revive them first`,
      );
    const landed = await read(path);
    if (E.isLeft(landed)) return E.left({ tag: "Migrate", error: landed.left });
    const { container, memories } = landed.right;
    const at = container.manifest.children.findIndex(({ name }) => name === child);
    const manifest = container.manifest.children[at]!;
    const memory = encodeMemory(memories[at]!, runtime.platform.base(manifest.platform.base));
    const image = encodeImage(
      { ...container.manifest, image: randomUUID(), created: Date.now(), children: [manifest] },
      [memory],
      runtime.signer,
    );
    const written = E.isLeft(image) ? image : await writeImage(to, image.right, disk);
    return E.isLeft(written)
      ? E.left({ tag: "Host", error: { tag: "Image", path: to, error: written.left } })
      : E.right(written.right.bytes);
  }

  /** It lies there no longer, by the word of the record that is written now: `image`: it is frozen in that one; null: it
   *  is no more. */
  async leave(child: string, image: string | null): Promise<Either<DurableError, void>> {
    const { book, landings, folder, gone, over } = this.#options;
    const path = this.container(child);
    if (path === null) return E.right(undefined);
    const task = taskOf(path);
    const record = book.get(child)!;
    const now =
      image === null
        ? ({ state: "killed", image: null, identity: null } as const)
        : ({ state: "frozen", image: folder.shorten(image), identity: null } as const);
    // In the same write: after a crash nobody takes the container for one that is in doubt.
    const noted = await book.set(child, { ...record, ...now, since: Date.now() }, task);
    if (E.isLeft(noted)) return noted;
    gone(child);
    const { identity, generation } = record;
    if (image === null && identity !== null) await over({ name: child, identity, generation });
    if (this.#all(path).length === 0) await landings.discard(task);
    return noted;
  }

  close(): void {
    this.#retries.close();
  }
}
