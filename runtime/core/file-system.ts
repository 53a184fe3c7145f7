// File_system, served: a provider's files with the rights that the route left.
import * as t from "io-ts";
import { struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { FileSystem, type OpenMode } from "../../lib/session/file-system.ts";
import { sha256 } from "../digest.ts";
import type {
  FileIdentity,
  FileProvider,
  FileRight,
  OpenMode as ProviderMode,
} from "../provider/file/file-provider.ts";
import {
  difference,
  HASHED_BYTES,
  makeFile,
  type FileObject,
  type FilePosition,
  type RecoveredPosition,
} from "./file.ts";
import type { FilePolicy } from "./route.ts";
import type { Answer, Serving } from "./service.ts";

/** What a session last saw of the paths it watches, by digest. */
export const FileSystemPosition = struct(
  { seen: t.array(t.tuple([t.string, t.string])) },
  {},
  "FileSystemPosition",
);
export type FileSystemPosition = t.TypeOf<typeof FileSystemPosition>;

export interface FileSystemObject extends Serving<typeof FileSystem> {
  /** Opens again what `open` had opened, at its position and under the route's policy. Creates and truncates
   *  nothing. */
  reopen(path: string, mode: OpenMode, position: FilePosition | RecoveredPosition): Answer<FileObject>;
}

const completed = (mode: OpenMode | undefined): ProviderMode => {
  const { read = false, write = false, create = false, append = false, truncate = false } = mode ?? {};
  const writes = write || append || truncate;
  return { read: read || !writes, write: writes, create, append, truncate };
};

/** The rights that a handle needs to come back. */
export const rightsToReopen = (mode: OpenMode): readonly FileRight[] => {
  const { read, write } = completed(mode);
  return [...(read ? ["read" as const] : []), ...(write ? ["write" as const] : [])];
};

const DONE: Answer<void> = E.right(undefined);

export const makeFileSystem = (
  provider: FileProvider,
  rights: ReadonlySet<FileRight>,
  policy: FilePolicy,
  position: FileSystemPosition | null,
): FileSystemObject => {
  const denied = (right: FileRight): Answer<never> =>
    E.left({ tag: "Denied", service: "File_system", label: provider.name, right });
  const missing = (...needed: FileRight[]): FileRight | undefined =>
    needed.find((right) => !rights.has(right));
  const guarded = <T>(needed: readonly FileRight[], act: () => Answer<T>): Answer<T> => {
    const right = missing(...needed);
    return right === undefined ? act() : denied(right);
  };
  const carriesContent = policy === "restore";
  // A file whose content the image carries must be readable, whatever the component opened it for.
  const held = (mode: ProviderMode): ProviderMode => (carriesContent ? { ...mode, read: true } : mode);
  const rightsOf = (mode: ProviderMode): FileRight[] => [
    ...(held(mode).read ? ["read" as const] : []),
    ...(mode.write ? ["write" as const] : []),
    ...(mode.create ? ["create" as const] : []),
  ];

  const unchanged = (
    path: string,
    mode: ProviderMode,
    offset: number,
    identity: FileIdentity | null,
  ): Answer<FileObject> => {
    const file = provider.open(path, held(mode));
    if (E.isLeft(file)) return file;
    const known = policy === "rebind" ? null : identity;
    const now = known === null ? E.right(known) : file.right.identity(HASHED_BYTES);
    const changed = E.isLeft(now)
      ? now.left
      : known === null || now.right === null
        ? null
        : difference(known, now.right);
    if (changed === null) return E.right(makeFile({ path, file: file.right, mode, offset, carriesContent }));
    file.right.close();
    return E.left(typeof changed === "string" ? { tag: "Changed", path, difference: changed } : changed);
  };
  const restored = (
    path: string,
    mode: ProviderMode,
    offset: number,
    content: Uint8Array,
  ): Answer<FileObject> => {
    const file = provider.open(path, {
      read: true,
      write: true,
      create: true,
      append: false,
      truncate: true,
    });
    if (E.isLeft(file)) return file;
    const written = file.right.write(content, 0);
    if (E.isRight(written) && mode.write)
      return E.right(makeFile({ path, file: file.right, mode, offset, carriesContent }));
    file.right.close();
    if (E.isLeft(written)) return written;
    const again = provider.open(path, mode);
    return E.isLeft(again)
      ? again
      : E.right(makeFile({ path, file: again.right, mode, offset, carriesContent }));
  };

  const seen = new Map<string, string>(position?.seen ?? []);
  /** Checks of watches that wait, each with what ends it. */
  const waiting = new Map<() => void, () => void>();
  let suspended = false;
  const look = (path: string): string => {
    const stat = provider.stat(path);
    if (E.isLeft(stat)) return stat.left.tag;
    const entries = stat.right.kind === "directory" ? provider.list(path) : E.right([]);
    const facts = [stat.right, E.isRight(entries) ? entries.right : entries.left.tag];
    return sha256(JSON.stringify(facts));
  };

  return {
    contract: FileSystem,
    open(path, mode) {
      const wanted = completed(mode);
      return guarded(rightsOf(wanted), () => {
        const file = provider.open(path, held(wanted));
        return E.isLeft(file)
          ? file
          : E.right(makeFile({ path, file: file.right, mode: wanted, offset: 0, carriesContent }));
      });
    },
    reopen(path, mode, { offset, identity, content }) {
      const wanted = { ...completed(mode), create: false, truncate: false };
      const found = guarded(rightsOf(wanted), () => unchanged(path, wanted, offset, identity));
      const lost = E.isLeft(found) && (found.left.tag === "Changed" || found.left.tag === "NotFound");
      if (!lost || !carriesContent || content === null) return found;
      return guarded(["write", "create"], () => restored(path, wanted, offset, content));
    },
    stat: (path) => (rights.has("list") || rights.has("read") ? provider.stat(path) : denied("list")),
    list: (path) =>
      guarded(["list"], () =>
        E.map((entries: readonly object[]) => [...entries] as never)(provider.list(path ?? ".")),
      ),
    mkdir: (path) => guarded(["create"], () => provider.mkdir(path)),
    unlink: (path) => guarded(["remove"], () => provider.unlink(path)),
    move: (from, to) => guarded(["remove", "create"], () => provider.move(from, to)),
    watch: (path) => {
      if (!rights.has("list") && !rights.has("read")) return denied("list");
      const now = look(path);
      const last = seen.get(path) ?? now;
      seen.set(path, now);
      if (last !== now) return DONE;
      return new Promise<Answer<void>>((resolve) => {
        const check = (): void => {
          if (suspended || look(path) === seen.get(path)) return;
          seen.set(path, look(path));
          end();
          resolve(DONE);
        };
        const stop = provider.watch(path, check);
        const end = (): void => {
          waiting.delete(check);
          if (E.isRight(stop)) stop.right();
        };
        if (E.isLeft(stop)) resolve(stop);
        else waiting.set(check, end);
      });
    },
    life: {
      suspend() {
        suspended = true;
      },
      resume() {
        suspended = false;
        for (const check of [...waiting.keys()]) check();
      },
      ...(provider.entityAt === undefined
        ? {}
        : { entityAt: (path: string) => provider.entityAt?.(path) ?? null }),
      capture: (): Answer<FileSystemPosition> => E.right({ seen: [...seen] }),
      release() {
        for (const end of [...waiting.values()]) end();
      },
    },
  };
};
