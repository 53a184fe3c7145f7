// Where an open file ends now, for whoever is about to append to it.
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { FileStat, OpenFile } from "./file-provider.ts";

const sizeOf = E.map(({ size }: FileStat): number => size);

/** In bytes. */
export const fileEnd = (file: OpenFile): Either<SessionError, number> => file.end?.() ?? sizeOf(file.stat());
