// Runs a set of components under `cryonode up`, ends it with `kill -9` again and again, and looks at the world that is
// left: it must be that of a run that was never killed.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ForeignServer } from "./foreign-server.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const COMMAND = join(ROOT, "dist/bin/command/main.js");
const COMPONENTS = join(ROOT, "spec/torture/component");

export interface TortureOptions {
  readonly kills: number;
  readonly seed: number;
  /** How much each component does. */
  readonly work: number;
  /** Told how it goes. */
  readonly tell?: (text: string) => void;
}

export interface Tortured {
  /** What is wrong with the world, in words; nothing, where nothing is. */
  readonly wrong: readonly string[];
  readonly kills: number;
  /** Messages that the foreign server heard again. */
  readonly repeats: number;
}

/** Numbers from 0 up to 1 that follow from the seed (mulberry32, Tommy Ettinger). */
const numbers = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const PAYERS = ["ann", "bob"];

const configOf = (port: number, upTo: number): string => {
  const payers = PAYERS.map(
    (name) => `  ${name}:
    component: ./payer.ts
    ram: 8M
    caps: 100
    config: { name: ${name}, upTo: ${upTo} }
    routes: [{ service: LOG }, { service: Ledger, to: { child: ledger } }]
`,
  );
  return `scenario: torture
hosts:
  here:
    ram: 128M
    caps: 2000
    files:
      data: { directory: ./data, rights: [read, write, create, remove, list] }
    gates:
      line: { tcp: "127.0.0.1:${port}", framing: line, rights: [send, receive] }
start:
  writer:
    component: ./writer.ts
    ram: 8M
    caps: 100
    config: { upTo: ${upTo} }
    routes: [{ service: LOG }, { service: File_system, label: data, to: data }]
${payers.join("")}  ledger:
    component: ./ledger.ts
    ram: 8M
    caps: 100
    routes: [{ service: LOG }, { service: File_system, label: data, to: data }]
  talker:
    component: ./talker.ts
    ram: 8M
    caps: 100
    config: { upTo: ${upTo} }
    routes: [{ service: LOG }, { service: Timer }, { service: Gate, label: line, to: line }]
`;
};

const ENDING = ["writer", ...PAYERS, "talker"];

/** One run of the host: until it is killed, so many ms after it is up, or all components have ended. */
const run = (folder: string, killAfter: number | null): Promise<{ done: boolean; said: string }> =>
  new Promise((resolve) => {
    const host = spawn(process.execPath, [COMMAND, "up", "host.yaml", "--state", "state", "--json"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let killer: NodeJS.Timeout | null = null;
    const look = (text: string): void => {
      said += text;
      if (said.length > 1 << 20) said = said.slice(-(1 << 19));
      if (killAfter !== null && /"event":"(started|revived)"/.test(said))
        killer ??= setTimeout(() => host.kill("SIGKILL"), killAfter);
    };
    host.stdout.on("data", (chunk: Buffer) => look(chunk.toString()));
    host.stderr.on("data", (chunk: Buffer) => look(chunk.toString()));
    const watch = setInterval(() => void allDone(folder).then((all) => all && host.kill("SIGTERM")), 200);
    host.on("close", (code) => {
      clearInterval(watch);
      if (killer !== null) clearTimeout(killer);
      resolve({ done: code === 0, said });
    });
  });

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

/** Whether each component has said that it is done. */
const allDone = async (folder: string): Promise<boolean> => {
  const logs = await Promise.all(ENDING.map((name) => textOf(join(folder, "state", "logs", `${name}.log`))));
  return logs.every((log) => log.endsWith("done\n"));
};

const differs = (what: string, actual: string, expected: string): readonly string[] => {
  if (actual === expected) return [];
  const [is, was] = [actual.split("\n"), expected.split("\n")];
  const at = was.findIndex((line, index) => line !== is[index]);
  return [
    `${what} has ${is.length - 1} lines of ${was.length - 1}; line ${at + 1} is ${JSON.stringify(is[at])}, expected ${JSON.stringify(was[at])}`,
  ];
};

/** What is wrong with the world. */
const inspect = async (folder: string, work: number, server: ForeignServer): Promise<readonly string[]> => {
  const numbered = (line: (n: number) => string, step = 1): string =>
    Array.from({ length: Math.floor(work / step) }, (_, n) => `${line((n + 1) * step)}\n`).join("");
  const data = (name: string): Promise<string> => textOf(join(folder, "data", name));
  const log = (name: string): Promise<string> => textOf(join(folder, "state", "logs", `${name}.log`));
  const wrong = [
    ...differs("lines.txt", await data("lines.txt"), numbered(String)),
    ...differs("page.txt", await data("page.txt"), String(work).padStart(8, "0")),
    ...differs("the writer's log", await log("writer"), `${numbered((n) => `written ${n}`, 10)}done\n`),
    ...differs(
      "what the server heard",
      server.heard.join("\n"),
      Array.from({ length: work }, (_, n) => n + 1).join("\n"),
    ),
  ];
  const ledger = (await data("ledger.txt")).split("\n").slice(0, -1);
  let sum = 0;
  const booked = new Map<string, number>();
  for (const [index, line] of ledger.entries()) {
    const [entry, who = "", amount, total] = line.split(" ");
    sum += Number(amount);
    const last = booked.get(who) ?? 0;
    if (Number(entry) !== index + 1 || Number(total) !== sum || Number(amount) !== last + 1)
      wrong.push(`ledger.txt: line ${index + 1} is ${JSON.stringify(line)}`);
    booked.set(who, Number(amount));
  }
  for (const name of PAYERS) {
    if (booked.get(name) !== work) wrong.push(`${name} booked up to ${booked.get(name)}, expected ${work}`);
    const sums = ledger.filter((line) => line.split(" ")[1] === name).map((line) => line.split(" ")[3]);
    const told = `${sums.map((total, n) => `${n + 1} ${total}\n`).join("")}done\n`;
    wrong.push(...differs(`what ${name} was told`, await log(name), told));
  }
  return wrong;
};

export const torture = async ({ kills, seed, work, tell = () => {} }: TortureOptions): Promise<Tortured> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-torture-"));
  const server = await ForeignServer.listen();
  const random = numbers(seed);
  try {
    await cp(COMPONENTS, folder, { recursive: true });
    await mkdir(join(folder, "data"));
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "host.yaml"), configOf(server.port, work));
    let killed = 0;
    for (let over = false; !over;) {
      // Mostly soon after it is up, where recovery itself is at work; sometimes late.
      const after = killed < kills ? Math.floor(random() ** 2 * 600) : null;
      const { done, said } = await run(folder, after);
      over = done;
      if (done) break;
      if (after === null)
        return { wrong: [`it ended by itself:\n${said.slice(-2000)}`], kills: killed, repeats: 0 };
      killed++;
      if (/astray|can't be kept|Malformed|could not be brought/.test(said))
        return { wrong: [`after ${killed} kills:\n${said.slice(-3000)}`], kills: killed, repeats: 0 };
      tell(
        `kill ${killed} of ${kills}: ${(await textOf(join(folder, "data", "lines.txt"))).split("\n").length - 1} lines, ${server.heard.length} messages`,
      );
    }
    return { wrong: await inspect(folder, work, server), kills: killed, repeats: server.repeats };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
};
