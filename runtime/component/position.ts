// From the engine's positions to the author's: stacks name lines of compiled code, and this maps them back to
// TypeScript. Stack and source map may both come from a hostile image: what can't be mapped is left as it is.

import { TraceMap, originalPositionFor } from "@jridgewell/trace-mapping";
import { ownNamespace, startFile } from "./own-source.ts";

export type Position = {
  /** As the source map names it: relative to the component's folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
};

/** Where the guest library's frames are. */
const guestName = "guest.js";

type Frame = Position & { readonly opening: string; readonly closing: string };

/** The last `FILE:LINE:COLUMN` of a frame's line, in parentheses where a function is named. */
const frameOf = (text: string): Frame | undefined => {
  if (!/^\s*at /.test(text)) return undefined;
  const end = /:(\d{1,9}):(\d{1,9})(\)?)$/.exec(text);
  if (end === null) return undefined;
  const [, line, column, closing = ""] = end;
  const before = text.slice(0, end.index);
  // A function may be called anything; the file's name is what follows the last opening parenthesis.
  const start = closing === ")" ? before.lastIndexOf(" (") + 2 : before.indexOf("at ") + 3;
  if (start < 2) return undefined;
  return {
    opening: before.slice(0, start),
    file: before.slice(start),
    line: Number(line),
    column: Number(column),
    closing,
  };
};

/** Whether a name can stand in a line of a log: no control characters, and not endless. */
const isPrintable = (name: string): boolean => name.length < 4096 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name);

/** A hostile map may count backwards, or beyond all bounds. */
const isCount = (n: number, from: number): boolean => Number.isSafeInteger(n) && n >= from;

const decoded = (source: string): string => {
  try {
    return decodeURI(source);
  } catch {
    return source;
  }
};

const traceMap = (sourceMap: string): TraceMap | undefined => {
  try {
    const map: unknown = JSON.parse(sourceMap);
    if (typeof map !== "object" || map === null || !("sources" in map)) return undefined;
    const { sources } = map;
    if (!Array.isArray(sources) || !sources.every((it) => typeof it === "string")) return undefined;
    return new TraceMap(sourceMap);
  } catch {
    return undefined;
  }
};

/** The author's position of a frame of compiled code; undefined where the map has none that is sound. */
const original = (map: TraceMap, frame: Frame): Position | undefined => {
  try {
    // The engine's columns count from 1, a source map's from 0.
    const { source, line, column } = originalPositionFor(map, {
      line: frame.line,
      column: Math.max(0, frame.column - 1),
    });
    // Typed as text, but an index beyond the sources gives nothing at all.
    if (typeof source !== "string" || !isCount(line, 1) || !isCount(column, 0)) return undefined;
    const file = decoded(source);
    return isPrintable(file) ? { file, line, column: column + 1 } : undefined;
  } catch {
    return undefined;
  }
};

/**
 * A stack with the TypeScript positions of the code called `name`. Frames of the guest library are left out;
 * frames that `sourceMap` says nothing about stay as they are. Never throws.
 */
export const mapStack = (stack: string, name: string, sourceMap: string): string => {
  const map = traceMap(sourceMap);
  return stack
    .split("\n")
    .flatMap((text) => {
      const frame = frameOf(text);
      if (frame === undefined) return [text];
      if (frame.file === guestName) return [];
      const position = frame.file === name && map !== undefined ? original(map, frame) : undefined;
      if (position === undefined) return [text];
      if (position.file === startFile) return [];
      return [`${frame.opening}${position.file}:${position.line}:${position.column}${frame.closing}`];
    })
    .join("\n");
};

/** The innermost position in a stack that is the author's: not of an evaluated text, not of a lent package. */
export const firstPosition = (stack: string): Position | undefined => {
  for (const text of stack.split("\n")) {
    const frame = frameOf(text);
    if (frame === undefined || frame.file.startsWith("<") || frame.file.startsWith(`${ownNamespace}:`))
      continue;
    return { file: frame.file, line: frame.line, column: frame.column };
  }
  return undefined;
};
