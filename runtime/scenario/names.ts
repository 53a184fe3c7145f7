// The names a scenario file declares, taken from its tree: an entry whose inside is wrong still has its name,
// so that one mistake does not make every mention of it another.

import { subtree } from "./locate.ts";
import type { Path } from "./locate.ts";
import type { Mapping, Tree } from "./tree.ts";

export type ProviderKind = "files" | "gates" | "roms";

export interface Names {
  /** Names of providers, by host and kind. */
  readonly hosts: ReadonlyMap<string, Readonly<Record<ProviderKind, readonly string[]>>>;
  /** Start entries, and whether each waits for its step. */
  readonly children: ReadonlyMap<string, { readonly later: boolean }>;
}

/** The host of a file that names none. */
export const ONLY_HOST = "here";

const keys = (tree: Tree | null): readonly string[] =>
  tree?.kind === "mapping" ? [...tree.entries.keys()] : [];

export const namesIn = (root: Mapping): Names => {
  const at = (...path: Path): Tree | null => subtree(root, path);
  const hosts = root.entries.has("hosts") ? keys(at("hosts")) : [ONLY_HOST];
  return {
    hosts: new Map(
      hosts.map((host) => [
        host,
        {
          files: keys(at("hosts", host, "files")),
          gates: keys(at("hosts", host, "gates")),
          roms: keys(at("hosts", host, "roms")),
        },
      ]),
    ),
    children: new Map(
      keys(at("start")).map((child) => {
        const later = at("start", child, "later");
        return [child, { later: later?.kind === "leaf" && later.value === true }];
      }),
    ),
  };
};
