// Decides what each import of a component means: the guest library, a lent package, a file below the roots, or
// a diagnostic at the import that says where it led and what is allowed.

import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { basename, dirname, extname, resolve } from "node:path";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild, ResolveResult } from "esbuild";
import { didYouMean, nearest } from "../nearest.ts";
import { absentModule } from "./absent-module.ts";
import { guestModule } from "./guest-module.ts";
import { lentFile, lentName, lentPackages, packageFolder } from "./own-copies.ts";
import { ownNamespace } from "./own-source.ts";
import { isBelow, moduleFolders, namesIn, realPathOf } from "./root-folder.ts";

/** The guest library's path in it. */
const guestPath = "cryonode";
/** Marks what this plugin asks of esbuild's own resolver, so that it doesn't answer itself. */
const asked = Symbol("asked");

const refusal = (text: string): OnResolveResult => ({ errors: [{ text }] });

/** `fp-ts/Either` names `fp-ts`, `@scope/a/b` names `@scope/a`. */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

const isRelative = (specifier: string): boolean => /^(\.\.?)?(\/|$)/.test(specifier);

/** The installed packages that an import in `folder` could have meant. */
const packagesSeen = (folder: string, roots: readonly string[]): readonly string[] => [
  guestPath,
  ...lentPackages,
  ...moduleFolders(folder, roots).flatMap((modules) =>
    namesIn(modules).flatMap((name) =>
      name.startsWith("@") ? namesIn(resolve(modules, name)).map((it) => `${name}/${it}`) : [name],
    ),
  ),
];

const unresolved = (specifier: string, folder: string, roots: readonly string[]): string => {
  const opening = `could not resolve "${specifier}"`;
  if (!isRelative(specifier)) {
    const wanted = packageOf(specifier);
    const seen = packagesSeen(folder, roots);
    // A package that is there but lacks the file named has no better spelling.
    return opening + (seen.includes(wanted) ? "" : didYouMean(nearest(wanted, seen)));
  }
  const beside = dirname(resolve(folder, specifier));
  const real = realPathOf(beside);
  if (real === undefined || !isBelow(real, roots)) return opening;
  const wanted = basename(specifier);
  // Whether or not the import spells the ending, the suggestion follows it.
  const names = namesIn(real).map((name) => (extname(wanted) === "" ? basename(name, extname(name)) : name));
  const found = nearest(wanted, names);
  return opening + didYouMean(found === null ? null : specifier.slice(0, -wanted.length) + found);
};

const outside = (what: string, path: string, roots: readonly string[]): string =>
  `${what} leads to ${path}, outside what a component may import: ` +
  `"cryonode", "io-ts", "fp-ts" and what lies below ${roots.join(" or ")}`;

const resolveImport = async (
  build: PluginBuild,
  args: OnResolveArgs,
  roots: readonly string[],
): Promise<OnResolveResult> => {
  const { path: specifier, kind, importer } = args;
  if (specifier === "cryonode") return { path: guestPath, namespace: ownNamespace, sideEffects: false };
  if (packageOf(specifier) === "cryonode")
    return refusal(`"${specifier}" is not there for a component: it sees "cryonode" only`);
  if (specifier.startsWith("node:")) return refusal(absentModule(specifier));

  const ask = (resolveDir: string): Promise<ResolveResult> =>
    build.resolve(specifier, { kind, importer, resolveDir, with: args.with, pluginData: asked });
  /** Where a result leads, if a component may go there. */
  const granted = (result: ResolveResult): OnResolveResult | undefined => {
    if (result.errors.length > 0 || result.external) return undefined;
    // The module's text stands in the import itself.
    if (result.namespace === "dataurl") return { path: result.path, namespace: result.namespace };
    const real = realPathOf(result.path);
    if (real === undefined) return undefined;
    const { sideEffects } = result;
    const lent = lentName(real);
    if (lent !== undefined) return { path: lent, namespace: ownNamespace, sideEffects };
    return isBelow(real, roots) ? { path: real, sideEffects, suffix: result.suffix } : undefined;
  };

  const found = await ask(args.resolveDir);
  const there = granted(found);
  if (there !== undefined) return there;
  if (lentPackages.some((name) => name === packageOf(specifier))) {
    const lent = granted(await ask(packageFolder()));
    if (lent !== undefined) return lent;
  }
  if (isBuiltin(specifier)) return refusal(absentModule(specifier));
  return refusal(
    found.errors.length > 0
      ? unresolved(specifier, args.resolveDir, roots)
      : outside(`"${specifier}"`, realPathOf(found.path) ?? found.path, roots),
  );
};

/** Confines a build to real paths below `roots`; `entry` is the component's own file, already known to be. */
export const resolver = (entry: string, roots: readonly string[], names: readonly string[]): Plugin => ({
  name: "cryonode",
  setup(build) {
    build.onResolve({ filter: /.*/ }, (args) => {
      if (args.pluginData === asked) return undefined;
      return args.path === entry ? { path: entry } : resolveImport(build, args, roots);
    });
    // An import by pattern finds its files itself; here it is held to the same rule.
    build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => {
      const real = realPathOf(path) ?? path;
      return isBelow(real, roots) ? undefined : { errors: [{ text: outside("this", real, roots) }] };
    });
    build.onLoad({ filter: /.*/, namespace: ownNamespace }, async ({ path }) => {
      if (path === guestPath) return { contents: guestModule(names), loader: "js" };
      const file = lentFile(path);
      return { contents: await readFile(file, "utf8"), resolveDir: dirname(file), loader: "default" };
    });
  },
});
