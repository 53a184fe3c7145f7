// Checks the types of component files by running the TypeScript compiler as a program: it has no interface for
// programs. A component's own tsconfig is not consulted: what it may see is the same for everyone.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Diagnostic } from "../diagnostic.ts";
import { absentModule } from "./absent-module.ts";
import { declarations, globals, lentFolder, lentPackages } from "./own-copies.ts";
import { moduleFolders, realPathOf, rootFolders } from "./root-folder.ts";

/** The compiler's program, run by Node. */
const compiler = async (): Promise<string> => {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(await readFile(manifest, "utf8")) as { readonly bin: { readonly tsc: string } };
  return resolve(dirname(manifest), bin.tsc);
};

/** Where `cryonode`, `io-ts` and `fp-ts` are looked for; Cryonode's own copies of the last two come last. */
const paths = (files: readonly string[], roots: readonly string[]): Readonly<Record<string, string[]>> => {
  const folders = [
    ...new Set(files.flatMap((file) => moduleFolders(dirname(file), rootFolders(file, roots)))),
  ];
  const lent = lentPackages.flatMap((name) => {
    const places = [...folders.map((folder) => join(folder, name)), lentFolder(name)];
    return [
      [name, places],
      [`${name}/*`, places.map((place) => `${place}/*`)],
    ] as const;
  });
  return { cryonode: [declarations()], ...Object.fromEntries(lent) };
};

const settings = (files: readonly string[], roots: readonly string[]): unknown => ({
  compilerOptions: {
    noEmit: true,
    strict: true,
    target: "es2023",
    lib: ["es2023"],
    types: [],
    module: "esnext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    // Components and packages in plain JavaScript are read for their types, not judged.
    allowJs: true,
    checkJs: false,
    skipLibCheck: true,
    paths: paths(files, roots),
  },
  files: [...files, globals()],
});

type Ended = { readonly status: number | null; readonly output: string };

const run = (program: string, folder: string): Promise<Ended> =>
  new Promise((done, failed) => {
    const child = spawn(process.execPath, [program, "--pretty", "false", "--project", folder], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.once("error", failed);
    child.once("close", (status) => done({ status, output }));
  });

/** The compiler's words, without its advice to install what would change nothing for a component. */
const wording = (code: string, text: string): string => {
  const name = /^Cannot find name '([^']*)'\. Do you need to install /.exec(text)?.[1];
  if (name !== undefined && isBuiltin(name)) return absentModule(name);
  return `${text.replace(/ Do you need to .*$/, "")} (${code})`;
};

/** "Could not find a declaration file": a package in plain JavaScript is as welcome as any. */
const untypedPackage = "TS7016";

/** Names spelt with a dot-dot lead from the compiler's folder to the real file; people know it by `given`. */
const read = (output: string, folder: string, given: ReadonlyMap<string, string>): readonly Diagnostic[] => {
  const found: Diagnostic[] = [];
  let explaining = true;
  for (const line of output.split(/\r?\n/)) {
    const at = /^(.+)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(line);
    const last = found.at(-1);
    if (at !== null) explaining = at[4] !== untypedPackage;
    if (!explaining) continue;
    if (at !== null) {
      const file = resolve(folder, at[1] ?? "");
      found.push({
        file: given.get(file) ?? file,
        line: Number(at[2]),
        column: Number(at[3]),
        message: wording(at[4] ?? "", at[5] ?? ""),
      });
    } else if (last !== undefined && /^\s+\S/.test(line)) {
      // The compiler's own explanation, one reason a line.
      found[found.length - 1] = { ...last, message: `${last.message} ${line.trim()}` };
    }
  }
  return found;
};

/**
 * Every type error of the files and of what they import; none where all is well. A file that is not there is a
 * diagnostic too. Rejects where the compiler can't be run, which is a fault of the installation.
 */
export const checkTypes = async (
  files: readonly string[],
  roots: readonly string[],
): Promise<readonly Diagnostic[]> => {
  const given = new Map<string, string>();
  const missing: Diagnostic[] = [];
  for (const file of files.map((it) => resolve(it))) {
    const real = realPathOf(file);
    if (real === undefined) missing.push({ file, line: 1, column: 1, message: "there is no such file" });
    else given.set(real, file);
  }
  if (given.size === 0) return missing;
  const folder = await realpath(await mkdtemp(join(tmpdir(), "cryonode-types-")));
  try {
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(settings([...given.keys()], roots)));
    const { status, output } = await run(await compiler(), folder);
    const found = read(output, folder, given);
    if (status !== 0 && !/error TS\d+/.test(output))
      throw new Error(`the TypeScript compiler failed: ${output.trim()}`);
    return [...missing, ...found];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
