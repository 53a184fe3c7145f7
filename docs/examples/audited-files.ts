// Files that tell what is done to them: a provider around any other. Each change is told after it was made, with the
// path that the file has then.
//
// A whole provider, against the package's public types alone. `docs/providers.md` says what each method must.
import { E, type Either, type FileProvider, type OpenFile, type SessionError } from "cryonode/runtime";

export interface Change {
  readonly what: "opened for writing" | "written" | "cut" | "made" | "removed" | "moved";
  readonly path: string;
  /** Bytes written, or the size it was cut to. */
  readonly bytes?: number;
}

type Answer<T> = Either<SessionError, T>;

/** Tells of what succeeded, and passes the answer on. */
const after = <T>(answer: Answer<T>, told: (value: T) => void): Answer<T> => {
  if (E.isRight(answer)) told(answer.right);
  return answer;
};

const auditedFile = (file: OpenFile, opened: string, tell: (change: Change) => void): OpenFile => {
  const path = (): string => {
    const now = file.path();
    return E.isRight(now) ? (now.right ?? "(removed)") : opened;
  };
  return {
    read: (offset, into) => file.read(offset, into),
    write: (data, offset) =>
      after(file.write(data, offset), () => tell({ what: "written", path: path(), bytes: data.length })),
    truncate: (size) => after(file.truncate(size), () => tell({ what: "cut", path: path(), bytes: size })),
    sync: () => file.sync(),
    stat: () => file.stat(),
    identity: (hashUpTo) => file.identity(hashUpTo),
    path: () => file.path(),
    close: () => file.close(),
  };
};

/** `tell` is called in the midst of calls: it should be quick. */
export const auditedFiles = (files: FileProvider, tell: (change: Change) => void): FileProvider => ({
  name: files.name,
  open(path, mode) {
    const opened = files.open(path, mode);
    if (E.isLeft(opened)) return opened;
    if (mode.write) tell({ what: "opened for writing", path });
    return E.right(auditedFile(opened.right, path, tell));
  },
  stat: (path) => files.stat(path),
  list: (path) => files.list(path),
  mkdir: (path) => after(files.mkdir(path), () => tell({ what: "made", path })),
  unlink: (path) => after(files.unlink(path), () => tell({ what: "removed", path })),
  move: (from, to) => after(files.move(from, to), () => tell({ what: "moved", path: to })),
  watch: (path, changed) => files.watch(path, changed),
  close: () => files.close(),
  // What the provider within can't do, the one around it can't either.
  ...(files.unnamed === undefined
    ? {}
    : {
        unnamed(path, size) {
          const made = files.unnamed!(path, size);
          return E.isLeft(made) ? made : E.right(auditedFile(made.right, path, tell));
        },
      }),
  ...(files.entityAt === undefined ? {} : { entityAt: (path) => files.entityAt!(path) }),
});
