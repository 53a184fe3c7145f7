// What `npm run bench:peers` has installed, in a folder of its own.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the peers' own sides of the job lie, with their packages. */
export const peers = fileURLToPath(new URL("../../../bench/peers", import.meta.url));

export const installed = (path: string): string => join(peers, "node_modules", path);

/** Why a peer can't be run: one of these packages is not there. */
export const missing = (...packages: readonly string[]): string | null => {
  const absent = packages.filter((name) => !existsSync(installed(name)));
  return absent.length === 0 ? null : `${absent.join(" and ")} could not be installed`;
};
