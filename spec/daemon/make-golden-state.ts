// Makes the golden state directory of the format of today, and keeps the base memory that it names: `npm run golden`. It
// overwrites nothing, for what a release has written is kept as it was written.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { living } from "../command/living.ts";
import { withDesk } from "../command/cli.ts";
import { GOLDEN_FILES, goldenState } from "./golden-state.ts";

const FORMAT = 1;

const folderOf = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** Bases of releases lie in `bases`, compressed. */
const keepBase = (): string => {
  const built = folderOf("dist/base");
  const [name] = readdirSync(built).filter((each) => each.endsWith(".base"));
  const kept = join(folderOf("bases"), `${name}.br`);
  mkdirSync(folderOf("bases"), { recursive: true });
  if (!existsSync(kept)) {
    const content = readFileSync(join(built, name!));
    const params = { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS };
    writeFileSync(kept, brotliCompressSync(content, { params }));
  }
  return kept;
};

/** Of a host that lives, and of one that was killed. */
const PASSING = new Set(["lock", "control.sock", "store.lmdb-lock"]);
const lasts = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return !PASSING.has(name) && !name.startsWith("lock.");
};

const into = goldenState(FORMAT);
if (existsSync(into)) throw new Error(`${into} is there already: it is kept as it is`);
await withDesk(GOLDEN_FILES, async ({ folder, cli }) => {
  const host = living(folder, ["up", "host.yaml", "--state", "state", "--json"]);
  await host.tells({ event: "log", child: "frozen", text: "count 4" });
  const { status, stderr } = await cli(["freeze", "frozen", "--state", "state"]);
  if (status !== 0) throw new Error(stderr);
  await host.tells({ event: "log", child: "alive", text: "count 7" });
  host.signal("SIGKILL");
  await host.ended;
  cpSync(join(folder, "state"), join(into, "state"), { recursive: true, filter: lasts });
  cpSync(join(folder, "data"), join(into, "data"), { recursive: true });
  rmSync(join(into, "state", "lock"), { recursive: true, force: true });
});
console.log(`${into}\n${keepBase()}`);
