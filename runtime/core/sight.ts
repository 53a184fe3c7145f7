// What is to be seen at a path: the entry itself, of a directory its entries, and where it is looked at deeply
// theirs, too. Two sights tell what has changed between them.
import * as t from "io-ts";
import { natural, text } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import type { FileChange } from "../../lib/session/file-system.ts";
import type { FileProvider } from "../provider/file/file-provider.ts";
import type { Answer } from "./service.ts";

const Kind = t.union([t.literal("file"), t.literal("directory")]);

/** Path, kind, bytes, and the time of its last change in ms; of a directory the latter two are 0, since what
 *  changes in it shows in its entries. */
export const SeenEntry = t.tuple([text, Kind, natural, t.number]);
export type SeenEntry = t.TypeOf<typeof SeenEntry>;

/** By path, in the order of paths. */
export type Sight = ReadonlyMap<string, SeenEntry>;

const ENTRY_BYTES = 24;

/** About what the sight at a path takes in an image, in bytes. */
export const weight = (path: string, sight: Sight): number => {
  let bytes = path.length + ENTRY_BYTES;
  for (const seen of sight.keys()) bytes += seen.length + ENTRY_BYTES;
  return bytes;
};

/** Nothing stands there that a component could open. */
const isAbsent = ({ tag }: { readonly tag: string }): boolean =>
  tag === "NotFound" || tag === "NotDirectory" || tag === "InvalidPath";

const entry = (path: string, kind: "file" | "directory", size: number, modified: number): SeenEntry =>
  kind === "file" ? [path, kind, size, modified] : [path, kind, 0, 0];

const lookInto = (
  provider: FileProvider,
  directory: string,
  deep: boolean,
  into: Map<string, SeenEntry>,
): Answer<void> => {
  const entries = provider.list(directory);
  if (E.isLeft(entries)) return isAbsent(entries.left) ? E.right(undefined) : entries;
  for (const { name, kind, size, modified } of entries.right) {
    const path = directory === "" ? name : `${directory}/${name}`;
    into.set(path, entry(path, kind, size, modified));
    const looked = deep && kind === "directory" ? lookInto(provider, path, deep, into) : E.right(undefined);
    if (E.isLeft(looked)) return looked;
  }
  return E.right(undefined);
};

/** `path` is `""` for the provider's root. `lists`: whether entries of directories may be shown. */
export const look = (provider: FileProvider, path: string, deep: boolean, lists: boolean): Answer<Sight> => {
  const stat = provider.stat(path);
  const found = new Map<string, SeenEntry>();
  if (E.isLeft(stat)) return isAbsent(stat.left) ? E.right(found) : stat;
  const { kind, size, modified } = stat.right;
  found.set(path, entry(path, kind, size, modified));
  if (kind === "file") return E.right(found);
  if (!lists) return E.left({ tag: "Denied", service: "File_system", label: provider.name, right: "list" });
  const looked = lookInto(provider, path, deep, found);
  return E.isLeft(looked) ? looked : E.right(found);
};

const sameEntry = (a: SeenEntry, b: SeenEntry): boolean => a[2] === b[2] && a[3] === b[3];

/** In the order of paths. What became something of another kind was removed and created. */
export const changesBetween = (before: Sight, after: Sight): FileChange[] => {
  const changes: FileChange[] = [];
  const tell = ([path, kind]: SeenEntry, change: FileChange["change"]): void =>
    void changes.push({ path: path === "" ? "." : path, kind, change });
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [was, is] = [before.get(path), after.get(path)];
    const replaced = was !== undefined && is !== undefined && was[1] !== is[1];
    if (was !== undefined && (is === undefined || replaced)) tell(was, "removed");
    if (is !== undefined && (was === undefined || replaced)) tell(is, "created");
    if (was !== undefined && is !== undefined && !replaced && !sameEntry(was, is)) tell(is, "changed");
  }
  return changes;
};
