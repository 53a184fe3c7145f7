// A step of a build: writes the engine and the base memory of this release to where every process of it finds them.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildBase, guestLibrary } from "./base.ts";
import { sha256 } from "../digest.ts";
import { encodeBase } from "./base-file.ts";
import { baseFileName, BUILT, CURRENT } from "./base-library.ts";
import { ENGINE_COPY, loadEngine, packagedEngine } from "./wasm-module.ts";

/** A process that reads meanwhile finds the whole of a file, or none. */
const write = (name: string, content: Uint8Array | string): void => {
  const path = join(BUILT, name);
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
};

const ENGINE = basename(fileURLToPath(ENGINE_COPY));
mkdirSync(BUILT, { recursive: true });
write(ENGINE, packagedEngine());
const engine = loadEngine();
const library = guestLibrary();
const base = buildBase(engine, library);
const name = baseFileName(base.hash);
write(name, encodeBase(base, { engine: engine.hash, library: sha256(library) }));
write(CURRENT, `${base.hash}\n`);
const kept: ReadonlySet<string> = new Set([ENGINE, name, CURRENT]);
for (const other of readdirSync(BUILT)) if (!kept.has(other)) rmSync(join(BUILT, other), { force: true });
