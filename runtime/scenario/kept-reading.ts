// What a host's file was read to, kept in the state directory: reading it takes some 10 ms, most of it for YAML and for
// loading what knows it. What was kept counts where the file, its place and this program are the same to the byte, and
// the files and folders that it names are still there; otherwise it is read as ever, which also says what is wrong.
//
//   cryonode reading 1 HASH LF    sha256, in hexadecimal, of the program, the file's path, its text and what follows
//   JSON                          the scenario, and what it asks of the disk
//
// Whoever can write there has the host's key, too: the hash is there for what was cut off or belongs to another file.
import { createHash } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { E, type Either } from "../../lib/fp.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { isMet, type Demands } from "./demands.ts";
import type { Scenario } from "./scenario.ts";

const MAGIC = "cryonode reading 1 ";
const HEADER_BYTES = MAGIC.length + 64 + 1;

export interface KeptReading {
  readonly scenario: Scenario;
  /** Keeps it for the next time; null where it was kept. */
  readonly keep: (() => Promise<void>) | null;
}

interface Content {
  readonly scenario: Scenario;
  readonly demands: Demands;
}

/** The names that a file gives are looked up in its objects: they must have none of their own. */
const bare = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (Object.setPrototypeOf(value, null) as unknown)
    : value;

const parsed = (json: string): Content => JSON.parse(json, bare) as Content;

/** Without what its objects inherit. */
const bared = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(bared);
  const own = Object.entries(value).map(([key, each]) => [key, bared(each)]);
  return bare("", Object.fromEntries(own));
};

const pathIn = (state: string): string => join(state, "reading");

/** Another build has another time of change, whatever its package says of its files. */
const program = async (): Promise<string> => {
  const { size, ino, ctimeMs } = await stat(fileURLToPath(import.meta.url));
  return [process.version, size, ino, ctimeMs].join(" ");
};

const headerOf = (by: string, file: string, text: Uint8Array, json: Uint8Array): string => {
  const hash = createHash("sha256").update(`${by}\n${file}\n${resolve(file)}\n${text.length}\n`);
  return `${MAGIC}${hash.update(text).update(json).digest("hex")}\n`;
};

/** Null where there is none, or not of this. */
const keptOf = async (file: string, state: string): Promise<Scenario | null> => {
  try {
    const [by, text, kept] = await Promise.all([program(), readFile(file), readFile(pathIn(state))]);
    const json = kept.subarray(HEADER_BYTES);
    if (kept.toString("latin1", 0, HEADER_BYTES) !== headerOf(by, file, text, json)) return null;
    const { scenario, demands } = parsed(json.toString());
    return (await isMet(demands)) ? scenario : null;
  } catch {
    return null;
  }
};

/** Whole or not at all; where that can't be, the next one reads it again. */
const keep = async (file: string, state: string, text: string, content: Content): Promise<void> => {
  const json = Buffer.from(JSON.stringify(content));
  // What JSON can't say, such as infinity, is read from the file each time.
  if (!isDeepStrictEqual(parsed(json.toString()), bared(content))) return;
  const unfinished = `${pathIn(state)}.${process.pid}`;
  try {
    const header = headerOf(await program(), file, Buffer.from(text), json);
    await writeFile(unfinished, Buffer.concat([Buffer.from(header), json]), { mode: 0o600 });
    await rename(unfinished, pathIn(state));
  } catch {
    await rm(unfinished, { force: true }).catch(() => {});
  }
};

/** As `readScenario`, of a host's file; `state` is its state directory, absolute, which need not be there. */
export const readHostFile = async (
  file: string,
  state: string,
): Promise<Either<readonly Diagnostic[], KeptReading>> => {
  const kept = await keptOf(file, state);
  if (kept !== null) return E.right({ scenario: kept, keep: null });
  const { readWhole } = await import("./read-scenario.ts");
  const read = await readWhole(file);
  if (E.isLeft(read)) return read;
  const { scenario, text, demands } = read.right;
  return E.right({ scenario, keep: () => keep(file, state, text, { scenario, demands }) });
};
