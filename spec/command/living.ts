// A command that runs until it is told to stop: what it says, as it says it.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/command/main.js", import.meta.url));

/** No spec takes longer, in ms. */
const MOST_MS = 50_000;

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Living {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** What it said with `--json`, so far. */
  events(): readonly Readonly<Record<string, unknown>>[];
  /** Resolves when its standard output holds this, `count` times; rejects when it ends before. */
  says(text: string, count?: number): Promise<void>;
  /** Resolves with the first event that has these facts; rejects when it ends before. */
  tells(facts: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** What its process is given beside the program: arguments of Node's own, and its environment's variables. */
export interface Preload {
  readonly node: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts the program in a folder. It is killed after `most` ms. */
export const living = (
  folder: string,
  args: readonly string[],
  most = MOST_MS,
  { node, env }: Preload = { node: [], env: {} },
): Living => {
  const child = spawn(process.execPath, [...node, PROGRAM, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  // Whoever waits for it in vain is to hear what it said, and nothing is left of it.
  const late = setTimeout(() => child.kill("SIGKILL"), most);
  let [stdout, stderr] = ["", ""];
  let over: Ended | null = null;
  const waiting = new Set<() => void>();
  const heard = (): void => {
    for (const look of waiting) look();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      clearTimeout(late);
      over = { status, signal };
      heard();
      resolve(over);
    });
  });
  const wait = <T>(look: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined && over === null) return;
        waiting.delete(check);
        if (found !== undefined) resolve(found);
        else
          reject(
            new Error(`it ended (${JSON.stringify(over)}) and did not say ${what}:\n${stdout}\n${stderr}`),
          );
      };
      waiting.add(check);
      check();
    });
  const events = (): Readonly<Record<string, unknown>>[] =>
    stdout
      .slice(0, stdout.lastIndexOf("\n") + 1)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const has = (event: Readonly<Record<string, unknown>>, facts: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(facts).every(([key, value]) => event[key] === value);
  return {
    pid: child.pid!,
    stdout: () => stdout,
    stderr: () => stderr,
    events,
    says: async (text, count = 1) => {
      await wait(() => (stdout.split(text).length > count ? true : undefined), text);
    },
    tells: (facts) => wait(() => events().find((event) => has(event, facts)), JSON.stringify(facts)),
    signal: (signal) => void child.kill(signal),
    ended,
  };
};
