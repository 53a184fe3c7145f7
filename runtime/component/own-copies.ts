// What of Cryonode's own installation a component may import: `io-ts` and `fp-ts`, where the component's own
// folder has none, and where their files and Cryonode's declarations lie.

import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";

/** From the package's own folder, as deep above the bundled command as above this file. */
const installed = createRequire(new URL("../../../package.json", import.meta.url));

const folders = new Map<string, string>();

const folderOf = (name: string): string => {
  const known = folders.get(name);
  if (known !== undefined) return known;
  const folder = realpathSync(dirname(installed.resolve(`${name}/package.json`)));
  folders.set(name, folder);
  return folder;
};

/** The packages that Cryonode lends to components. */
export const lentPackages = ["io-ts", "fp-ts"] as const;

/** The folder of the installed package `cryonode`. */
export const packageFolder = (): string => folderOf("cryonode");

/** The folder of a lent package's own copy. */
export const lentFolder = (name: (typeof lentPackages)[number]): string => folderOf(name);

/** The declarations that `import … from "cryonode"` gets. */
export const declarations = (): string => join(packageFolder(), "dist", "lib", "index.d.ts");

/** The declarations of what a component sees beyond the language. */
export const globals = (): string => join(packageFolder(), "lib", "globals.d.ts");

/** `io-ts/es6/index.js` for a file of a lent copy, the same on every machine; undefined for any other file. */
export const lentName = (realPath: string): string | undefined => {
  for (const name of lentPackages) {
    const folder = lentFolder(name);
    if (realPath.startsWith(folder + sep)) return name + realPath.slice(folder.length).replaceAll(sep, "/");
  }
  return undefined;
};

/** The file behind a name made by `lentName`. */
export const lentFile = (name: string): string => {
  const owner = lentPackages.find((it) => name.startsWith(`${it}/`));
  if (owner === undefined) throw new Error(`${name} is not a file of a lent package`);
  return join(lentFolder(owner), name.slice(owner.length + 1));
};
