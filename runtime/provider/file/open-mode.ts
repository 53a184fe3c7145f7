// The checks on modes, offsets and rights that every file provider owes its callers, made alike.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { OpenMode } from "./file-provider.ts";

/** Null for a mode that can be had. */
export const modeError = (mode: OpenMode): SessionError | null => {
  if (!mode.read && !mode.write) return refusal("open", "mode", "read or write", "neither");
  if (mode.append && !mode.write) return refusal("open", "mode", "write with append", "append alone");
  if (mode.truncate && !mode.write) return refusal("open", "mode", "write with truncate", "truncate alone");
  return null;
};

/** Whether `value` counts bytes. */
export const isOffset = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

export const offsetError = (method: string, value: number): Either<SessionError, never> =>
  E.left(refusal(method, method === "truncate" ? "size" : "offset", "a whole number from 0", String(value)));

export const rightError = (provider: string, right: "read" | "write"): Either<SessionError, never> =>
  E.left({ tag: "Denied", service: "File_system", label: provider, right });

export const closedError = (path: string): Either<SessionError, never> =>
  E.left({ tag: "Closed", what: path });

const refusal = (method: string, place: string, expected: string, actual: string): SessionError => ({
  tag: "InvalidArgument",
  method,
  place,
  expected,
  actual,
});
