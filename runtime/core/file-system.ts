// File_system, served: a provider's files with the rights that the route left.
import type * as t from "io-ts";
import { struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { FileSystem, type OpenMode } from "../../lib/session/file-system.ts";
import type { Fence } from "../provider/epoch/incarnation.ts";
import { fencedFiles } from "../provider/file/fenced-files.ts";
import type { FileProvider, FileRight, OpenMode as ProviderMode } from "../provider/file/file-provider.ts";
import { makeFile, type FileObject } from "./file.ts";
import type { FilePosition, RecoveredPosition } from "./file-position.ts";
import { reopenedFile } from "./reopened-file.ts";
import type { FilePolicy } from "./route.ts";
import type { Answer, Effect, Serving } from "./service.ts";
import { Seen, Watches } from "./watches.ts";

export const FileSystemPosition = struct({ seen: Seen }, {}, "FileSystemPosition");
export type FileSystemPosition = t.TypeOf<typeof FileSystemPosition>;

export interface FileSystemObject extends Serving<typeof FileSystem> {
  /** Opens again what `open` had opened, at its position and under the route's policy. Creates and truncates
   *  nothing. `revival` tells this revival from every other. */
  reopen(
    path: string,
    mode: OpenMode,
    position: FilePosition | RecoveredPosition,
    revival: string,
  ): Answer<FileObject>;
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

const EFFECTS: readonly FileRight[] = ["write", "create", "remove"];

/** The files are the revived incarnation's. */
const coming = (fence: Fence): Effect => ({
  enact: () => fence.raise(),
  retract: () => fence.lower(),
  confirm: () => {},
});

/** `fence`: asked before each change. */
export const makeFileSystem = (
  files: FileProvider,
  rights: ReadonlySet<FileRight>,
  policy: FilePolicy,
  position: FileSystemPosition | null,
  fence: Fence | null = null,
): FileSystemObject => {
  const isFenced = fence !== null && EFFECTS.some((right) => rights.has(right));
  const provider = isFenced ? fencedFiles(files, fence) : files;
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
  const watches = new Watches(provider, rights.has("list"), position?.seen ?? []);

  return {
    contract: FileSystem,
    open(path, wanted) {
      const mode = completed(wanted);
      return guarded(rightsOf(mode), () => {
        const file = provider.open(path, held(mode));
        return E.isLeft(file)
          ? file
          : E.right(makeFile({ provider, path, file: file.right, mode, offset: 0, carriesContent }));
      });
    },
    reopen(path, wanted, known, revival) {
      const mode = { ...completed(wanted), create: false, truncate: false };
      const refusal = (needed: readonly FileRight[]): Answer<never> | null => {
        const right = missing(...needed);
        return right === undefined ? null : denied(right);
      };
      return reopenedFile({ provider, policy, refusal, path, mode, position: known, revival });
    },
    stat: (path) => (rights.has("list") || rights.has("read") ? provider.stat(path) : denied("list")),
    list: (path) =>
      guarded(["list"], () =>
        E.map((entries: readonly object[]) => [...entries] as never)(provider.list(path ?? ".")),
      ),
    mkdir: (path) => guarded(["create"], () => provider.mkdir(path)),
    unlink: (path) => guarded(["remove"], () => provider.unlink(path)),
    move: (from, to) => guarded(["remove", "create"], () => provider.move(from, to)),
    watch: (path, { deep = false } = {}) =>
      rights.has("list") || rights.has("read") ? watches.watch(path, deep) : denied("list"),
    life: {
      suspend: () => watches.suspend(),
      resume: () => watches.resume(),
      cancel: (call) => watches.cancel(call),
      ...(provider.entityAt === undefined
        ? {}
        : { entityAt: (path: string) => provider.entityAt?.(path) ?? null }),
      ...(provider.settle === undefined
        ? {}
        : { settle: (before) => provider.settle?.(before) ?? E.right(undefined) }),
      ...(isFenced ? { effect: coming(fence) } : {}),
      capture: (): Answer<FileSystemPosition> => E.right({ seen: watches.capture() }),
      release: () => watches.release(),
    },
  };
};
