// An open file, served: a place in a provider's file.
import { E } from "../../lib/fp.ts";
import { File } from "../../lib/session/file-system.ts";
import { fileEnd } from "../provider/file/file-end.ts";
import type { FileProvider, FileStat, OpenFile, OpenMode } from "../provider/file/file-provider.ts";
import { HASHED_BYTES, type CapturedFile } from "./file-position.ts";
import { lendBuffer } from "./read-buffers.ts";
import { Restoration } from "./restoration.ts";
import {
  DONE,
  type Answer,
  type Effect,
  type Growth,
  type Life,
  type MadeEffect,
  type Serving,
} from "./service.ts";
import { unnamable } from "./unnamed-file.ts";
import { wholeContent } from "./whole-content.ts";

/** Most bytes that one `read` answers. */
const READ_BYTES = 1 << 20;

export interface FileObject extends Serving<typeof File> {
  readonly life: Omit<Life, "capture"> & { capture(): Answer<CapturedFile> };
}

export interface FileOptions {
  readonly provider: Pick<FileProvider, "unnamed">;
  readonly path: string;
  /** What will open it, for a handle that comes back by a change of the world. */
  readonly file: OpenFile | Restoration;
  /** What the component opened it for; the provider's handle may be able to do more. */
  readonly mode: OpenMode;
  readonly offset: number;
  /** Whether an image carries the content. */
  readonly carriesContent: boolean;
  /** See `Life`. */
  readonly changed?: string | undefined;
}

/** What a handle takes along. Of a removed file that is its content, unless nobody could read it. */
const captured = (
  { provider, path: known, mode, carriesContent }: FileOptions,
  file: OpenFile,
  offset: number,
): Answer<CapturedFile> => {
  const path = file.path();
  if (E.isLeft(path)) return path;
  const isRemoved = path.right === null;
  if (isRemoved && provider.unnamed === undefined) return E.left(unnamable(known));
  const identity = file.identity(isRemoved ? 0 : HASHED_BYTES);
  if (E.isLeft(identity)) return identity;
  const content = (isRemoved ? mode.read : carriesContent)
    ? wholeContent(file, path.right ?? known, 0)
    : E.right(null);
  if (E.isLeft(content)) return content;
  const position = { offset, identity: identity.right, content: content.right };
  if (path.right !== null) return E.right({ ...position, path: path.right });
  const stat = file.stat();
  if (E.isLeft(stat)) return stat;
  const { size, modified } = stat.right;
  return E.right({ ...position, path: null, removed: { key: identity.right.inode, size, modified } });
};

const effectOf = (restoration: Restoration, opened: (file: OpenFile) => void): Effect => ({
  enact() {
    const file = restoration.enact();
    if (E.isLeft(file)) return file;
    opened(file.right);
    return DONE;
  },
  retract: () => restoration.retract(),
  confirm: () => restoration.confirm(),
});

/** What an open file, its life and its growth share. All three are classes: made as literals with accessors, each file's
 *  would be of a shape of its own, and whoever calls many files would look each member up in a table. */
class Handle {
  readonly options: FileOptions;
  /** Until a restoration has opened it, nothing calls it. */
  file: OpenFile;
  /** Where the next read or write goes. */
  at: number;

  constructor(options: FileOptions) {
    this.options = options;
    this.file = options.file instanceof Restoration ? (null as unknown as OpenFile) : options.file;
    this.at = options.offset;
  }

  write(data: string | Uint8Array, place: number | null): Answer<number> {
    const content = typeof data === "string" ? Buffer.from(data) : data;
    const end = this.file.write(content, place);
    if (E.isLeft(end)) return end;
    this.at = end.right;
    return E.right(content.length);
  }

  /** What tells the file from all others of the machine; null where it can't be asked, or is not open yet. */
  get entity(): string | null {
    const identity = (this.file as OpenFile | null)?.identity(0);
    if (identity === undefined || E.isLeft(identity)) return null;
    // Two devices may have files of one number.
    return identity.right.entity ?? identity.right.inode;
  }
}

