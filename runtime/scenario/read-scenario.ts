// Reads a scenario file from the disk, and looks whether the files it names are there.

import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import type { Either } from "../../lib/fp.ts";
import { fileExists, isFolder, isObstructed, type Demands } from "./demands.ts";
import { inOrder } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { renderPath, subtree } from "./locate.ts";
import type { Path } from "./locate.ts";
import { readText } from "./parse-scenario.ts";
import type { Scenario } from "./scenario.ts";
import type { Source } from "./schema.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { complaints } from "./validate.ts";

/** The largest scenario file, in bytes. */
const MOST_BYTES = 1024 ** 2;

export interface ReadPowers {
  /** Whether a file that can be read, and no folder, lies at an absolute path. */
  readonly exists?: (path: string) => Promise<boolean>;
  /** Whether something that is no folder lies at an absolute path, where a folder is to be. */
  readonly obstructed?: (path: string) => Promise<boolean>;
  /** Whether a folder lies at an absolute path. */
  readonly settledAt?: (path: string) => Promise<boolean>;
  /** The names in a folder, none where it is none: from them comes the nearest right word. */
  readonly names?: (folder: string) => Promise<readonly string[]>;
}

const namesOf = async (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

interface Needed {
  readonly path: Path;
  /** As it was written. */
  readonly given: string;
}

const keysAt = ({ root }: Source, ...path: Path): readonly string[] => {
  const tree = subtree(root, path);
  return tree?.kind === "mapping" ? [...tree.entries.keys()] : [];
};

const given = ({ root }: Source, paths: readonly Path[]): readonly Needed[] =>
  paths.flatMap((path) => {
    const leaf = subtree(root, path);
    return leaf?.kind === "leaf" && leaf.source !== "" ? [{ path, given: leaf.source }] : [];
  });

/** What each provider of a kind says under a key. */
const providers = (source: Source, kind: string, key: string): readonly Path[] =>
  keysAt(source, "hosts").flatMap((host) =>
    keysAt(source, "hosts", host, kind).map((name) => ["hosts", host, kind, name, key]),
  );

/** The files that must be there before anything starts: components, and ROMs that are files. */
const needed = (source: Source): readonly Needed[] =>
  given(source, [
    ...keysAt(source, "start").map((name) => ["start", name, "component"]),
    ...providers(source, "roms", "file"),
  ]);

/** The folders that are made where they are not there. */
const folders = (source: Source): readonly Needed[] => given(source, providers(source, "files", "directory"));

/** The folders that nobody may create: they must be there. */
const settled = ({ hosts, directory }: Scenario): readonly { place: Path; folder: string; name: string }[] =>
  hosts.flatMap((host) =>
    Object.entries(host.files).flatMap(([name, file]) =>
      file.kind === "directory" && !file.rights.includes("create")
        ? [
            {
              place: ["hosts", host.name, "files", name, "directory"],
              folder: file.path,
              name: relative(directory, file.path),
            },
          ]
        : [],
    ),
  );

const textOf = async (
  path: string,
  names: NonNullable<ReadPowers["names"]>,
): Promise<Either<string, string>> => {
  try {
    const found = await stat(path);
    if (!found.isFile()) return E.left("this is no file; expected a scenario file");
    if (found.size > MOST_BYTES)
      return E.left(`the file has ${found.size} bytes; expected a scenario of at most ${MOST_BYTES}`);
    return E.right(new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path)));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA")
      return E.left("the file holds bytes that are no UTF-8; expected a text");
    if (code !== "ENOENT")
      return E.left(`the file can't be read (${code ?? String(error)}); expected a scenario file`);
    const meant = nearest(basename(path), await names(dirname(path)));
    return E.left(`there is no such file; expected a scenario file${didYouMean(meant)}`);
  }
};

/** A scenario with the text that says it, and what it asks of the disk, which is there. */
export interface ReadScenario {
  readonly scenario: Scenario;
  readonly text: string;
  readonly demands: Demands;
}

/** As `readScenario`, and what that went by. */
export const readWhole = async (
  path: string,
  { exists = fileExists, obstructed = isObstructed, settledAt = isFolder, names = namesOf }: ReadPowers = {},
): Promise<Either<readonly Diagnostic[], ReadScenario>> => {
  const text = await textOf(path, names);
  if (E.isLeft(text)) return E.left([{ file: path, line: 1, column: 1, message: text.left }]);
  const { source, scenario, diagnostics: read } = readText(text.right, path);
  if (source === null) return E.left(read);
  const diagnostics = [...read];
  const { about } = complaints(source, diagnostics);
  for (const { path: place, given: written } of needed(source)) {
    const file = resolve(dirname(path), written);
    if (await exists(file)) continue;
    const name = basename(written);
    const meant = nearest(name, await names(dirname(file)));
    const hint = meant === null ? null : written.slice(0, written.lastIndexOf(name)) + meant;
    const stood = `${renderPath(place)} is ${JSON.stringify(written)}, and no file is there`;
    about(place, `${stood}; expected the path of a file, relative to this one${didYouMean(hint)}`);
  }
  for (const { path: place, given: written } of folders(source))
    if (await obstructed(resolve(dirname(path), written)))
      about(
        place,
        `${renderPath(place)} is ${JSON.stringify(written)}, and that is no folder; expected one, or nothing`,
      );
  for (const { place, folder, name } of scenario === null ? [] : settled(scenario))
    if (!(await settledAt(folder)))
      about(
        place,
        `${renderPath(place)} is ${JSON.stringify(name)}, and no folder is there; expected one, because nobody may create it`,
      );
  if (scenario === null || diagnostics.length > 0) return E.left(inOrder(diagnostics));
  const absolute = ({ given: written }: Needed): string => resolve(dirname(path), written);
  const demands = {
    files: needed(source).map(absolute),
    folders: folders(source).map(absolute),
    settled: settled(scenario).map(({ folder }) => folder),
  };
  return E.right({ scenario, text: text.right, demands });
};

/**
 * The scenario at `path`, or all that is wrong with it, in the order of the file. Nothing is started, and
 * nothing but the file itself is read.
 */
export const readScenario = async (
  path: string,
  powers: ReadPowers = {},
): Promise<Either<readonly Diagnostic[], Scenario>> =>
  E.map(({ scenario }: ReadScenario) => scenario)(await readWhole(path, powers));
