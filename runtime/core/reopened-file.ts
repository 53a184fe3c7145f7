// How a file handle comes back: by the path where its file stood at the freeze, under the policy of its route.
import { E } from "../../lib/fp.ts";
import { isSameEntity } from "../provider/file/entity.ts";
import type { FileProvider, FileRight, OpenFile, OpenMode } from "../provider/file/file-provider.ts";
import { makeFile, type FileObject } from "./file.ts";
import { difference, HASHED_BYTES, type FilePosition, type RecoveredPosition } from "./file-position.ts";
import { Restoration } from "./restoration.ts";
import type { FilePolicy } from "./route.ts";
import type { Answer } from "./service.ts";
import { reopenUnnamed } from "./unnamed-file.ts";

export interface Reopening {
  readonly provider: FileProvider;
  readonly policy: FilePolicy;
  /** Why one of these rights is missing; null where none is. */
  readonly refusal: (rights: readonly FileRight[]) => Answer<never> | null;
  readonly path: string;
  /** The component's, which neither creates nor truncates. */
  readonly mode: OpenMode;
  readonly position: FilePosition | RecoveredPosition;
  /** Tells this revival from every other. */
  readonly revival: string;
}

/** A file, opened or to be restored, and what of it is no longer as it was. */
interface Found {
  readonly file: OpenFile | Restoration;
  readonly changed?: string | undefined;
}

const rightsFor = ({ read, write }: OpenMode): FileRight[] => [
  ...(read ? ["read" as const] : []),
  ...(write ? ["write" as const] : []),
];

/** After a crash a file may have gone on, so that it is known by which one it is, and by nothing that changes. */
const known = (file: OpenFile, path: string, policy: FilePolicy, entity: string | null): Answer<Found> => {
  const now = file.identity(0);
  const isOther = E.isRight(now) && entity !== null && !isSameEntity(entity, now.right.entity ?? entity);
  if (!isOther) return E.right({ file });
  const changed = "it is another file than the one that was open";
  if (policy === "rebind") return E.right({ file, changed });
  file.close();
  return E.left({ tag: "Changed", path, difference: changed });
};

/** The file at `path`, as far as the policy takes it; `NotFound` or `Changed` where its content must be restored. */
const taken = ({ provider, policy, path, position }: Reopening, mode: OpenMode): Answer<Found> => {
  const file = provider.open(path, mode);
  if (E.isLeft(file)) return file;
  if (position.identity === null) return known(file.right, path, policy, position.entity ?? null);
  const now = file.right.identity(HASHED_BYTES);
  if (E.isRight(now)) {
    const changed = difference(position.identity, now.right);
    if (changed === null) return E.right({ file: file.right });
    if (policy === "rebind") return E.right({ file: file.right, changed });
    file.right.close();
    return E.left({ tag: "Changed", path, difference: changed });
  }
  file.right.close();
  return now;
};

const found = (reopening: Reopening, carriesContent: boolean): Answer<Found> => {
  const { provider, refusal, path, mode, position, revival } = reopening;
  const { removed, content } = position;
  if (removed !== undefined) {
    // What a handle wrote to it since it was last looked at is in no journal.
    if (position.identity === null && mode.read)
      return E.left({
        tag: "Changed",
        path,
        difference: "it was removed while it was open, and ended with its host",
      });
    const file = refusal(rightsFor(mode)) ?? reopenUnnamed(provider, revival, path, mode, removed, content);
    return E.isLeft(file) ? file : E.right({ file: file.right });
  }
  // A file whose content the image carries must be readable, whatever the component opened it for.
  const held = carriesContent ? { ...mode, read: true } : mode;
  const there = refusal(rightsFor(held)) ?? taken(reopening, held);
  const lost = E.isLeft(there) && (there.left.tag === "NotFound" || there.left.tag === "Changed");
  if (!lost || !carriesContent || content === null) return there;
  const restoration = refusal(["write", "create"]) ?? Restoration.prepare(provider, path, held, content);
  return E.isLeft(restoration)
    ? restoration
    : E.right({ file: restoration.right, changed: "its content is that of the image" });
};

/** Creates and truncates nothing; what a restoration changes, it changes later. */
export const reopenedFile = (reopening: Reopening): Answer<FileObject> => {
  const { provider, policy, path, mode, position } = reopening;
  const carriesContent = policy === "restore";
  const file = found(reopening, carriesContent);
  if (E.isLeft(file)) return file;
  return E.right(makeFile({ provider, path, mode, offset: position.offset, carriesContent, ...file.right }));
};
