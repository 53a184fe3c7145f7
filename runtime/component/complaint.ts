// Turns what esbuild says into diagnostics: positions from 1 in UTF-16 units, words that fit a component's author.

import { resolve } from "node:path";
import type { Message } from "esbuild";
import type { Diagnostic } from "../diagnostic.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { ownNamespace } from "./own-source.ts";

/** What esbuild would leave for run time, and what a component could never do there. */
export const alwaysErrors: Readonly<Record<string, string>> = {
  "unsupported-dynamic-import":
    "this import() is not of a constant text, and a component finds no files when it runs; name the module",
  "unsupported-require-call":
    "this require() is not of a constant text, and a component finds no files when it runs; name the module",
  "indirect-require":
    '`require` is not there for a component except as `require("a constant text")`; use import',
};

/** Whether a message is about a package's file, whose author is not the component's. */
export const isOfPackage = ({ location }: Message): boolean =>
  location !== null && (location.namespace === ownNamespace || /(^|\/)node_modules\//.test(location.file));

const noExport = /^No matching export in "(.*)" for import "(.*)"$/;

const wording = (message: Message, names: readonly string[]): string => {
  const instead = alwaysErrors[message.id];
  if (instead !== undefined) return instead;
  const [, from, name] = noExport.exec(message.text) ?? [];
  if (name === undefined) return message.text;
  return from === `${ownNamespace}:cryonode`
    ? `"cryonode" has no export "${name}"${didYouMean(nearest(name, names))}`
    : `"${from}" has no export "${name}"`;
};

/** `folder` is what esbuild's paths are relative to; `entry` the component's file, where there is no better place. */
export const diagnosticOf = (
  message: Message,
  entry: string,
  folder: string,
  names: readonly string[],
): Diagnostic => {
  const { location } = message;
  const text = wording(message, names);
  if (location === null) return { file: entry, line: 1, column: 1, message: text };
  // esbuild counts bytes of UTF-8.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString("utf8");
  const isFile = location.namespace === "" || location.namespace === "file";
  return {
    file: isFile ? resolve(folder, location.file) : location.file,
    line: location.line,
    column: before.length + 1,
    message: text,
  };
};
