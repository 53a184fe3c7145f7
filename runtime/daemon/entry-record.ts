// What a state directory remembers of each child, for the time when nobody is there: who has ended and how, who is
// frozen, who lives. It is written whole, before whatever it says can have any effect.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { disk } from "../image/disk.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import { readBounded } from "../image/read-image.ts";
import { writeImage } from "../image/write-image.ts";

const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null]);

export const EntryRecord = struct(
  {
    /** `alive`: it lives while a host is there, and comes back with it. `departed`: it went to another host. */
    state: t.keyof({
      ...{
        alive: null,
        frozen: null,
        exited: null,
        faulted: null,
        killed: null,
        stuck: null,
        departed: null,
      },
      /** A later incarnation has taken its place elsewhere. What is left of it is kept for whoever wants to know. */
      fenced: null,
    }),
    /** Whose incarnation it is, where the host keeps it; null where it does not. */
    identity: orNull(text),
    /** The image that it is in, below the state directory or absolute; null: it is in none, but kept by the host. */
    image: orNull(text),
    /** That image is another child's: it comes back with an identity of its own. */
    clone: t.boolean,
    /** SHA-256 of its code. */
    hash: text,
    generation: natural,
    /** Its exit code, where it exited. */
    code: orNull(t.number),
    /** Why it faulted. */
    reason: orNull(t.string),
    /** The last image that was asked for: when it was made, in ms since 1970, where, and its bytes. */
    checkpoint: orNull(struct({ at: natural, image: text, bytes: natural })),
    /** How often it came back after a fault or a crash. */
    restarts: natural,
    /** When it faulted lately, in ms since 1970. */
    faults: t.array(natural),
    /** When it came into its state, in ms since 1970. */
    since: natural,
  },
  {},
  "EntryRecord",
);
export type EntryRecord = t.TypeOf<typeof EntryRecord>;

/** Of a child that has never been. */
export const UNBORN: EntryRecord = {
  state: "killed",
  identity: null,
  image: null,
  clone: false,
  hash: "",
  generation: 0,
  code: null,
  reason: null,
  checkpoint: null,
  restarts: 0,
  faults: [],
  since: 0,
};

const Book = struct(
  {
    format: t.literal(1),
    /** A host is there, or ended with no farewell. */
    open: t.boolean,
    entries: t.record(t.string, EntryRecord),
  },
  {},
  "a record of entries",
);

/** The record can't be read or written. */
export interface RecordError {
  readonly tag: "Record";
  readonly path: string;
  readonly reason: string;
}

/** A host with more children than fit in here needs another record. */
const MOST_BYTES = 64 << 20;

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
  readonly #entries: Map<string, EntryRecord>;
  #open: boolean;
  /** The last thing that was begun to be written. */
  #writing: Promise<Either<RecordError, void>> = Promise.resolve(E.right(undefined));
  #next: Promise<Either<RecordError, void>> | null = null;

  private constructor(path: string, open: boolean, entries: Map<string, EntryRecord>) {
    this.#path = path;
    this.#open = open;
    this.#entries = entries;
  }

  /** Reads the record, or begins one. */
  static async read(path: string): Promise<Either<RecordError, EntryBook>> {
    const file = await readBounded(path, disk, MOST_BYTES);
    if (E.isLeft(file)) {
      const absent = file.left.tag === "Unreadable" && file.left.code === "ENOENT";
      return absent ? E.right(new EntryBook(path, false, new Map())) : unreadable(path, file.left);
    }
    const book = Book.decode(parsed(Buffer.from(file.right.bytes).toString()));
    if (E.isRight(book))
      return E.right(new EntryBook(path, book.right.open, new Map(Object.entries(book.right.entries))));
    const place = (book.left[0]?.context ?? []).map(({ key }) => key).filter((key) => key !== "");
    const where = place.length === 0 ? "" : ` at ${place.join(".")}`;
    // Without it, children that have ended would begin again.
    return E.left({ tag: "Record", path, reason: `it is damaged${where}; expected what a host wrote there` });
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

  /** Changes what is remembered of a child; resolves when that is durable. */
  set(child: string, record: EntryRecord): Promise<Either<RecordError, void>> {
    this.#entries.set(child, record);
    return this.#write();
  }

  /** A host is there from now on, or is no longer. */
  mark(open: boolean): Promise<Either<RecordError, void>> {
    this.#open = open;
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
    const book = { format: 1, open: this.#open, entries: Object.fromEntries(this.#entries) };
    const bytes = Buffer.from(`${JSON.stringify(book, null, 1)}\n`);
    const written = await writeImage(this.#path, bytes, disk);
    if (E.isLeft(written)) return unreadable(this.#path, written.left);
    const { warning } = written.right;
    return warning === null ? E.right(undefined) : unreadable(this.#path, warning);
  }
}
