// What is wrong with input files, on standard error: each at its place, the way editors read it.
import { isAbsolute, relative, sep } from "node:path";
import { renderDiagnostic, type Diagnostic } from "../diagnostic.ts";
import type { Console } from "./console.ts";
import { harmless } from "./style.ts";

/** Files below the working directory go by their relative name. */
export const shownPath = (path: string): string => {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short === "" || short === ".." || short.startsWith(`..${sep}`) ? path : short;
};

export const complainAbout = ({ complain }: Console, diagnostics: readonly Diagnostic[]): void => {
  for (const each of diagnostics)
    complain(harmless(renderDiagnostic({ ...each, file: shownPath(each.file) })));
};
