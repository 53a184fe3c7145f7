// A ground on disk: one file of LMDB's, which keeps the last committed state whatever happens to the process.
//
// A commit writes its pages beside those in use, syncs them (fdatasync), and then writes the page that points to
// them (O_DSYNC); it has answered only after that. So `overlappingSync`, which would answer between the two, is off,
// and so are all flags that leave a sync out.
import { statfsSync, statSync } from "node:fs";
import type { Database, RootDatabase } from "lmdb";
import { E, type Either } from "../../../lib/fp.ts";
import { CommitThread } from "../commit-thread.ts";
import {
  afterPrefix,
  valueBytes,
  type Changes,
  type Entry,
  type Ground,
  type GroundError,
  type Key,
  type Value,
  type View,
} from "./ground.ts";

type Table = Database<Buffer, Buffer>;
type Transaction = ReturnType<Table["useReadTransaction"]>;

/** Keys that begin with one of these letters lie in a tree of their own. They are many, and those that ascend then
 *  come at the end of a tree, where pages get full; amid a tree they would be left half empty. */
const TREES = ["c", "h", "i", "m", "t"] as const;

/** Address space for the file, and so the most that it can become: nothing of it is taken in advance. */
const MAP_BYTES = 2 ** 38;
/** Reads at one time; each holds a slot of LMDB's table. */
const READERS = 1024;
const MDB_MAP_FULL = -30792;

const bytesOf = (key: Key): Buffer => Buffer.from(key, "latin1");
const keyOf = (bytes: Uint8Array): Key => Buffer.from(bytes).toString("latin1");

/** The trees of one file. */
class Trees {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly #own: ReadonlyMap<string, Table>;
  readonly #rest: Table;

  constructor(root: RootDatabase<Buffer, Buffer>) {
    this.root = root;
    const tree = (name: string): Table => root.openDB({ name, encoding: "binary", keyEncoding: "binary" });
    this.#rest = tree("rest");
    this.#own = new Map(TREES.map((letter) => [letter, tree(letter)]));
  }

  of(key: Key): Table {
    return this.#own.get(key.charAt(0)) ?? this.#rest;
  }

  /** Where keys with this prefix are. */
  with(prefix: Key): readonly Table[] {
    return prefix === "" ? [...this.#own.values(), this.#rest] : [this.of(prefix)];
  }
}

class LmdbView implements View {
  readonly #trees: Trees;
  readonly #transaction: Transaction;

  constructor(trees: Trees) {
    this.#trees = trees;
    // The library renews its read transactions now and then; this one must see the last commit.
    trees.root.resetReadTxn();
    this.#transaction = trees.root.useReadTransaction();
  }

  get(key: Key): Uint8Array | null {
    return this.#trees.of(key).get(bytesOf(key), { transaction: this.#transaction }) ?? null;
  }

  range(prefix: Key, limit: number, after: Key = ""): readonly Entry[] {
    const end = afterPrefix(prefix);
    const entries = this.#trees.with(prefix).map((tree): Entry[] => {
      const found = tree.getRange({
        start: bytesOf(after >= prefix && after !== "" ? `${after}\0` : prefix || "\0"),
        ...(end === null ? {} : { end: bytesOf(end) }),
        ...(limit === Infinity ? {} : { limit }),
        transaction: this.#transaction,
      });
      return [...found].map(({ key, value }) => [keyOf(key), value]);
    });
    if (entries.length === 1) return entries[0]!;
    return entries
      .flat()
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit);
  }

  close(): void {
    this.#transaction.done();
  }
}

export class LmdbGround implements Ground {
  readonly path: string;
  readonly #trees: Trees;
  #scratch = Buffer.alloc(0);
  #thread: CommitThread | null = null;

  private constructor(path: string, trees: Trees) {
    this.path = path;
    this.#trees = trees;
  }

  /** The file at `path` and, beside it, its lock file; makes both where they are not there. */
  static async open(path: string): Promise<Either<GroundError, LmdbGround>> {
    try {
      // Loading it takes some 20 ms, which only a durable host has to spend.
      const { open } = await import("lmdb");
      const root = open<Buffer, Buffer>(path, {
        noSubdir: true,
        encoding: "binary",
        keyEncoding: "binary",
        overlappingSync: false,
        mapSize: MAP_BYTES,
        maxReaders: READERS,
      });
      return E.right(new LmdbGround(path, new Trees(root)));
    } catch (error) {
      return E.left(failure("open", path, 0, error));
    }
  }

  view(): View {
    return new LmdbView(this.#trees);
  }

  last(prefix: Key): Key | null {
    const end = afterPrefix(prefix);
    let last: Key | null = null;
    for (const tree of this.#trees.with(prefix)) {
      // The first one in descending order may be the end itself, which is not below it.
      const keys = tree.getKeys({
        reverse: true,
        ...(end === null ? {} : { start: bytesOf(end) }),
        limit: 2,
      });
      const found = [...keys].map(keyOf).find((key) => key.startsWith(prefix)) ?? null;
      if (found !== null && (last === null || found > last)) last = found;
    }
    return last;
  }

  write(changes: Changes): Either<GroundError, void> {
    let bytes = 0;
    try {
      this.#trees.root.transactionSync(() => {
        // In their order, so that those that ascend come one after another.
        for (const [key, value] of [...changes].sort(([a], [b]) => (a < b ? -1 : 1))) {
          bytes += value === null ? 0 : valueBytes(value);
          const tree = this.#trees.of(key);
          if (value === null) tree.removeSync(bytesOf(key));
          else tree.putSync(bytesOf(key), this.#whole(value));
        }
      });
      return E.right(undefined);
    } catch (error) {
      return E.left(failure("commit", this.path, bytes, error));
    }
  }

  async writeBeside(changes: Changes): Promise<Either<GroundError, void>> {
    this.#thread ??= new CommitThread(this.path);
    return (await this.#thread.write(changes)) ?? this.write(changes);
  }

  /** What is in parts is put together in a buffer that is used again: LMDB has copied it when it answers. */
  #whole(value: Value): Buffer {
    if (value instanceof Uint8Array) return value as Buffer;
    const bytes = valueBytes(value);
    if (this.#scratch.length < bytes) this.#scratch = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (const part of value) {
      this.#scratch.set(part, at);
      at += part.length;
    }
    return this.#scratch.subarray(0, bytes);
  }

  bytes(): number {
    return statSync(this.path).blocks * 512;
  }

  async close(): Promise<void> {
    await this.#thread?.close();
    await this.#trees.root.close();
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
