// A ground on disk: one file of LMDB's, which keeps the last committed state whatever happens to the process.
//
// A commit writes its pages beside those in use, syncs them (fdatasync), and then writes the page that points to
// them (O_DSYNC); it has answered only after that. So `overlappingSync`, which would answer between the two, is off,
// and so are all flags that leave a sync out.
import { statfsSync, statSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { E, type Either } from "../../../lib/fp.ts";
import {
  afterPrefix,
  type Changes,
  type Entry,
  type Ground,
  type GroundError,
  type Key,
  type View,
} from "./ground.ts";

type Database = RootDatabase<Buffer, Buffer>;
type Transaction = ReturnType<Database["useReadTransaction"]>;

/** Address space for the file, and so the most that it can become: nothing of it is taken in advance. */
const MAP_BYTES = 2 ** 38;
/** Reads at one time; each holds a slot of LMDB's table. */
const READERS = 1024;
const MDB_MAP_FULL = -30792;

const bytesOf = (key: Key): Buffer => Buffer.from(key, "latin1");
const keyOf = (bytes: Uint8Array): Key => Buffer.from(bytes).toString("latin1");

class LmdbView implements View {
  readonly #database: Database;
  readonly #transaction: Transaction;

  constructor(database: Database) {
    this.#database = database;
    // The library renews its read transactions now and then; this one must see the last commit.
    database.resetReadTxn();
    this.#transaction = database.useReadTransaction();
  }

  get(key: Key): Uint8Array | null {
    return this.#database.get(bytesOf(key), { transaction: this.#transaction }) ?? null;
  }

  range(prefix: Key, limit: number, after: Key = ""): readonly Entry[] {
    const end = afterPrefix(prefix);
    const entries: Entry[] = [];
    const range = this.#database.getRange({
      start: bytesOf(after >= prefix ? `${after}\0` : prefix),
      ...(end === null ? {} : { end: bytesOf(end) }),
      limit,
      transaction: this.#transaction,
    });
    for (const { key, value } of range) entries.push([keyOf(key), value]);
    return entries;
  }

  close(): void {
    this.#transaction.done();
  }
}

export class LmdbGround implements Ground {
  readonly path: string;
  readonly #database: Database;

  private constructor(path: string, database: Database) {
    this.path = path;
    this.#database = database;
  }

  /** The file at `path` and, beside it, its lock file; makes both where they are not there. */
  static open(path: string): Either<GroundError, LmdbGround> {
    try {
      const database: Database = open(path, {
        noSubdir: true,
        encoding: "binary",
        keyEncoding: "binary",
        overlappingSync: false,
        mapSize: MAP_BYTES,
        maxReaders: READERS,
      });
      return E.right(new LmdbGround(path, database));
    } catch (error) {
      return E.left(failure("open", path, 0, error));
    }
  }

  view(): View {
    return new LmdbView(this.#database);
  }

  last(prefix: Key): Key | null {
    const end = afterPrefix(prefix);
    // The first one in descending order may be the end itself, which is not below it.
    const keys = this.#database.getKeys({
      reverse: true,
      ...(end === null ? {} : { start: bytesOf(end) }),
      limit: 2,
    });
    for (const bytes of keys) {
      const key = keyOf(bytes);
      if (key.startsWith(prefix)) return key;
    }
    return null;
  }

  write(changes: Changes): Either<GroundError, void> {
    let bytes = 0;
    try {
      this.#database.transactionSync(() => {
        for (const [key, value] of changes) {
          bytes += value?.length ?? 0;
          if (value === null) this.#database.removeSync(bytesOf(key));
          else this.#database.putSync(bytesOf(key), value as Buffer);
        }
      });
      return E.right(undefined);
    } catch (error) {
      return E.left(failure("commit", this.path, bytes, error));
    }
  }

  bytes(): number {
    return statSync(this.path).blocks * 512;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

const ENOSPC = 28;
const EIO = 5;
const EDQUOT = 122;
const EFBIG = 27;
/** A commit writes pages around what it changes, and the freed ones. */
const SPARE_BYTES = 2 ** 20;

/** LMDB says EIO of a write that came to less than was asked for, which is what a disk does that fills up. */
const failure = (step: string, path: string, wanted: number, error: unknown): GroundError => {
  const code: unknown = error instanceof Error && "code" in error ? error.code : null;
  const full = [ENOSPC, EDQUOT, EFBIG, MDB_MAP_FULL, "ENOSPC"].includes(code as number | string);
  if (full || (code === EIO && spaceLeft(path) <= 2 * wanted + SPARE_BYTES)) return { tag: "NoSpace", step };
  return { tag: "Io", step, code: String(code ?? error) };
};

const spaceLeft = (path: string): number => {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
};
