// A bundled script and what the engine has compiled of it, kept beside it: a process that finds that need not compile
// again. What was kept of another text, by another Node or in another format, or is damaged, is as if it were not there.
//
//   cryonode code 1 HASH LF    sha256, in hexadecimal, of what compiled it, the script's text and what follows
//   DATA                       V8's own; it checks once more that it is of this version, these flags and this text
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { cachedDataVersionTag } from "node:v8";
import { Script } from "node:vm";
import { threadId } from "node:worker_threads";
import { beforeGrowth } from "./heap-growth.ts";

const MAGIC = "cryonode code 1 ";
const HEADER_BYTES = MAGIC.length + 64 + 1;
/** Past so many files nothing more is kept: there is one for each command and each way to call Node. */
const MOST_KEPT = 16;
/** What has run by then is kept, in ms after the script was loaded. */
const KEEP_AFTER_MS = 3000;

/** Set to `off`, nothing is kept and nothing is looked for. */
const SWITCH = "CRYONODE_CODE_CACHE";

/** What compiled it, and how: Node, the processor, and what V8 says of its version, its flags and the processor's features. */
const COMPILER = [process.version, process.platform, process.arch, cachedDataVersionTag()].join("\n");

const headerOf = (text: Uint8Array, data: Uint8Array): string => {
  const hash = createHash("sha256").update(`${COMPILER}\n${text.length}\n`).update(text).update(data);
  return `${MAGIC}${hash.digest("hex")}\n`;
};

/** Where what is kept for a use lies. */
const pathFor = (file: string, use: string): string => {
  const by = createHash("sha256").update(COMPILER).digest("hex").slice(0, 12);
  return join(dirname(file), "code", `${basename(file)}.${use}.${by}`);
};

/** Null where there is none, or not of this. */
const keptAt = (path: string, text: Uint8Array): Buffer | null => {
  let kept: Buffer;
  try {
    kept = readFileSync(path);
  } catch {
    return null;
  }
  const data = kept.subarray(HEADER_BYTES);
  return kept.toString("latin1", 0, HEADER_BYTES) === headerOf(text, data) ? data : null;
};

const remove = (path: string): void => {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where it can't be looked for, it is not.
  }
};

/** Whole or not at all. Where that can't be, as in an installation that is read only, nothing is kept. */
const keepAt = (path: string, text: Uint8Array, data: Uint8Array): void => {
  const folder = dirname(path);
  const unfinished = `${path}.${process.pid}-${threadId}`;
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length >= MOST_KEPT) return;
    writeFileSync(unfinished, Buffer.concat([Buffer.from(headerOf(text, data)), data]));
    renameSync(unfinished, path);
  } catch {
    remove(unfinished);
  }
};

/**
 * Runs a script whose text is one function expression, as CommonJS has it, in ASCII, and answers what it exports.
 * `use`: what it is loaded for, a part of a file's name; for each use what that needed is kept.
 */
export const runScript = (file: string, use: string): unknown => {
  const text = readFileSync(file);
  const isOff = process.env[SWITCH] === "off";
  const path = isOff ? "" : pathFor(file, use);
  const kept = isOff ? null : keptAt(path, text);
  const script = new Script(text.toString("latin1"), {
    filename: file,
    ...(kept === null ? {} : { cachedData: kept }),
  });
  const isFresh = kept === null || script.cachedDataRejected === true;
  if (!isOff && isFresh) {
    const flags = cachedDataVersionTag();
    let isDone = false;
    const keep = (): void => {
      if (isDone) return;
      isDone = true;
      // What is made under other flags would never be taken.
      const made = (): Buffer | null => (cachedDataVersionTag() === flags ? script.createCachedData() : null);
      const data = made() ?? beforeGrowth(made);
      if (data !== null) keepAt(path, text, data);
    };
    setTimeout(keep, KEEP_AFTER_MS).unref();
    process.once("exit", keep);
  }
  const module = { exports: {} };
  const run = script.runInThisContext() as (...given: unknown[]) => void;
  run(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
};
