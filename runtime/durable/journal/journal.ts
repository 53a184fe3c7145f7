// A host's journal: a folder of files that are only ever appended to, each numbered. A file goes when every child has
// a checkpoint that is younger than all that the file says. What is in the folder was written by hosts of this state
// directory, and may end in the middle of a record: that end was never acknowledged.

import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { E, type Either } from "../../../lib/fp.ts";
import { syncAt } from "../sync-at.ts";
import { Past } from "./past.ts";

/** The folder or a file of it can't be used; `step` says what failed, `code` how. */
export interface JournalError {
  readonly tag: "Journal";
  readonly path: string;
  readonly step: string;
  readonly code: string;
}

export const journalProse = ({ path, step, code }: JournalError): string =>
  `the journal ${path} can't be used: ${step} failed with ${code}`;

const failed = (path: string, step: string, cause: unknown): Either<JournalError, never> => {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined) throw cause;
  return E.left({ tag: "Journal", path, step, code });
};

const NAME = /^([0-9]{10})\.journal$/;

const nameOf = (file: number): string => `${String(file).padStart(10, "0")}.journal`;

export class Journal {
  readonly #folder: string;
  #descriptor: number;
  #current: number;
  #oldest: number;
  #past: Past;

  private constructor(
    folder: string,
    descriptor: number,
    files: { readonly oldest: number; readonly current: number },
    past: Past,
  ) {
    this.#folder = folder;
    this.#descriptor = descriptor;
    this.#current = files.current;
    this.#oldest = files.oldest;
    this.#past = past;
  }

  /** Reads what hosts before left in the folder, which exists, and begins a new file. */
  static open(folder: string): Either<JournalError, Journal> {
    let files: number[];
    try {
      files = readdirSync(folder).flatMap((name) => {
        const [, number] = NAME.exec(name) ?? [];
        return number === undefined ? [] : [Number(number)];
      });
    } catch (cause) {
      return failed(folder, "reading the folder", cause);
    }
    files.sort((a, b) => a - b);
    const past = new Past();
    for (const file of files) {
      const path = join(folder, nameOf(file));
      try {
        past.add(file, readFileSync(path));
      } catch (cause) {
        return failed(path, "reading", cause);
      }
    }
    const current = (files.at(-1) ?? 0) + 1;
    const synced = syncAll(files.map((file) => join(folder, nameOf(file))));
    if (E.isLeft(synced)) return synced;
    const opened = begin(folder, current);
    if (E.isLeft(opened)) return opened;
    return E.right(new Journal(folder, opened.right, { oldest: files[0] ?? current, current }, past));
  }

  /** Where threads append to now. */
  get descriptor(): number {
    return this.#descriptor;
  }

  /** Bytes of the file that is appended to now. */
  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** The number of the file that is appended to now. */
  get current(): number {
    return this.#current;
  }

  /** What former hosts left. */
  get past(): Past {
    return this.#past;
  }

  /** What there is by now, of incarnations of this host that are no more as well: all files are read for it. */
  scan(): Either<JournalError, Past> {
    const found = new Past();
    for (let file = this.#oldest; file <= this.#current; file++) {
      const path = join(this.#folder, nameOf(file));
      try {
        found.add(file, readFileSync(path));
      } catch (cause) {
        return failed(path, "reading", cause);
      }
    }
    return E.right(found);
  }

  /** The highest number of an incarnation of a former host that left anything; 0 where none did. */
  get latest(): number {
    return this.#past.latest;
  }

  /** Nobody asks for the past any more. */
  forgetPast(): void {
    this.#past = new Past();
  }

  /** Begins another file; answers the descriptor of the former one, for whoever still appends to it to close. */
  turnOver(): Either<JournalError, number> {
    const opened = begin(this.#folder, this.#current + 1);
    if (E.isLeft(opened)) return opened;
    const former = this.#descriptor;
    this.#descriptor = opened.right;
    this.#current++;
    return E.right(former);
  }

  /** Nobody appends to a former file any more. */
  closeFormer(descriptor: number): void {
    closeSync(descriptor);
  }

  /** Removes files that nobody needs: those before `first`. */
  trim(first: number): Either<JournalError, void> {
    for (; this.#oldest < Math.min(first, this.#current); this.#oldest++) {
      const path = join(this.#folder, nameOf(this.#oldest));
      try {
        unlinkSync(path);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOENT") return failed(path, "removing", cause);
      }
    }
    return E.right(undefined);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** What a host reads it goes by, so it must not be lost any more: the one before may have been killed before a sync. */
const syncAll = (paths: readonly string[]): Either<JournalError, void> => {
  for (const path of paths)
    try {
      syncAt(path, fdatasyncSync);
    } catch (cause) {
      return failed(path, "a sync", cause);
    }
  return E.right(undefined);
};

/** Makes a file of the journal, in a folder that knows of it even after a loss of power. One that a try before this has
 *  left is as good: nobody was told of it, so nobody has appended to it. */
const begin = (folder: string, file: number): Either<JournalError, number> => {
  const path = join(folder, nameOf(file));
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, "a", 0o600);
    syncAt(folder, fsyncSync);
    return E.right(descriptor);
  } catch (cause) {
    if (descriptor !== null) closeSync(descriptor);
    return failed(path, "making it", cause);
  }
};
