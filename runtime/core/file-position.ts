// What a file handle takes along in an image, and how it tells whether a file is still what it was.
import * as t from "io-ts";
import { bytes, natural, struct } from "../../lib/codec.ts";
import type { FileIdentity } from "../provider/file/file-provider.ts";

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

const Identity = struct(
  {
    size: natural,
    modifiedNs: nanoseconds,
    inode: t.string,
    sha256: t.union([t.string, t.null]),
  },
  { entity: t.string },
);

/** What a handle knows at a freeze. `content` is there under the policy `restore`, and of a file that was removed. */
export const FilePosition = struct(
  { offset: natural, identity: Identity, content: t.union([bytes, t.null]) },
  {
    /** The file had no name any more. `key` tells it from others; `modified` in ms. */
    removed: struct({ key: t.string, size: natural, modified: t.number }),
  },
  "FilePosition",
);
export type FilePosition = t.TypeOf<typeof FilePosition>;

/** With it, where the file stands, whoever has moved it: that belongs to the ledger. */
export type CapturedFile = FilePosition & { readonly path: string | null };

/** What is known of a handle after a crash: the file itself may have gone on since anyone looked. */
export type RecoveredPosition = Omit<FilePosition, "identity"> & {
  readonly identity: null;
  /** See `FileIdentity`; null where nobody knew. */
  readonly entity?: string | null;
};

export const isRecovered = (position: unknown): position is RecoveredPosition => {
  const { offset, identity, entity = null } = (position ?? {}) as Partial<RecoveredPosition>;
  return natural.is(offset) && identity === null && (entity === null || typeof entity === "string");
};

/** What of a handle's position holds after a crash. */
export const recovered = (position: FilePosition | RecoveredPosition): RecoveredPosition => ({
  ...position,
  entity: position.identity === null ? (position.entity ?? null) : (position.identity.entity ?? null),
  identity: null,
  content: null,
});

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
