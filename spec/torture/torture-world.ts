// The world that a tortured host lives in: its configuration, the foreign servers that its components talk to, and what
// must be true of all that in the end.
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { confirmingServer, noteService, Notes, silentServer, type ForeignServer } from "./foreign-server.ts";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const COMPONENTS = join(ROOT, "spec/torture/component");

const PAYERS = ["ann", "bob", "dan"];
/** Has little to do. */
const DROWSY = "dan";
/** Of one that has little to do, in ms; and how long it is idle before it rests. */
const PAUSE = 60;
const REST = 5;
const APPENDERS = ["left", "right"];
const PENS = ["anna", "bruno"];
/** Those that come to an end, once they are told to stop. */
const ENDING = [
  ...["writer", "talker", "asker", "often", "once", "poster", "reader", "patient", "tally"],
  ...PAYERS,
  ...APPENDERS,
  ...PENS,
];

const data = "{ service: File_system, label: data, to: data }";
const control = "{ service: File_system, label: control, to: control }";
const gate = (to: string, more = ""): string => {
  const label = to === "web" ? to : PENS.includes(to) ? "post" : "line";
  return `{ service: Gate, label: ${label}, to: ${to}${more} }`;
};

const entry = (name: string, component: string, routes: readonly string[], more = ""): string => `  ${name}:
    component: ./${component}.ts
    ram: 8M
    caps: 100
${more}    routes: [{ service: LOG }, { service: Timer }, ${[...routes, control].join(", ")}]
`;

/** Everyone there is, by name. */
const entriesOf = (): ReadonlyMap<string, string> => {
  const named = (name: string): string => `    config: { name: ${name} }\n`;
  const to = (service: string, child: string): string => `{ service: ${service}, to: { child: ${child} } }`;
  const all: readonly (readonly [string, string, readonly string[], string?])[] = [
    ["writer", "writer", [data]],
    ...PAYERS.map((name) => {
      const config = name === DROWSY ? `    config: { name: ${name}, pause: ${PAUSE} }\n` : named(name);
      return [name, "payer", [to("Ledger", "ledger")], config] as const;
    }),
    ["ledger", "ledger", [data]],
    ["talker", "talker", [gate("talk")]],
    ["asker", "asker", [gate("ask")]],
    ["often", "teller", [gate("often")]],
    ["once", "teller", [gate("once", ", delivery: at-most-once")]],
    ["poster", "poster", [gate("web")]],
    ...APPENDERS.map((name) => [name, "appender", [data], named(name)] as const),
    ["reader", "reader", [data]],
    ["moody", "moody", [], "    restart: { most: 1000, within: 1s }\n"],
    ["patient", "patient", [to("Moody", "moody")]],
    ...PENS.map((name) => [name, "pen", [data, gate(name)], named(name)] as const),
    ["tally", "tally", [data]],
  ];
  return new Map(all.map(([name, ...rest]) => [name, entry(name, ...rest)]));
};

export const EVERYONE: readonly string[] = [...entriesOf().keys()];

export interface WorldOptions {
  /** Whoever is idle is put to rest. Default: nobody is. */
  readonly rests?: boolean | undefined;
  /** How often checkpoints are made, as a configuration says it. Default: as by default. */
  readonly checkpoint?: string | undefined;
}

const configOf = (cast: readonly string[], ports: readonly number[], more: WorldOptions): string => {
  const [talk = 0, ask = 0, often = 0, once = 0, web = 0] = ports;
  const tcp = (name: string, port: number): string =>
    `      ${name}: { tcp: "127.0.0.1:${port}", framing: line, rights: [send, receive] }\n`;
  return `scenario: torture
hosts:
  here:
    ram: 256M
    caps: 4000
${more.rests === true ? `    rest: { after: ${REST}ms }\n` : ""}${more.checkpoint === undefined ? "" : `    checkpoint: ${more.checkpoint}\n`}    files:
      data: { directory: ./data, rights: [read, write, create, remove, list] }
      control: { directory: ./control, rights: [list] }
    gates:
      anna: { unix: ./post.sock, listen: true, peer: cryonode, rights: [send, receive] }
      bruno: { unix: ./post.sock, peer: cryonode, rights: [send, receive], retry: { tries: 10000 } }
${tcp("talk", talk)}${tcp("ask", ask)}${tcp("often", often)}${tcp("once", once)}      web: { http: "http://127.0.0.1:${web}", rights: [send, receive] }
start:
${cast.map((name) => entriesOf().get(name)).join("")}`;
};

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** Where two lists of lines differ first; nothing, where they don't. */
const differs = (what: string, is: readonly string[], expected: readonly string[]): readonly string[] => {
  const length = Math.max(is.length, expected.length);
  for (let at = 0; at < length; at++)
    if (is[at] !== expected[at])
      return [
        `${what} has ${is.length} lines of ${expected.length}; line ${at + 1} is ${JSON.stringify(is[at])}, expected ${JSON.stringify(expected[at])}`,
      ];
  return [];
};

