// What the tortured migration moves: a component that holds all there is to lose, and how the world outside shows that it
// lost nothing, did nothing twice, and was never there twice.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeRecord, RECORD_BYTES } from "../../runtime/provider/epoch/epoch-record.ts";
import { silentServer, type ForeignServer } from "../torture/foreign-server.ts";
import type { Side, World } from "./two-processes.ts";

/** It counts into a file, tells a foreign server each number, and a component that stays; a part of its memory changes
 *  all the time, so that it moves in rounds. */
const TRAVELER = `import { component, FileSystem, Gate, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const line = await env.session(Gate, { label: "line" });
  const post = await env.session(Gate, { label: "post" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  const ballast = new Uint8Array(1 << 20);
  for (let n = 1; ; n++) {
    ballast.fill(n, (n % 16) << 16, ((n % 16) + 4) << 16);
    await file.write(n + "\\n");
    await line.send("tell " + n);
    await post.send("tell " + n);
    if (n % 50 === 0) await log.write("count " + n);
    await timer.sleep(5);
  }
});
`;

const STAYER = `import { component, FileSystem, Gate } from "cryonode";
export default component(async (env) => {
  const data = await env.session(FileSystem, { label: "data" });
  const post = await env.session(Gate, { label: "post" });
  const file = await data.open("heard.txt", { write: true, create: true, append: true });
  for (;;) await file.write(String(await post.receive()) + "\\n");
});
`;

const providers = (port: number): string => `    gates:
      line: { tcp: "127.0.0.1:${port}", framing: line, rights: [send] }
      post: { unix: ./post.sock, peer: cryonode, rights: [send, receive], retry: { tries: 10000 } }
      stay: { unix: ./post.sock, listen: true, peer: cryonode, rights: [send, receive] }
`;

const stayer = (side: Side): string =>
  side === "there"
    ? ""
    : `  stayer:
    component: ./stayer.ts
    routes:
      - { service: File_system, label: data, to: data }
      - { service: Gate, label: post, to: stay }
`;

export interface Traveling {
  readonly world: World;
  /** What is wrong with the world, after so many kills; null, where nothing is. */
  inspect(folder: string, kills: number): Promise<string | null>;
  close(): void;
}

const linesOf = async (path: string): Promise<readonly string[]> =>
  (await readFile(path, "utf8").catch(() => "")).split("\n").slice(0, -1);

/** Where lines are not the ones from 1 on; null where they are. */
const differs = (what: string, lines: readonly string[], line: (n: number) => string): string | null => {
  const at = lines.findIndex((each, i) => each !== line(i + 1));
  return at < 0 ? null : `${what}: line ${at + 1} of ${lines.length} is ${JSON.stringify(lines[at])}`;
};

/** Each identity has one record, whose epoch never gets less: that is looked at where it changes. */
const epochsIn = async (path: string): Promise<ReadonlyMap<string, number>> => {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const epochs = new Map<string, number>();
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    const record = Buffer.from(bytes.subarray(at, at + RECORD_BYTES));
    const holder = decodeRecord(record);
    if (holder !== null) epochs.set(record.toString("hex", 0, 16), holder.epoch);
  }
  return epochs;
};

export const traveling = async (): Promise<Traveling> => {
  const told: number[] = [];
  const server: ForeignServer = await silentServer(told);
  let known: ReadonlyMap<string, number> = new Map();
  return {
    world: {
      component: TRAVELER,
      files: { "stayer.ts": STAYER },
      providers: () => providers(server.port),
      routes: `      - { service: Gate, label: line, to: line }
      - { service: Gate, label: post, to: post }
`,
      entries: stayer,
    },
    async inspect(folder, kills) {
      const counted = differs("count.txt", await linesOf(join(folder, "data/count.txt")), String);
      const heard = differs("heard.txt", await linesOf(join(folder, "data/heard.txt")), (n) => `tell ${n}`);
      // It can't tell what came twice, so one may after each kill; it never hears of a number before all that are less.
      const once = told.filter((n, i) => n !== told[i - 1]);
      const asked = differs("what the server heard", once.map(String), String);
      const repeats = told.length - once.length;
      const epochs = await epochsIn(join(folder, "data/.cryonode-epochs"));
      const back = [...known].find(([identity, epoch]) => (epochs.get(identity) ?? 0) < epoch);
      known = epochs;
      return (
        counted ??
        heard ??
        asked ??
        (repeats > kills ? `the server heard ${repeats} numbers again after ${kills} kills` : null) ??
        (back === undefined ? null : `the epoch of ${back[0]} was ${back[1]}, and is less`)
      );
    },
    close: () => server.close(),
  };
};
