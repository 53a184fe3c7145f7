// What is remembered and kept of each child, in step: the record says where all of it is, the keeper has what lives,
// an image what is frozen. What becomes of a child is written down first; what is left over then is removed, and where
// a crash comes in between, by the next host.
import { unlink } from "node:fs/promises";
import { E, type Either } from "../../lib/fp.ts";
import type { Child } from "../host/child.ts";
import type { Frozen } from "../host/frozen.ts";
import { hostProse } from "../host/host-error.ts";
import type { Keeper, LastKept } from "../host/keeper.ts";
import { type EntryBook, type RecordError } from "./entry-book.ts";
import { UNBORN, type EntryRecord } from "./entry-record.ts";
import { digestOf } from "./image-copy.ts";
import type { StateFolder } from "./state-folder.ts";

export interface EntryKeepingOptions {
  readonly folder: StateFolder;
  readonly book: EntryBook;
  readonly keeper: Keeper;
  /** Something could not be written down or removed. The child is as it is. */
  readonly warn: (child: string, text: string) => void;
}

export class EntryKeeping {
  readonly #options: EntryKeepingOptions;
  /** By name, those who are kept yet because what became of them could not be written down. */
  readonly #owed = new Map<string, string>();
  /** It was told that what is yet to be written can't be. */
  #told = false;

  constructor(options: EntryKeepingOptions) {
    this.#options = options;
  }

  /** What is remembered of a child, which may be that it has never been. */
  of(child: string): EntryRecord {
    return this.#options.book.get(child) ?? UNBORN;
  }

  /** Writes down what became of a child. What fails is told: false. */
  async note(child: string, record: EntryRecord): Promise<boolean> {
    const { book, warn } = this.#options;
    const noted = await book.set(child, record);
    if (E.isLeft(noted)) {
      warn(child, `what became of it can't be kept: ${reasonOf(noted.left)}`);
      return false;
    }
    // With it all that could not be written down before was.
    for (const [name, identity] of this.#owed) {
      this.#owed.delete(name);
      if (this.of(name).identity !== identity) await this.forget(name, identity);
    }
    return true;
  }

  /** Writes down what became of a child, and then forgets who it was. Where that is not written down, who it was is kept:
   *  the next host would take it for one that has never been. */
  async #noteInstead(child: string, record: EntryRecord, identity: string | null): Promise<boolean> {
    const isNoted = await this.note(child, record);
    if (isNoted) await this.forget(child, identity);
    else if (identity !== null) this.#owed.set(child, identity);
    return isNoted;
  }

  /** As `note`, where it costs nothing that it is lost; written with `flush`. */
  amend(child: string, record: EntryRecord): void {
    this.#options.book.amend(child, record);
  }
  /** Writes what is yet to be written. What fails is told once: false. */
  async flush(): Promise<boolean> {
    const noted = await this.#options.book.flush();
    if (E.isLeft(noted) && !this.#told)
      this.#options.warn("", `what became of children can't be kept: ${reasonOf(noted.left)}`);
    this.#told = E.isLeft(noted);
    return E.isRight(noted);
  }

  /** It is no more, and nothing of it is kept. */
  async over(child: string, how: Pick<EntryRecord, "state"> & Partial<EntryRecord>): Promise<void> {
    const before = this.of(child);
    const none = { code: null, reason: null, image: null, identity: null };
    const over = { ...before, ...none, ...how, since: Date.now() };
    const isNoted = await this.#noteInstead(child, over, before.identity);
    const isLast = this.of(child).state === how.state;
    if (isNoted && isLast && before.image === this.#ownImage(child)) await this.discard(child);
  }

  /** It lives as nobody has before: the one that was is gone. On failure what is remembered is as it was. */
  async born(child: string, { identity, code }: Child): Promise<Either<RecordError, void>> {
    const before = this.of(child);
    const { restarts, faults } = before;
    const noted = await this.#options.book.set(child, {
      ...{ ...UNBORN, state: "alive", restarts, faults },
      ...{ identity: identity.identity, generation: identity.generation, hash: code.hash },
      since: Date.now(),
    });
    if (E.isLeft(noted)) {
      await this.forget(child, identity.identity);
      return noted;
    }
    await this.forget(child, before.identity);
    await this.discard(child);
    return noted;
  }

  /** It lives again, and the keeper has all of it. */
  async revived(child: string, revived: Child): Promise<void> {
    await this.note(child, this.#alive(child, revived));
  }
  /** As `revived`, of one that the keeper had before: where a crash comes before that is written, it knows better. */
  recovered(child: string, recovered: Child): void {
    this.amend(child, this.#alive(child, recovered));
  }

  #alive(child: string, { identity, code }: Child): EntryRecord {
    const now = { state: "alive", image: null, clone: false, reason: null } as const;
    const who = { identity: identity.identity, generation: identity.generation, hash: code.hash };
    const { stopped: _, ...before } = this.of(child);
    return { ...before, ...now, ...who };
  }

  /** An image was made of it, and it goes on. */
  async checkpointed(child: string, { image, bytes }: Frozen): Promise<void> {
    const path = this.#options.folder.shorten(image);
    await this.note(child, { ...this.of(child), checkpoint: { at: Date.now(), image: path, bytes } });
  }

  /** It is in an image now. `alive`: only until the next host comes; `stuck`: it had faulted too often. */
  async frozen(child: string, frozen: Frozen, state: "frozen" | "alive" | "stuck"): Promise<void> {
    const { image, bytes, generation } = frozen;
    const before = this.of(child);
    const path = this.#options.folder.shorten(image);
    const at = Date.now();
    const digest = await digestOf(image);
    const where = {
      ...(digest === null ? {} : { digest }),
      image: path,
      identity: null,
      clone: false,
      checkpoint: { at, image: path, bytes },
    };
    const since = state === "frozen" ? at : before.since;
    await this.#noteInstead(child, { ...before, ...where, state, generation, since }, before.identity);
  }

  /** When the host last took a living child down for itself, and in how many bytes. */
  last(child: Child): LastKept | null {
    return this.#options.keeper.last(child);
  }

  async forget(child: string, identity: string | null): Promise<void> {
    if (identity === null) return;
    const forgotten = await this.#options.keeper.forget(child, identity);
    if (E.isLeft(forgotten)) this.#options.warn(child, hostProse(forgotten.left));
  }

  /** Nothing is to be kept of a child that does not live by the record; of one that is stuck or fenced, for whoever asks
   *  why. */
  async tidy(child: string): Promise<void> {
    const former = await this.#options.keeper.former(child);
    const { state, image } = this.of(child);
    const isLeft = image !== null || !["stuck", "fenced"].includes(state);
    if (E.isRight(former) && former.right !== null && isLeft)
      await this.forget(child, former.right.identity.identity);
  }

  #ownImage(child: string): string {
    const { folder } = this.#options;
    return folder.shorten(folder.image(child));
  }

  /** Removes the state directory's own image of a child. */
  async discard(child: string): Promise<void> {
    // What is not there any more need not be removed.
    await unlink(this.#options.folder.image(child)).catch(() => {});
  }
}

const reasonOf = ({ path, reason }: RecordError): string => `${path}: ${reason}`;
