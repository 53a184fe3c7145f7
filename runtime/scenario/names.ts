// The names a scenario file declares, taken from its tree: an entry whose inside is wrong still has its name,
// so that one mistake does not make every mention of it another.

import { subtree } from "./locate.ts";
import type { Path } from "./locate.ts";
import { PEER_KINDS } from "./schema-gate.ts";
import { HOST_KEYS } from "./schema-host.ts";
import type { Mapping, Tree } from "./tree.ts";

export type ProviderKind = "files" | "gates" | "roms";

export interface Names {
  /** Names of providers, by host and kind; null where a slip in the host makes them unsure. */
  readonly hosts: ReadonlyMap<string, Readonly<Record<ProviderKind, readonly string[] | null>>>;
  /** The kind of a gate that has a peer of its own, which a scenario can't play; null for any other. */
  readonly peerKind: (host: string, gate: string) => string | null;
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
  const providers = (host: string, kind: ProviderKind): readonly string[] | null => {
    const section = at("hosts", host, kind);
    if (section !== null) return section.kind === "mapping" ? keys(section) : null;
    return keys(at("hosts", host)).every((key) => HOST_KEYS.includes(key)) ? [] : null;
  };
  return {
    hosts: new Map(
      hosts.map((host) => [
        host,
        { files: providers(host, "files"), gates: providers(host, "gates"), roms: providers(host, "roms") },
      ]),
    ),
    peerKind: (host, gate) => {
      const given = keys(at("hosts", host, "gates", gate));
      return PEER_KINDS.find((kind) => given.includes(kind)) ?? null;
    },
    children: new Map(
      keys(at("start")).map((child) => {
        const later = at("start", child, "later");
        return [child, { later: later?.kind === "leaf" && later.value === true }];
      }),
    ),
  };
};
