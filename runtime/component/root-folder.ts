// The folders below which everything lies that a component may import, compared by real path, so that a
// symbolic link is judged by where it leads.

import { readdirSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** The real path, or undefined where nothing is there. */
export const realPathOf = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
};

/** Real, absolute folders: the given ones and the component's own. */
export const rootFolders = (file: string, roots: readonly string[]): readonly string[] => [
  ...new Set([dirname(file), ...roots].map((root) => realPathOf(root) ?? resolve(root))),
];

/** Whether a real path lies below one of the folders. */
export const isBelow = (realPath: string, folders: readonly string[]): boolean =>
  folders.some((folder) => {
    const path = relative(folder, realPath);
    return path !== ".." && !path.startsWith(`..${sep}`);
  });

/** The `node_modules` folders that an import in `folder` sees below the roots, nearest first. */
export const moduleFolders = (folder: string, roots: readonly string[]): readonly string[] => {
  const found: string[] = [];
  for (let at = folder; isBelow(at, roots); at = dirname(at)) {
    found.push(join(at, "node_modules"));
    if (dirname(at) === at) break;
  }
  return found;
};

/** The names in a folder; none where it can't be read. */
export const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
