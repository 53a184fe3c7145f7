// The command line as its users meet it: the compiled program in a process of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/command/main.js", import.meta.url));

/** Of the sources: this file runs two folders below `dist`. */
export const repository = fileURLToPath(new URL("../../../", import.meta.url));

/** One line of `--json`. */
export interface Told {
  readonly event: string;
  readonly child?: string;
  readonly text?: string;
  readonly ok?: boolean;
  readonly [fact: string]: unknown;
}

export interface Ran {
  readonly status: number | null;
  readonly events: readonly Told[];
  readonly stderr: string;
}

const told = (line: string): Told => JSON.parse(line) as Told;

/** `cryonode run FILE --json` in a given state directory, which stays. */
const runIn = async (file: string, state: string): Promise<Ran> => {
  const child = spawn(process.execPath, [PROGRAM, "run", file, "--state", state, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const collected = { out: "", error: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (collected.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (collected.error += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const events = collected.out
    .split("\n")
    .filter((line) => line !== "")
    .map(told);
  return { status, events, stderr: collected.error };
};

/** Runs a scenario in a process of its own; in a state directory of its own too, unless `state` names one. */
export const run = async (file: string, state?: string): Promise<Ran> => {
  if (state !== undefined) return runIn(file, state);
  const folder = await mkdtemp(join(tmpdir(), "cryonode-scenario-"));
  try {
    return await runIn(file, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** What of a run did not hold: nothing where its verdict does. */
export const complaints = ({ status, events, stderr }: Ran): readonly string[] => [
  ...(status === 0 ? [] : [`exit status ${status}: ${stderr}`]),
  ...events.filter(({ ok }) => ok === false).map((event) => JSON.stringify(event)),
  ...(events.at(-1)?.event === "verdict" ? [] : [`the last event is ${JSON.stringify(events.at(-1))}`]),
];

/** What a child wrote to its log, all incarnations together. */
export const logOf = ({ events }: Ran, name: string): readonly string[] =>
  events.flatMap(({ event, child, text }) => (event === "log" && child === name ? [text ?? ""] : []));
