// The last step of a build: writes the base memory of this release to where every process of it finds it.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBase, guestLibrary } from "./base.ts";
import { sha256 } from "../digest.ts";
import { encodeBase } from "./base-file.ts";
import { baseFileName, BUILT, CURRENT } from "./base-library.ts";
import { loadEngine } from "./wasm-module.ts";

/** A process that reads meanwhile finds the whole of a file, or none. */
const write = (name: string, content: Uint8Array | string): void => {
  const path = join(BUILT, name);
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
};

const engine = loadEngine();
const library = guestLibrary();
const base = buildBase(engine, library);
const name = baseFileName(base.hash);
mkdirSync(BUILT, { recursive: true });
write(name, encodeBase(base, { engine: engine.hash, library: sha256(library) }));
write(CURRENT, `${base.hash}\n`);
for (const other of readdirSync(BUILT))
  if (other !== name && other !== CURRENT) rmSync(join(BUILT, other), { force: true });
