// What components compile to, now: compiled again only where a file that went in is no longer what it was.
import { stat } from "node:fs/promises";
import { compileComponent, type Compiled } from "../component/compile.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { E, type Either } from "../../lib/fp.ts";

interface Kept {
  readonly compiled: Compiled;
  readonly print: string;
}

/** A file that was written so shortly before it was read may be written again in the same tick of its clock, in ms. */
const TICK_MS = 50;

/** What a change of these files shows in; null where it might not. */
const printOf = async (files: readonly string[], before: number): Promise<string | null> => {
  try {
    const facts = await Promise.all(files.map((file) => stat(file)));
    if (facts.some(({ mtimeMs }) => mtimeMs > before - TICK_MS)) return null;
    return facts.map(({ ino, size, mtimeMs, ctimeMs }) => `${ino}:${size}:${mtimeMs}:${ctimeMs}`).join(" ");
  } catch {
    return null;
  }
};

export class CodeCache {
  readonly #kept = new Map<string, Kept>();
  readonly #under = new Map<string, Promise<Either<readonly Diagnostic[], Compiled>>>();

  /** What a component compiles to; `roots` as for the compiler. Left: all that is wrong with it. */
  async compiled(file: string, roots: readonly string[]): Promise<Either<readonly Diagnostic[], Compiled>> {
    const kept = this.#kept.get(file);
    if (kept !== undefined && (await printOf(kept.compiled.sources, Infinity)) === kept.print)
      return E.right(kept.compiled);
    const under = this.#under.get(file) ?? this.#compile(file, roots);
    this.#under.set(file, under);
    return under;
  }

  async #compile(file: string, roots: readonly string[]): Promise<Either<readonly Diagnostic[], Compiled>> {
    const began = Date.now();
    try {
      const compiled = await compileComponent({ file, roots });
      if (E.isLeft(compiled)) return compiled;
      const print = await printOf(compiled.right.sources, began);
      if (print === null) this.#kept.delete(file);
      else this.#kept.set(file, { compiled: compiled.right, print });
      return compiled;
    } finally {
      this.#under.delete(file);
    }
  }
}
