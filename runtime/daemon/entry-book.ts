// The record of a state directory, in its file: written whole, before whatever it says can have any effect. Of a long
// one, only what has changed is written, until that is as long as the record.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { disk } from "../image/disk.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import { readBounded } from "../image/read-image.ts";
import { writeImage } from "../image/write-image.ts";
import { EntryChanges } from "./entry-changes.ts";
import { EntryRecord } from "./entry-record.ts";

const Book = struct(
  {
    format: t.literal(1),
    /** A host is there, or ended with no farewell. */
    open: t.boolean,
    entries: t.record(t.string, EntryRecord),
  },
  {
    /** Counts how often it was written whole: changes are of one of these. */
    serial: natural,
    /** Ids of images and containers that were taken in. */
    taken: t.array(text),
  },
  "a record of entries",
);

/** The record can't be read or written. */
export interface RecordError {
  readonly tag: "Record";
  readonly path: string;
  readonly reason: string;
}

/** A host with more children than fit in here needs another record. */
const MOST_BYTES = 512 << 20;
/** Up to so many entries are written whole each time. */
const SHORT = 200;
/** Bytes of changes beyond which the record is written whole again, unless it has more itself. */
const MOST_CHANGES = 4 << 20;

const unreadable = (path: string, error: ImageError): Either<RecordError, never> =>
  E.left({ tag: "Record", path, reason: imageProse(error) });

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
};

export class EntryBook {
  readonly #path: string;
  readonly #changes: EntryChanges;
  /** Whose records have changed since something was written. */
  #changed = new Set<string>();
  /** All of it must be written. */
  #whole = true;
  /** Bytes of the record as it was written last, and its number. */
  #bytes = 0;
  #serial: number;
  readonly #entries: Map<string, EntryRecord>;
  readonly #taken: Set<string>;
  #open: boolean;
  /** The last thing that was begun to be written. */
  #writing: Promise<Either<RecordError, void>> = Promise.resolve(E.right(undefined));
  #next: Promise<Either<RecordError, void>> | null = null;

  private constructor(
    path: string,
    {
      open,
      entries,
      serial = 0,
      taken = [],
    }: Pick<t.TypeOf<typeof Book>, "open" | "entries" | "serial" | "taken">,
  ) {
    this.#serial = serial;
    this.#path = path;
    this.#changes = new EntryChanges(`${path}.changes`);
    this.#open = open;
    this.#entries = new Map(Object.entries(entries));
    this.#taken = new Set(taken);
  }

  /** Reads the record, or begins one. */
  static async read(path: string): Promise<Either<RecordError, EntryBook>> {
    const file = await readBounded(path, disk, MOST_BYTES);
    if (E.isLeft(file)) {
      const absent = file.left.tag === "Unreadable" && file.left.code === "ENOENT";
      return absent
        ? E.right(new EntryBook(path, { open: false, entries: {} }))
        : unreadable(path, file.left);
    }
    const book = Book.decode(parsed(Buffer.from(file.right.bytes).toString()));
    if (E.isRight(book)) return new EntryBook(path, book.right).#caughtUp();
    const place = (book.left[0]?.context ?? []).map(({ key }) => key).filter((key) => key !== "");
    const where = place.length === 0 ? "" : ` at ${place.join(".")}`;
    // Without it, children that have ended would begin again.
    return E.left({ tag: "Record", path, reason: `it is damaged${where}; expected what a host wrote there` });
  }

  /** With what was changed after it was written. */
  async #caughtUp(): Promise<Either<RecordError, EntryBook>> {
    const changes = await this.#changes.read(this.#serial);
    if (E.isLeft(changes)) return E.left({ tag: "Record", path: this.#changes.path, reason: changes.left });
    for (const [child, record] of changes.right) this.#entries.set(child, record);
    return E.right(this);
  }

  /** Whether the last host ended with no farewell. */
  get crashed(): boolean {
    return this.#open;
  }

  get(child: string): EntryRecord | undefined {
    return this.#entries.get(child);
  }
  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Whether the image or container with this id was taken in before. */
  wasTaken(id: string): boolean {
    return this.#taken.has(id);
  }

  /** Changes what is remembered of a child, and with it that an image with the id `taken` was taken in; resolves when
   *  that is durable. */
  set(child: string, record: EntryRecord, taken?: string): Promise<Either<RecordError, void>> {
    this.#entries.set(child, record);
    this.#changed.add(child);
    if (taken !== undefined) {
      this.#taken.add(taken);
      this.#whole = true;
    }
    return this.#write();
  }

  /** What was set of a child could not be written: what is remembered is what it was before. */
  undo(child: string, before: EntryRecord | undefined): void {
    if (before === undefined) this.#entries.delete(child);
    else this.#entries.set(child, before);
    this.#changed.delete(child);
    this.#whole = true;
  }

  /** As `set`, where it costs nothing that it is lost: it is written with what is written next, or by `flush`. */
  amend(child: string, record: EntryRecord): void {
    this.#entries.set(child, record);
    this.#changed.add(child);
  }
  /** Resolves when nothing waits to be written any more; what could not be written before is tried again. */
  flush(): Promise<Either<RecordError, void>> {
    return this.#changed.size === 0 && !this.#whole ? this.#writing : this.#write();
  }

  /** A host is there from now on, or is no longer. */
  async mark(open: boolean): Promise<Either<RecordError, void>> {
    if (open === this.#open) return E.right(undefined);
    this.#open = open;
    this.#whole = true;
    return this.#write();
  }

  /** What is changed while one writing is under way is written together. */
  #write(): Promise<Either<RecordError, void>> {
    this.#next ??= this.#writing.then(() => {
      this.#next = null;
      this.#writing = this.#writeNow();
      return this.#writing;
    });
    return this.#next;
  }

  async #writeNow(): Promise<Either<RecordError, void>> {
    const changed = this.#changed;
    this.#changed = new Set();
    const isLong = this.#changes.bytes > Math.max(MOST_CHANGES, this.#bytes);
    if (this.#whole || isLong || this.#entries.size <= SHORT) {
      const written = await this.#writeWhole();
      // What was to be written with it is to be written with the next.
      if (E.isLeft(written)) this.#whole = true;
      return written;
    }
    const lines = [...changed].map((child) => [child, this.#entries.get(child)!] as const);
    const appended = await this.#changes.append(this.#serial, lines);
    if (E.isRight(appended)) return appended;
    // What is at its end now is not known.
    this.#whole = true;
    return E.left({ tag: "Record", path: this.#changes.path, reason: appended.left });
  }

  async #writeWhole(): Promise<Either<RecordError, void>> {
    const serial = this.#serial + 1;
    const taken = this.#taken.size === 0 ? {} : { taken: [...this.#taken] };
    const entries = Object.fromEntries(this.#entries);
    const book = { format: 1, open: this.#open, serial, entries, ...taken };
    const bytes = Buffer.from(`${JSON.stringify(book, null, 1)}\n`);
    const written = await writeImage(this.#path, bytes, disk);
    if (E.isLeft(written)) return unreadable(this.#path, written.left);
    const { warning } = written.right;
    if (warning !== null) return unreadable(this.#path, warning);
    this.#bytes = bytes.length;
    this.#serial = serial;
    this.#whole = false;
    // The changes that are left over are of no record that there is.
    const cleared = await this.#changes.clear();
    return E.isLeft(cleared)
      ? E.left({ tag: "Record", path: this.#changes.path, reason: cleared.left })
      : cleared;
  }
}
