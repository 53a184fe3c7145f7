// From a component's TypeScript file to the one ES module that the engine runs, with its source map. What does
// not compile, or imports what is not there for a component, is a diagnostic and never reaches an engine.

import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { BuildFailure, BuildOptions, Message, Metafile } from "esbuild";
import { E, type Either } from "../../lib/fp.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { sha256 } from "../digest.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { alwaysErrors, diagnosticOf, isOfPackage } from "./complaint.ts";
import { guestNames as ownGuestNames } from "./guest-module.ts";
import { lentFile } from "./own-copies.ts";
import { ownNamespace, startFile } from "./own-source.ts";
import { resolver } from "./resolver.ts";
import { isBelow, namesIn, realPathOf, rootFolders } from "./root-folder.ts";
import { unusedBuiltins } from "./unused-import.ts";

export type Compiled = {
  /** The component's file, absolute. */
  readonly file: string;
  /** What its code is called in the engine's stacks: `counter.js` for `counter.ts`. */
  readonly name: string;
  /** One ES module, ES2023, that hands the component to the guest library. The same wherever its folder lies. */
  readonly code: string;
  /** JSON; its sources are relative to the component's folder, and their text is not in it. */
  readonly sourceMap: string;
  /** Every file that went in, absolute. */
  readonly sources: readonly string[];
  /** SHA-256 of `code` in UTF-8, in hexadecimal. */
  readonly hash: string;
  /** What looks wrong and compiles all the same. */
  readonly warnings: readonly Diagnostic[];
};

export type CompileOptions = {
  /** The component's file. */
  readonly file: string;
  /** Folders below which it may import, besides its own: the scenario's. */
  readonly roots: readonly string[];
  /** The public names of `cryonode`; default: those of this installation. */
  readonly guestNames?: readonly string[];
};

const at = (file: string, message: string): Diagnostic => ({ file, line: 1, column: 1, message });

/**
 * Plain characters only, so that a frame that names it can be read back. The guest library's frames are told
 * apart by `guest.js`, so no component may go by that.
 */
const codeName = (file: string): string => {
  const stem = basename(file, extname(file)).replaceAll(/[^\w.-]/g, "_");
  return stem === "guest" ? "guest-component.js" : `${stem}.js`;
};

/** Why the file itself can't be a component; undefined where it can be read and lies where it says. */
const unfit = async (file: string, roots: readonly string[]): Promise<string | undefined> => {
  const real = realPathOf(file);
  if (real === undefined)
    return `there is no such file${didYouMean(nearest(basename(file), namesIn(dirname(file))))}`;
  if (!(await stat(real)).isFile()) return "this is not a file; a component is a TypeScript file";
  return isBelow(real, roots) ? undefined : `this leads to ${real}, outside ${roots.join(" and ")}`;
};

const optionsFor = (
  entry: string,
  name: string,
  roots: readonly string[],
  names: readonly string[],
): BuildOptions & { write: false; metafile: true } => ({
  stdin: {
    contents: `import main from ${JSON.stringify(entry)}; globalThis.__cryonode.start(main);`,
    resolveDir: dirname(entry),
    sourcefile: startFile,
    loader: "js",
  },
  absWorkingDir: dirname(entry),
  outfile: join(dirname(entry), name),
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "es2023",
  platform: "neutral",
  mainFields: ["module", "main"],
  // `import` and `require` each get a package's own half for it; nothing is said of Node or of browsers.
  conditions: [],
  // Packages ask for it while they load, and there is no `process` to ask.
  define: { "process.env.NODE_ENV": '"production"' },
  sourcemap: "external",
  sourcesContent: false,
  // The engine counts columns in bytes of UTF-8, source maps in UTF-16 units: in ASCII they are the same.
  charset: "ascii",
  legalComments: "none",
  // The component's own tsconfig has no say, here as in the check of its types.
  tsconfigRaw: "{}",
  logLevel: "silent",
  logLimit: 0,
  logOverride: Object.fromEntries(Object.keys(alwaysErrors).map((id) => [id, "warning" as const])),
  plugins: [resolver(entry, roots, names)],
});

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && "errors" in error && "warnings" in error;

const isInPackage = (file: string): boolean => /[\\/]node_modules[\\/]/.test(file);

/** The files of a build, absolute, without what is not a file. */
const filesOf = ({ inputs }: Metafile, folder: string): readonly string[] =>
  Object.keys(inputs).flatMap((input) => {
    if (input === startFile || input === `${ownNamespace}:cryonode` || input.startsWith("dataurl:"))
      return [];
    return input.startsWith(`${ownNamespace}:`)
      ? [lentFile(input.slice(ownNamespace.length + 1))]
      : [resolve(folder, input)];
  });

/** Compiles one component. Left: everything that is wrong with it, at its place. Rejects only on a fault of ours. */
export const compileComponent = async (
  options: CompileOptions,
): Promise<Either<readonly Diagnostic[], Compiled>> => {
  const file = resolve(options.file);
  const roots = rootFolders(file, options.roots);
  const wrong = await unfit(file, roots);
  if (wrong !== undefined) return E.left([at(file, wrong)]);
  const entry = realPathOf(file) ?? file;
  const folder = dirname(entry);
  const name = codeName(file);
  const names = options.guestNames ?? (await ownGuestNames());
  const noDefault = at(
    file,
    "it has no default export; a component is `export default component(async (env) => …)`",
  );

  const diagnose = (message: Message): Diagnostic => {
    if (message.location?.file === startFile) return noDefault;
    const found = diagnosticOf(message, entry, folder, names);
    return found.file === entry ? { ...found, file } : found;
  };
  const fatal = (message: Message): boolean =>
    message.id in alwaysErrors || message.location?.file === startFile;

  try {
    // Loaded when it is needed: a host that brings back what lived compiles nothing.
    const { build } = await import("esbuild");
    const { outputFiles, metafile, warnings } = await build(optionsFor(entry, name, roots, names));
    const said = warnings.filter((message) => !isOfPackage(message));
    const [ownInput] = Object.entries(metafile.inputs).filter(([path]) => resolve(folder, path) === entry);
    // Without a format it neither imports nor exports anything, which esbuild lets pass as CommonJS.
    const errors = [
      ...said.filter(fatal).map(diagnose),
      ...(ownInput?.[1].format === undefined ? [noDefault] : []),
    ];
    const own = filesOf(metafile, folder).filter((it) => /\.[cm]?tsx?$/.test(it) && !isInPackage(it));
    errors.push(...(await unusedBuiltins(entry, own)).map(diagnose));
    if (errors.length > 0) return E.left(errors);
    const code = outputFiles.find(({ path }) => path.endsWith(".js"))?.text;
    const sourceMap = outputFiles.find(({ path }) => path.endsWith(".js.map"))?.text;
    if (code === undefined || sourceMap === undefined) throw new Error("esbuild made no code");
    return E.right({
      file,
      name,
      code,
      sourceMap,
      sources: filesOf(metafile, folder),
      hash: sha256(code),
      warnings: said.map(diagnose),
    });
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const late = error.warnings.filter((message) => message.id in alwaysErrors && !isOfPackage(message));
    return E.left([...error.errors, ...late].map(diagnose));
  }
};
