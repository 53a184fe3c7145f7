// The base memories that this release has: its own, written when it was built, and those of earlier ones, which an
// image that was frozen under them names by hash.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { E } from "../../lib/fp.ts";
import { buildBase, guestLibrary, type Base } from "./base.ts";
import { sha256 } from "../digest.ts";
import { decodeBase, encodeBase } from "./base-file.ts";
import { compileEngine, type EngineCode } from "./wasm-module.ts";

/** Where this release's own base lies, with its hash in the file `current`. */
export const BUILT = fileURLToPath(new URL("../../base", import.meta.url));
/** Where those of earlier releases lie, `HASH.base` or compressed `HASH.base.br` each. */
const EARLIER = fileURLToPath(new URL("../../../bases", import.meta.url));

export const CURRENT = "current";
export const baseFileName = (hash: string): string => `${hash}.base`;

/** More than any base takes, in bytes. */
const MOST_BASE_BYTES = 64 << 20;

/** As a release before compressed it; null where there is none, or it is damaged. */
const uncompressed = (path: string): Uint8Array | null => {
  const content = contentOf(path);
  if (content === null) return null;
  try {
    return brotliDecompressSync(content, { maxOutputLength: MOST_BASE_BYTES });
  } catch {
    return null;
  }
};

const HASH = /^[0-9a-f]{64}$/;

export interface LibraryOptions {
  /** What children start from. Default: this release's own base, as its build left it in `built`, or else built now. */
  readonly current?: Base | undefined;
  readonly built?: string | undefined;
  /** Folders of bases, besides the release's own. Default: those of earlier releases. */
  readonly folders?: readonly string[] | undefined;
}

/** In memory that all threads share. */
const shared = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

const inSharedMemory = (base: Base): Base => {
  const memory = shared(base.memory.length);
  memory.set(base.memory);
  return { ...base, memory };
};

const contentOf = (path: string): Uint8Array | null => {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
};

export class BaseLibrary {
  /** What a child starts from. */
  readonly current: Base;
  readonly #engine: EngineCode;
  readonly #built: string;
  readonly #folders: string[];
  readonly #known = new Map<string, Base>();

  constructor(engine: EngineCode, { current, built = BUILT, folders = [EARLIER] }: LibraryOptions = {}) {
    this.#engine = engine;
    this.#built = built;
    this.#folders = [built, ...folders];
    this.current =
      current === undefined
        ? (this.#own() ?? inSharedMemory(buildBase(compileEngine(engine))))
        : inSharedMemory(current);
    this.#known.set(this.current.hash, this.current);
  }

  /** The base with this sha256, in hexadecimal; null where there is none that is whole and made for the engine. */
  find(hash: string): Base | null {
    const known = this.#known.get(hash);
    if (known !== undefined) return known;
    for (const folder of this.#folders) {
      const base = this.#read(folder, hash);
      if (base === null) continue;
      this.#known.set(hash, base);
      return base;
    }
    return null;
  }

  /** From now on bases are looked for there, too. What a name says is what is in it, whoever put it there: a hash. */
  look(folder: string): void {
    if (!this.#folders.includes(folder)) this.#folders.push(folder);
  }

  /** The file of a base, for whoever does not have it; null where there is none. */
  file(hash: string): Uint8Array | null {
    const base = this.find(hash);
    if (base === null) return null;
    for (const folder of this.#folders) {
      const content = contentOf(join(folder, baseFileName(hash)));
      const file = content === null ? null : decodeBase(content);
      if (file !== null && E.isRight(file) && file.right.base.hash === hash) return content;
    }
    // It was built in memory, of this release's library.
    return encodeBase(base, { engine: this.#engine.hash, library: sha256(guestLibrary()) });
  }

  /** As the build left it, if it was made of the library that lies beside it. */
  #own(): Base | null {
    const hash = contentOf(join(this.#built, CURRENT));
    return hash === null
      ? null
      : this.#read(this.#built, Buffer.from(hash).toString().trim(), sha256(guestLibrary()));
  }

  #read(folder: string, hash: string, library?: string): Base | null {
    if (!HASH.test(hash)) return null;
    const path = join(folder, baseFileName(hash));
    const content = contentOf(path) ?? uncompressed(`${path}.br`);
    const file = content === null ? null : decodeBase(content, shared);
    if (file === null || E.isLeft(file)) return null;
    const { base, origin } = file.right;
    const isIt = base.hash === hash && origin.engine === this.#engine.hash;
    return isIt && (library === undefined || origin.library === library) ? base : null;
  }
}
