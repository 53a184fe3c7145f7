// The ways in which a scenario file names files: on the disk, in a provider, and images.

import { isAbsolute, resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import type { Schema } from "./schema.ts";
import { refined, text } from "./schema-value.ts";

/** A place in a file provider, written `provider/path`. */
export interface ProviderFile {
  readonly provider: string;
  /** Below the provider: no empty segment, no `.` and no `..`. */
  readonly path: string;
}

const clean = (path: string): boolean => path !== "" && !path.includes("\0");

/** A path on the disk, made absolute from the folder of the scenario file. */
export const diskPath = (directory: string): Schema<string> =>
  refined(text, "a path, relative to this file", (path) =>
    clean(path) ? E.right(resolve(directory, path)) : E.left(null),
  );

export const providerFile: Schema<ProviderFile> = refined(
  text,
  "PROVIDER/PATH, the name of a file provider and a path below it",
  (given) => {
    const slash = given.indexOf("/");
    const [provider, path] = [given.slice(0, slash), given.slice(slash + 1)];
    const segments = path.split("/");
    const inside = segments.every((each) => each !== "" && each !== "." && each !== "..");
    return slash > 0 && clean(path) && inside ? E.right({ provider, path }) : E.left(null);
  },
);

/** An image as it was written: see `resolveImage`. */
export const imageName: Schema<string> = refined(text, "the name of an image, or a path with a /", (image) =>
  clean(image) && image !== "." && image !== ".." && !image.endsWith("/") ? E.right(image) : E.left(null),
);

/** Where an image lies: a bare name in the state directory, a path relative to the scenario's folder. */
export const resolveImage = (image: string, stateDirectory: string, scenarioDirectory: string): string =>
  isAbsolute(image) ? image : resolve(image.includes("/") ? scenarioDirectory : stateDirectory, image);