const upTo = (count: number, line: (n: number) => string = String): string[] =>
  Array.from({ length: count }, (_, n) => line(n + 1));

export class TortureWorld {
  readonly folder: string;
  readonly ports: readonly number[];
  readonly cast: readonly string[];
  readonly #servers: readonly ForeignServer[];
  readonly #talk: Notes;
  readonly #ask: Notes;
  readonly #posted: Notes;
  readonly #often: readonly number[];
  readonly #once: readonly number[];

  private constructor(
    folder: string,
    cast: readonly string[],
    servers: readonly ForeignServer[],
    notes: readonly [Notes, Notes, Notes],
    told: readonly [readonly number[], readonly number[]],
  ) {
    this.folder = folder;
    this.cast = cast;
    this.#servers = servers;
    this.ports = servers.map(({ port }) => port);
    [this.#talk, this.#ask, this.#posted] = notes;
    [this.#often, this.#once] = told;
  }

  /** In a folder that is there and empty; `cast` names those who play. */
  static async make(folder: string, cast: readonly string[], more: WorldOptions = {}): Promise<TortureWorld> {
    const notes = [new Notes(), new Notes(), new Notes()] as const;
    const told: [number[], number[]] = [[], []];
    const servers = [
      await confirmingServer(notes[0]),
      await confirmingServer(notes[1]),
      await silentServer(told[0]),
      await silentServer(told[1]),
      await noteService(notes[2]),
    ];
    const world = new TortureWorld(folder, cast, servers, notes, told);
    await cp(COMPONENTS, folder, { recursive: true });
    await mkdir(join(folder, "data"));
    await mkdir(join(folder, "control"));
    await writeFile(join(folder, "data", "large.txt"), "0123456789abcdef".repeat(24576));
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "host.yaml"), configOf(cast, world.ports, more));
    return world;
  }

  get data(): string {
    return join(this.folder, "data");
  }
  get state(): string {
    return join(this.folder, "state");
  }

  /** All come to their ends from now on. */
  stop(): Promise<void> {
    return writeFile(join(this.folder, "control", "stop"), "");
  }

