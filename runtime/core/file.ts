// An open file, served: a place in a provider's file.
import { E } from "../../lib/fp.ts";
import { File } from "../../lib/session/file-system.ts";
import { fileEnd } from "../provider/file/file-end.ts";
import type { FileProvider, OpenFile, OpenMode } from "../provider/file/file-provider.ts";
import { HASHED_BYTES, type CapturedFile } from "./file-position.ts";
import { lendBuffer } from "./read-buffers.ts";
import { Restoration } from "./restoration.ts";
import type { Answer, Effect, Growth, Life, Serving } from "./service.ts";
import { unnamable } from "./unnamed-file.ts";
import { wholeContent } from "./whole-content.ts";

/** Most bytes that one `read` answers. */
const READ_BYTES = 1 << 20;
const DONE: Answer<void> = E.right(undefined);

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

export const makeFile = (options: FileOptions): FileObject => {
  const { path, mode, offset, changed } = options;
  const restoration = options.file instanceof Restoration ? options.file : null;
  // Until a restoration has opened it, nothing calls it.
  let file = restoration === null ? (options.file as OpenFile) : (null as unknown as OpenFile);
  let at = offset;
  const unreadable: Answer<never> = E.left({
    tag: "Denied",
    service: "File",
    label: path,
    right: "read",
    reason: "it was opened without",
  });
  const write = (data: string | Uint8Array, place: number | null): Answer<number> => {
    const content = typeof data === "string" ? Buffer.from(data) : data;
    const end = file.write(content, place);
    if (E.isLeft(end)) return end;
    at = end.right;
    return E.right(content.length);
  };
  const growth = (): Growth | null => {
    if (!mode.append) return null;
    const named = (): string | null => {
      const identity = file.identity(0);
      // Two devices may have files of one number.
      return E.isLeft(identity) ? null : `file ${identity.right.entity ?? identity.right.inode}`;
    };
    const now = restoration === null ? named() : path;
    if (now === null) return null;
    return {
      get name() {
        return restoration === null ? now : (named() ?? now);
      },
      end: () => fileEnd(file),
      size: (data) => (typeof data === "string" ? Buffer.byteLength(data) : (data as Uint8Array).length),
      append: (data, place) => write(data as string | Uint8Array, place),
    };
  };
  const grows = growth();
  return {
    contract: File,
    read(count) {
      if (!mode.read) return unreadable;
      const into = lendBuffer(Math.min(count, READ_BYTES));
      const read = file.read(at, into);
      if (E.isLeft(read)) return read;
      at += read.right;
      return E.right(into.subarray(0, read.right));
    },
    readText() {
      if (!mode.read) return unreadable;
      const content = wholeContent(file, path, at);
      if (E.isLeft(content)) return content;
      at += content.right.length;
      return E.right(Buffer.from(content.right.buffer, 0, content.right.length).toString());
    },
    write: (data) => write(data, mode.append ? null : at),
    seek(to) {
      at = to;
      return E.right(to);
    },
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    stat: () => file.stat(),
    close: () => E.right(undefined),
    life: {
      again: ({ method, args: [what], place }) => {
        if (method === "truncate") return file.truncate(what as number);
        return file.write(typeof what === "string" ? Buffer.from(what) : (what as Uint8Array), place);
      },
      ...(changed === undefined ? {} : { changed }),
      ...(restoration === null ? {} : { effect: effectOf(restoration, (opened) => (file = opened)) }),
      get opened() {
        const identity = file.identity(0);
        const entity = E.isLeft(identity) ? null : (identity.right.entity ?? null);
        return { offset: at, identity: null, content: null, entity };
      },
      capture: () => captured(options, file, at),
      place: () => at,
      ...(grows === null ? {} : { growth: grows }),
      release: () => (file as OpenFile | null)?.close(),
    },
  };
};
