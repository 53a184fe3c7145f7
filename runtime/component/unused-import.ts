// Imports of Node's modules that nothing makes use of: TypeScript drops them before anybody looks where they
// lead, but whoever wrote one is better told at once that there is nothing behind it.

import { isBuiltin } from "node:module";
import { dirname } from "node:path";
import type { BuildFailure, Message } from "esbuild";
import { absentModule } from "./absent-module.ts";

/** Marks what is asked of esbuild's own resolver. */
const asked = Symbol("asked");

/** Complaints about each such import in TypeScript files of the component's author. `entry` is its own file. */
export const unusedBuiltins = async (
  entry: string,
  files: readonly string[],
): Promise<readonly Message[]> => {
  try {
    const { build } = await import("esbuild");
    await build({
      entryPoints: [...files],
      absWorkingDir: dirname(entry),
      outdir: dirname(entry),
      bundle: true,
      write: false,
      platform: "neutral",
      format: "esm",
      target: "es2023",
      logLevel: "silent",
      logLimit: 0,
      // Imports stay as they are written.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      plugins: [
        {
          name: "cryonode-unused",
          setup(building) {
            building.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
              if (kind === "entry-point" || pluginData === asked) return undefined;
              if (!isBuiltin(path)) return { external: true };
              // A package may bear the name of a module of Node's, without its `node:`.
              const found = await building.resolve(path, { kind, importer, resolveDir, pluginData: asked });
              const there = !path.startsWith("node:") && found.errors.length === 0;
              return there ? { external: true } : { errors: [{ text: absentModule(path) }] };
            });
          },
        },
      ],
    });
    return [];
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    return errors.filter(({ pluginName }) => pluginName === "cryonode-unused");
  }
};