  #log(name: string): Promise<readonly string[]> {
    return textOf(join(this.state, "logs", `${name}.log`)).then((text) => text.split("\n").slice(0, -1));
  }

  /** How far it has come: entries in logs and files, messages heard. */
  get progress(): string {
    return `${this.#talk.heard.length} messages, ${this.#posted.heard.length} posted`;
  }

  /** Who has not yet said that it is done. */
  async undone(): Promise<readonly string[]> {
    const ending = ENDING.filter((name) => this.cast.includes(name));
    const logs = await Promise.all(ending.map((name) => this.#log(name)));
    return ending.filter((_, at) => !/^done [0-9]+$/.test(logs[at]!.at(-1) ?? ""));
  }

  /** What is wrong with the world, in words, after so many kills; nothing, where nothing is. */
  async inspect(kills: number): Promise<readonly string[]> {
    const done = async (name: string): Promise<number> =>
      Number(/^done ([0-9]+)$/.exec((await this.#log(name)).at(-1) ?? "")?.[1] ?? Number.NaN);
    const undone = await this.undone();
    if (undone.length > 0) return [`not done: ${undone.join(", ")}`];
    const lines = async (name: string): Promise<readonly string[]> =>
      (await textOf(join(this.data, name))).split("\n").slice(0, -1);
    const log = async (
      name: string,
      entries: (n: number) => readonly string[],
    ): Promise<readonly string[]> => {
      const n = await done(name);
      return differs(`the log of ${name}`, await this.#log(name), [...entries(n), `done ${n}`]);
    };
    const heard = async (name: string, { heard: is }: Notes): Promise<readonly string[]> =>
      differs(`what ${name} said`, is.map(String), upTo(await done(name)));
    const checks: Readonly<Record<string, () => Promise<readonly string[]>>> = {
      writer: () => this.#inspectWriter(done, lines),
      ledger: () => this.#inspectLedger(done, lines),
      talker: async () => [...(await heard("talker", this.#talk)), ...(await log("talker", () => []))],
      asker: async () => [...(await heard("asker", this.#ask)), ...(await log("asker", () => []))],
      often: () => this.#inspectOften(kills, done),
      once: () => this.#inspectOnce(kills, done),
      poster: async () => [
        ...(await heard("poster", this.#posted)),
        ...(await log("poster", (count) => upTo(count, (n) => `${n} ok ${n}`))),
      ],
      left: () => this.#inspectShared(done, lines),
      anna: async () =>
        differs(
          "what anna read",
          await lines("anna.txt"),
          upTo(await done("bruno"), (n) => `bruno ${n}`),
        ),
      bruno: async () =>
        differs(
          "what bruno read",
          await lines("bruno.txt"),
          upTo(await done("anna"), (n) => `anna ${n}`),
        ),
      reader: () => log("reader", readings),
      patient: () => log("patient", patience),
      tally: async () => differs("tally.txt", await lines("tally.txt"), upTo(await done("tally"))),
    };
    const found = await Promise.all(this.cast.map((name) => checks[name]?.() ?? Promise.resolve([])));
    return found.flat();
  }

  async #inspectWriter(done: Done, lines: Lines): Promise<readonly string[]> {
    const written = await done("writer");
    const tens = Math.floor(written / 10);
    const log = [...upTo(tens, (n) => `written ${n * 10}`), `done ${written}`];
    const text = (name: string): Promise<string> => textOf(join(this.data, name));
    return [
      ...differs("lines.txt", await lines("lines.txt"), upTo(written)),
      ...differs(
        "page.txt",
        [await text("page.txt")],
        [written === 0 ? "" : String(written).padStart(8, "0")],
      ),
      ...differs("scratch.txt", [await text("scratch.txt")], [tens === 0 ? "" : `at ${tens * 10}`]),
      ...differs("the log of writer", await this.#log("writer"), log),
    ];
  }

  async #inspectLedger(done: Done, lines: Lines): Promise<readonly string[]> {
    const wrong: string[] = [];
    const ledger = await lines("ledger.txt");
    let sum = 0;
    const booked = new Map<string, number>();
    for (const [index, line] of ledger.entries()) {
      const [number, who = "", amount, total] = line.split(" ");
      sum += Number(amount);
      const last = booked.get(who) ?? 0;
      if (Number(number) !== index + 1 || Number(total) !== sum || Number(amount) !== last + 1)
        wrong.push(`ledger.txt: line ${index + 1} is ${JSON.stringify(line)}`);
      booked.set(who, Number(amount));
    }
    for (const name of PAYERS.filter((each) => this.cast.includes(each))) {
      const count = await done(name);
      if ((booked.get(name) ?? 0) !== count)
        wrong.push(`${name} booked up to ${booked.get(name)}, expected ${count}`);
      const sums = ledger.filter((line) => line.split(" ")[1] === name).map((line) => line.split(" ")[3]);
      const told = [...sums.map((total, n) => `${n + 1} ${total}`), `done ${count}`];
      wrong.push(...differs(`what ${name} was told`, await this.#log(name), told));
    }
    return wrong;
  }

  async #inspectShared(done: Done, lines: Lines): Promise<readonly string[]> {
    const shared = await lines("shared.txt");
    const wrong = shared.filter((line) => !/^(left|right) [0-9]+ x*$/.test(line));
    for (const name of APPENDERS.filter((each) => this.cast.includes(each))) {
      const own = shared.filter((line) => line.startsWith(`${name} `)).map((line) => line.split(" ")[1]!);
      wrong.push(...differs(`what ${name} appended`, own, upTo(await done(name))));
    }
    return wrong;
  }

  /** Whoever can't tell what came twice heard at most one thing again a kill. */
  async #inspectOften(kills: number, done: Done): Promise<readonly string[]> {
    const often = this.#often.filter((n, at) => n !== this.#often[at - 1]);
    const repeats = this.#often.length - often.length;
    const wrong = differs("what was told at least once", often.map(String), upTo(await done("often")));
    return repeats > kills ? [...wrong, `${repeats} repeats after ${kills} kills`] : wrong;
  }

  /** Or did not hear one thing a kill. */
  async #inspectOnce(kills: number, done: Done): Promise<readonly string[]> {
    const wrong: string[] = [];
    const losses = (await done("once")) - this.#once.length;
    if (losses < 0 || losses > kills) wrong.push(`${losses} losses after ${kills} kills`);
    const back = this.#once.findIndex((n, at) => n <= (this.#once[at - 1] ?? 0));
    if (back >= 0) wrong.push(`told at most once: ${this.#once[back]} after ${this.#once[back - 1]}`);
    return wrong;
  }

  /** What foreign servers heard again, or not at all. */
  async doubts(): Promise<{ readonly repeats: number; readonly losses: number }> {
    const told = Number(/([0-9]+)$/.exec((await this.#log("once")).at(-1) ?? "")?.[1] ?? 0);
    const again = this.#often.filter((n, at) => n === this.#often[at - 1]).length;
    return {
      repeats: this.#talk.repeats + this.#ask.repeats + this.#posted.repeats + again,
      losses: told - this.#once.length,
    };
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

type Done = (name: string) => Promise<number>;
type Lines = (name: string) => Promise<readonly string[]>;

/** What the moody service says to the numbers up to `count`. */
const patience = (count: number): readonly string[] => {
  let sum = 0;
  return upTo(count, (n) => (n % 10 === 0 ? `${n} Failed` : `${n} ${(sum += n)}`));
};

/** What the reader says of `large.txt`. */
const readings = (count: number): readonly string[] => {
  const content = "0123456789abcdef";
  let sum = 0;
  const said: string[] = [];
  for (let n = 1; n <= count; n++) {
    sum = (sum + 131072 + content.charCodeAt((n % 65536) % 16)) % 1_000_003;
    if (n % 10 === 0) said.push(`${n} ${sum}`);
  }
  return said;
};