class FileGrowth implements Growth {
  readonly #handle: Handle;
  /** Asked of the file once: it stays that file as long as it is open. */
  #name: string | null = null;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  get name(): string {
    if (this.#name !== null) return this.#name;
    const { entity, options } = this.#handle;
    if (entity === null) return options.path;
    return (this.#name = `file ${entity}`);
  }
  end(): Answer<number> {
    return fileEnd(this.#handle.file);
  }
  size(data: unknown): number {
    return typeof data === "string" ? Buffer.byteLength(data) : (data as Uint8Array).length;
  }
  append(data: unknown, place: number): Answer<number> {
    return this.#handle.write(data as string | Uint8Array, place);
  }
}

class FileLife implements Life {
  readonly changed?: string;
  readonly effect?: Effect;
  readonly growth?: Growth;
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
    const { file, mode, changed } = handle.options;
    if (changed !== undefined) this.changed = changed;
    const isRestored = file instanceof Restoration;
    if (isRestored) this.effect = effectOf(file, (opened) => (handle.file = opened));
    if (mode.append && (isRestored || handle.entity !== null)) this.growth = new FileGrowth(handle);
  }

  again({ method, args: [what], place }: MadeEffect): Answer<unknown> {
    const { file } = this.#handle;
    if (method === "truncate") return file.truncate(what as number);
    return file.write(typeof what === "string" ? Buffer.from(what) : (what as Uint8Array), place);
  }
  get opened(): unknown {
    const { file, at } = this.#handle;
    const identity = file.identity(0);
    const entity = E.isLeft(identity) ? null : (identity.right.entity ?? null);
    return { offset: at, identity: null, content: null, entity };
  }
  capture(): Answer<CapturedFile> {
    const { options, file, at } = this.#handle;
    return captured(options, file, at);
  }
  place(): number {
    return this.#handle.at;
  }
  release(): void {
    (this.#handle.file as OpenFile | null)?.close();
  }
}

class ServedFile implements FileObject {
  readonly contract = File;
  readonly life: FileObject["life"];
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
    this.life = new FileLife(handle);
  }

  #unreadable(): Answer<never> {
    const { path } = this.#handle.options;
    return E.left({
      tag: "Denied",
      service: "File",
      label: path,
      right: "read",
      reason: "it was opened without",
    });
  }
  read(count: number): Answer<Uint8Array> {
    const handle = this.#handle;
    if (!handle.options.mode.read) return this.#unreadable();
    const into = lendBuffer(Math.min(count, READ_BYTES));
    const read = handle.file.read(handle.at, into);
    if (E.isLeft(read)) return read;
    handle.at += read.right;
    return E.right(into.subarray(0, read.right));
  }
  readText(): Answer<string> {
    const handle = this.#handle;
    const { mode, path } = handle.options;
    if (!mode.read) return this.#unreadable();
    const content = wholeContent(handle.file, path, handle.at);
    if (E.isLeft(content)) return content;
    handle.at += content.right.length;
    return E.right(Buffer.from(content.right.buffer, 0, content.right.length).toString());
  }
  write(data: string | Uint8Array): Answer<number> {
    const handle = this.#handle;
    return handle.write(data, handle.options.mode.append ? null : handle.at);
  }
  seek(to: number): Answer<number> {
    this.#handle.at = to;
    return E.right(to);
  }
  truncate(size: number): Answer<void> {
    return this.#handle.file.truncate(size);
  }
  sync(): Answer<void> {
    return this.#handle.file.sync();
  }
  stat(): Answer<FileStat> {
    return this.#handle.file.stat();
  }
  close(): Answer<void> {
    return DONE;
  }
}

export const makeFile = (options: FileOptions): FileObject => new ServedFile(new Handle(options));
