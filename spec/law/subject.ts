// The components that the laws are tried on, each with the world it is put into. A component in one of the two
// folders that has no world here fails the specs.
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { OPEN_ROUTES, type World, type WorldOptions } from "../domain/world.ts";

/** The folders as they lie in the repository; the specs run from dist. */
const OWN = new URL("../../../spec/law/component/", import.meta.url);
const BUNDLED = new URL("../../../components/", import.meta.url);

const TEXT = ["Zwölf Boxkämpfer jagen", "Viktor quer über", "", "den großen Sylter Deich", "€", "ende"].join(
  "\r\n",
);

const inject =
  (messages: readonly (readonly [at: number, gate: string, text: string])[]) =>
  (world: World): void => {
    for (const [at, gate, text] of messages) world.clock.at(at, () => world.inject(gate, text));
  };

const own: Readonly<Record<string, WorldOptions>> = {
  closures: {},
  collections: {},
  dataspaces: {},
  decoding: { files: { data: { "table.csv": "größe;€\n1.5;20\n2;30\n3;-1e3\n" } } },
  fault: { files: { data: {} } },
  files: { files: { data: { "in/text.txt": TEXT } } },
  gates: {
    gates: ["line", "peer"],
    script: inject([
      [1, "line", "one"],
      [1, "line", "two"],
      [2, "peer", "first answer"],
      [3, "line", "three"],
      [5, "line", "four"],
      [5, "peer", "second answer"],
      [5, "line", "five"],
      [9, "peer", "third answer"],
      [11, "line", "six"],
    ]),
  },
  generators: {},
  promises: {},
  randomness: {},
  revived: {},
  roms: {
    roms: { input: "first" },
    config: { any: ["thing", 1.5, null] },
    script: ({ clock, roms }) => {
      clock.at(3, () => roms.source("input").replace("second"));
      clock.at(7, () => roms.source("input").replace("third"));
      clock.at(8, () => roms.source("input").replace('{"from":"fourth"}'));
    },
  },
  threads: {},
  timers: {},
  watching: {
    files: { data: { flag: "0" } },
    script: ({ clock, files }) => {
      const write = (path: string, text: string): void => {
        const opened = files.get("data")!.open(path, {
          read: false,
          write: true,
          create: true,
          append: false,
          truncate: false,
        });
        if (opened._tag === "Left") throw new Error(opened.left.tag);
        opened.right.write(Buffer.from(text), 0);
        opened.right.close();
      };
      clock.at(4, () => write("other", "x"));
      clock.at(9, () => write("flag", "1"));
      clock.at(15, () => write("flag", "22"));
      clock.at(19, () => write("third", "y"));
    },
  },
};

const bundled: Readonly<Record<string, WorldOptions>> = {
  counter: { files: { data: {} }, config: { upTo: 4 } },
};

export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly options: WorldOptions;
}

const subjectsIn = (folder: URL, worlds: Readonly<Record<string, WorldOptions>>): readonly Subject[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((entry) => {
      const name = basename(entry, ".ts");
      const options = worlds[name];
      if (options === undefined)
        throw new Error(`${fileURLToPath(folder)}${entry} has no world in spec/law/subject.ts`);
      return {
        name,
        file: fileURLToPath(new URL(entry, folder)),
        options: { routes: OPEN_ROUTES, ...options },
      };
    });

/** Components made for the laws, then those that the repository brings along. */
export const subjects = (): readonly Subject[] => [...subjectsIn(OWN, own), ...subjectsIn(BUNDLED, bundled)];
