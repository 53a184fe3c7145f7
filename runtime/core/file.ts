// An open file, served: a place in a provider's file.
import * as t from "io-ts";
import { bytes, natural, struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { File } from "../../lib/session/file-system.ts";
import type { FileIdentity, OpenFile, OpenMode } from "../provider/file/file-provider.ts";
import type { Answer, Growth, Life, Serving } from "./service.ts";

/** Most bytes that one `read` answers. */
const READ_BYTES = 1 << 20;
/** Most bytes that `readText` answers, and that a handle under `restore` carries along. */
const WHOLE_BYTES = 16 << 20;
/** Files up to this size, in bytes, are known by their content too; hashing them takes part of the pause. */
export const HASHED_BYTES = 1 << 20;

const isNanoseconds = (u: unknown): u is string =>
  typeof u === "string" && /^-?[0-9]{1,18}$|^[0-9]{19}$/.test(u);

/** ns since 1970, decimal; as far as 64 bits reach. */
const nanoseconds = new t.Type<string>(
  "nanoseconds",
  isNanoseconds,
  (u, c) => (isNanoseconds(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
);

const Identity = struct({
  size: natural,
  modifiedNs: nanoseconds,
  inode: t.string,
  sha256: t.union([t.string, t.null]),
});

/** What a handle knows at a freeze. `content` is there under the policy `restore` only. */
export const FilePosition = struct(
  { offset: natural, identity: Identity, content: t.union([bytes, t.null]) },
  {},
  "FilePosition",
);
export type FilePosition = t.TypeOf<typeof FilePosition>;

/** What is known of a handle after a crash: the file itself may have gone on since anyone looked. */
export type RecoveredPosition = Omit<FilePosition, "identity"> & { readonly identity: null };

export const isRecovered = (position: unknown): position is RecoveredPosition => {
  const { offset, identity } = (position ?? {}) as Partial<RecoveredPosition>;
  return natural.is(offset) && identity === null;
};

export interface FileObject extends Serving<typeof File> {
  readonly life: Life & { capture(): Answer<FilePosition> };
}

/** What of a file differs from what a handle knew, in words; null where nothing does. A file that was only
 *  touched, its content the same, counts as unchanged. */
export const difference = (was: FileIdentity, is: FileIdentity): string | null => {
  if (was.size !== is.size) return `its size is ${is.size} bytes, was ${was.size}`;
  if (was.modifiedNs === is.modifiedNs && was.inode === is.inode) return null;
  if (was.sha256 !== null && is.sha256 !== null)
    return was.sha256 === is.sha256 ? null : `its content differs, at the same size of ${is.size} bytes`;
  const when = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();
  return was.modifiedNs === is.modifiedNs
    ? "it is another file of the same size and time"
    : `its modification time is ${when(is.modifiedNs)}, was ${when(was.modifiedNs)}`;
};

const tooLarge = (path: string, size: number): Answer<never> =>
  E.left({ tag: "TooLarge", what: path, bytes: size, limit: WHOLE_BYTES });

/** The whole content of a file, at most `WHOLE_BYTES` of it from `offset` on. */
export const wholeContent = (file: OpenFile, path: string, offset: number): Answer<Uint8Array> => {
  const stat = file.stat();
  if (E.isLeft(stat)) return stat;
  const left = Math.max(0, stat.right.size - offset);
  if (left > WHOLE_BYTES) return tooLarge(path, left);
  const content = new Uint8Array(left);
  for (let at = 0; at < left;) {
    const read = file.read(offset + at, content.subarray(at));
    if (E.isLeft(read)) return read;
    if (read.right === 0) return E.right(content.subarray(0, at));
    at += read.right;
  }
  return E.right(content);
};

export interface FileOptions {
  readonly path: string;
  readonly file: OpenFile;
  /** What the component opened it for; the provider's handle may be able to do more. */
  readonly mode: OpenMode;
  readonly offset: number;
  /** Whether an image carries the content. */
  readonly carriesContent: boolean;
}

export const makeFile = ({ path, file, mode, offset, carriesContent }: FileOptions): FileObject => {
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
    const identity = mode.append ? file.identity(0) : null;
    if (identity === null || E.isLeft(identity)) return null;
    return {
      name: `file ${identity.right.inode}`,
      end: () => E.map(({ size }: { readonly size: number }) => size)(file.stat()),
      size: (data) => (typeof data === "string" ? Buffer.byteLength(data) : (data as Uint8Array).length),
      append: (data, place) => write(data as string | Uint8Array, place),
    };
  };
  const grows = growth();
  return {
    contract: File,
    read(count) {
      if (!mode.read) return unreadable;
      const into = Buffer.allocUnsafe(Math.min(count, READ_BYTES));
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
      capture() {
        const identity = file.identity(HASHED_BYTES);
        if (E.isLeft(identity)) return identity;
        if (!carriesContent) return E.right({ offset: at, identity: identity.right, content: null });
        const content = wholeContent(file, path, 0);
        return E.isLeft(content)
          ? content
          : E.right({ offset: at, identity: identity.right, content: content.right });
      },
      place: () => at,
      ...(grows === null ? {} : { growth: grows }),
      release: () => file.close(),
    },
  };
};
