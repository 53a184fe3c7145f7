// What has changed in a long record of entries since it was written whole: a line each, appended. Beside a short one
// there is none.
import { open, readFile, unlink } from "node:fs/promises";
import { E, type Either } from "../../lib/fp.ts";
import { EntryRecord } from "./entry-record.ts";

/** A name, and what is remembered of it. A line of JSON has the number of the record before them. */
type Change = readonly [child: string, record: EntryRecord];

/** The file, or why it can't be used. */
type Answer<A> = Promise<Either<string, A>>;

const failed = (error: unknown): Either<string, never> => {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return E.left(`${syscall ?? "writing"} failed with ${code}`);
};

/** The change in a line; null in one that was not finished. */
const changeIn = (line: string): readonly [serial: number, ...Change] | null => {
  try {
    const [serial, child, record] = JSON.parse(line) as [unknown, unknown, unknown];
    const isChange = typeof serial === "number" && typeof child === "string" && EntryRecord.is(record);
    return isChange ? [serial, child, record] : null;
  } catch {
    return null;
  }
};

export class EntryChanges {
  readonly path: string;
  #bytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** How much has been appended, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All changes of the record with this number, in order, up to one that was not finished: nobody has gone on from
   *  that. */
  async read(serial: number): Answer<readonly Change[]> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT" ? E.right([]) : failed(error);
    }
    const changes: Change[] = [];
    for (const line of text.split("\n")) {
      const change = line === "" ? null : changeIn(line);
      if (change === null) break;
      const [of, child, record] = change;
      if (of === serial) changes.push([child, record]);
    }
    return E.right(changes);
  }

  /** Resolves when these are on stable storage, behind what the record with this number says. */
  async append(serial: number, changes: readonly Change[]): Answer<void> {
    const lines = Buffer.from(changes.map((change) => `${JSON.stringify([serial, ...change])}\n`).join(""));
    try {
      const file = await open(this.path, "a", 0o600);
      try {
        await file.appendFile(lines);
        await file.datasync();
      } finally {
        await file.close();
      }
      this.#bytes += lines.length;
      return E.right(undefined);
    } catch (error) {
      return failed(error);
    }
  }

  /** The record has all of them. */
  async clear(): Answer<void> {
    try {
      this.#bytes = 0;
      await unlink(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") return failed(error);
    }
    return E.right(undefined);
  }
}
