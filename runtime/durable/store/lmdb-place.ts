// Where LMDB's package and its native part lie, for the bundled command. Node's own way to find them takes 6 ms, of which
// most is reading folders and descriptions of packages; what is looked for here first is what it finds where a package
// manager has put things as they usually are. Anywhere else it is asked.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);

/** The nearest folder of packages that has LMDB. */
const packages = (): string | null => {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const here = join(at, "node_modules");
    if (existsSync(join(here, "lmdb/package.json"))) return here;
    if (dirname(at) === at) return null;
  }
};

const found = packages();

/** A file in its package's own folder. */
export const lmdbUrl = (): string =>
  pathToFileURL(found === null ? require.resolve("lmdb") : join(found, "lmdb/index.js")).href;

/** Loads the native part, or asks `search`, with the package's folder. Whoever has built one has another place for it. */
export const lmdbNative = (folder: string, search: (folder: string) => unknown): unknown => {
  const { platform, arch, versions, env } = process;
  const isUsual = ["LMDB_PREBUILD", "PREBUILDS_ONLY", "LIBC", "ARM_VERSION"].every(
    (name) => env[name] === undefined,
  );
  if (found === null || !isUsual || platform !== "linux" || existsSync("/etc/alpine-release"))
    return search(folder);
  const usual = join(found, `@lmdb/lmdb-${platform}-${arch}`, `node.abi${versions.modules}.glibc.node`);
  const isBuilt = existsSync(join(folder, "build")) || existsSync(join(folder, "prebuilds"));
  return !isBuilt && existsSync(usual) ? require(usual) : search(folder);
};
