// The components that the laws are tried on, each with the world it is put into. A component in one of the two
// folders that has no world here fails the specs.
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { MemoryFiles } from "../../runtime/provider/file/memory.ts";
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
  unlinked: { files: { data: { "old.txt": "first line\nsecond line\n", "deep/er/x": "x" } } },
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

const TABLES = fileURLToPath(new URL("../../../node_modules/vega-datasets/data", import.meta.url));
const POEM = ["Über allen Gipfeln", "ist Ruh,", "", "in allen Wipfeln", "spürest du"].join("\n");

const rom =
  (name: string, versions: readonly (readonly [at: number, content: string])[]) =>
  ({ clock, roms }: World): void => {
    for (const [at, content] of versions) clock.at(at, () => roms.source(name).replace(content));
  };

const bundled: Readonly<Record<string, WorldOptions>> = {
  correspondent: {
    config: { name: "here", letters: 3, ahead: 1 },
    gates: ["post"],
    script: inject([
      [1, "post", "there 1"],
      [1, "post", "there 2"],
      [7, "post", "there 3"],
    ]),
  },
  counter: { files: { data: {} }, config: { upTo: 4 } },
  curious: {
    files: { notes: { "today.txt": "all quiet" } },
    routes: [{ service: "LOG" }, { service: "File_system", label: "notes" }],
  },
  dataspaces: {},
  dialogue: {
    config: { say: ["one", "two"], answers: 2 },
    gates: ["line"],
    script: inject([
      [1, "line", "a"],
      [1, "line", "b"],
      [4, "line", "c"],
      [5, "line", "d"],
    ]),
  },
  dice: { files: { table: {} } },
  display: {
    roms: { shown: "first" },
    script: rom("shown", [
      [2, "second"],
      [5, ""],
      [6, "third"],
    ]),
  },
  faulty: { config: { way: "error" } },
  inbox: {
    files: { data: { "inbox/old.txt": "old", "inbox/deep/er.txt": "deeper" } },
    script: ({ clock, files }) => {
      const data = (): MemoryFiles => files.get("data")!;
      const write = (path: string): void => {
        const mode = { read: false, write: true, create: true, append: false, truncate: false };
        const opened = data().open(path, mode);
        if (opened._tag === "Left") throw new Error(opened.left.tag);
        opened.right.write(Buffer.from(path), 0);
        opened.right.close();
      };
      clock.at(2, () => write("inbox/new.txt"));
      clock.at(5, () => data().unlink("inbox/deep/er.txt"));
      clock.at(6, () => write("inbox/deep/new.txt"));
      clock.at(9, () => write("inbox/stop"));
    },
  },
  pause: { config: { ms: 5 } },
  postbox: {
    gates: ["post"],
    script: inject([
      [1, "post", "to"],
      [1, "post", "be"],
      [9, "post", "goodbye"],
    ]),
  },
  referee: { files: { table: { "draws.txt": "a b\na c\n" } } },
  sleeper: { config: { sleep: 8, gap: 0 } },
  thermostat: {
    roms: { room: '{"degrees":18}' },
    script: rom("room", [
      [2, '{"degrees":20}'],
      [4, '{"degrees":22}'],
      [8, '{"degrees":20}'],
    ]),
  },
  threads: {},
  traveller: { files: { library: { "poem.txt": POEM } }, gates: ["out"] },
  weather: {
    config: { table: "seattle-weather.csv", report: "weather.txt", block: 8000 },
    directories: { tables: TABLES },
    files: { reports: {} },
  },
};

/** Components that wait for more for ever; all others must come to an end. */
const ENDLESS: ReadonlySet<string> = new Set(["display", "thermostat"]);

export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly options: WorldOptions;
  /** Whether it comes to an end. */
  readonly ends: boolean;
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
        ends: !ENDLESS.has(name),
      };
    });

/** Components made for the laws, then those that the repository brings along. */
export const subjects = (): readonly Subject[] => [...subjectsIn(OWN, own), ...subjectsIn(BUNDLED, bundled)];
