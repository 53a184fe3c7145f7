// Brings back what a file was, under the policy `restore`: prepared while a revival acquires its handles, and done
// only when everything else has succeeded, since it changes the world. Whatever it changed can be put back.
import { E } from "../../lib/fp.ts";
import type { FileProvider, OpenFile, OpenMode } from "../provider/file/file-provider.ts";
import { DONE, type Answer } from "./service.ts";
import { WHOLE_BYTES, wholeContent } from "./whole-content.ts";

const READ_WRITE: OpenMode = { read: true, write: true, create: false, append: false, truncate: false };

/** What was there before. */
interface Before {
  putBack(): Answer<void>;
  /** It is not needed any more. */
  drop(): void;
}

const UNTOUCHED: Before = { putBack: () => DONE, drop: () => {} };

const COPIED = 1 << 20;

const fill = (file: OpenFile, content: Uint8Array): Answer<void> => {
  const written = file.write(content, 0);
  return E.isLeft(written) ? written : file.truncate(content.length);
};

/** All of one file into another, which takes its size. */
const copy = (from: OpenFile, into: OpenFile): Answer<void> => {
  const buffer = new Uint8Array(COPIED);
  for (let at = 0; ;) {
    const read = from.read(at, buffer);
    if (E.isLeft(read)) return read;
    if (read.right === 0) return into.truncate(at);
    const written = into.write(buffer.subarray(0, read.right), at);
    if (E.isLeft(written)) return written;
    at += read.right;
  }
};

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

export class Restoration {
  readonly #provider: FileProvider;
  readonly #path: string;
  readonly #content: Uint8Array;
  readonly #mode: OpenMode;
  #before: Before = UNTOUCHED;

  private constructor(provider: FileProvider, path: string, mode: OpenMode, content: Uint8Array) {
    this.#provider = provider;
    this.#path = path;
    this.#mode = mode;
    this.#content = content;
  }

  /** Changes nothing yet, and tells what can be told beforehand of why it can't be done. `mode`: the handle's. */
  static prepare(
    provider: FileProvider,
    path: string,
    mode: OpenMode,
    content: Uint8Array,
  ): Answer<Restoration> {
    const there = provider.open(path, READ_WRITE);
    if (E.isRight(there)) there.right.close();
    else if (there.left.tag !== "NotFound") return there;
    else {
      const folder = provider.stat(parentOf(path));
      if (E.isLeft(folder)) return folder;
    }
    return E.right(new Restoration(provider, path, mode, content));
  }

  /** Writes the content, and opens the file for its handle. */
  enact(): Answer<OpenFile> {
    const written = this.#write();
    return E.isLeft(written) ? written : this.#provider.open(this.#path, this.#mode);
  }

  /** Puts back what was there; also after an `enact` that failed half-way. */
  retract(): Answer<void> {
    const before = this.#before;
    this.#before = UNTOUCHED;
    const back = before.putBack();
    before.drop();
    return back;
  }

  /** It stays so. */
  confirm(): void {
    this.#before.drop();
    this.#before = UNTOUCHED;
  }

  #write(): Answer<void> {
    const there = this.#provider.open(this.#path, READ_WRITE);
    if (E.isLeft(there) && there.left.tag !== "NotFound") return there;
    const file = E.isRight(there) ? there : this.#provider.open(this.#path, { ...READ_WRITE, create: true });
    if (E.isLeft(file)) return file;
    const kept = E.isRight(there) ? this.#kept(there.right) : E.right(this.#absent());
    if (E.isRight(kept)) this.#before = kept.right;
    const written =
      E.isLeft(kept) || kept.right === UNTOUCHED ? E.map(() => {})(kept) : fill(file.right, this.#content);
    file.right.close();
    return written;
  }

  #absent(): Before {
    return { ...UNTOUCHED, putBack: () => this.#provider.unlink(this.#path) };
  }

  /** Takes the content aside that is to be overwritten: in memory, or where it is too large for that, in a file. */
  #kept(file: OpenFile): Answer<Before> {
    const stat = file.stat();
    if (E.isLeft(stat)) return stat;
    if (stat.right.size <= WHOLE_BYTES) {
      const content = wholeContent(file, this.#path, 0);
      if (E.isLeft(content)) return content;
      const same = Buffer.compare(content.right, this.#content) === 0;
      return E.right(
        same ? UNTOUCHED : { ...UNTOUCHED, putBack: () => this.#again((into) => fill(into, content.right)) },
      );
    }
    const aside = this.#provider.unnamed?.(this.#path, 0);
    if (aside === undefined) return wholeContent(file, this.#path, 0) as Answer<never>;
    if (E.isLeft(aside)) return aside;
    const copied = copy(file, aside.right);
    if (E.isRight(copied))
      return E.right({
        putBack: () => this.#again((into) => copy(aside.right, into)),
        drop: () => aside.right.close(),
      });
    aside.right.close();
    return copied;
  }

  #again(write: (into: OpenFile) => Answer<void>): Answer<void> {
    const file = this.#provider.open(this.#path, READ_WRITE);
    if (E.isLeft(file)) return file;
    const written = write(file.right);
    file.right.close();
    return written;
  }
}
