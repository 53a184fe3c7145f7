// `cryonode logs NAME`: what a child wrote to its log, whoever is there now; with -f, what it writes from now on.
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import { ask } from "../daemon/control-client.ts";
import { refusal } from "../daemon/control-protocol.ts";
import { HostReport } from "../daemon/entry-report.ts";
import { hasLog, readLog } from "../daemon/log-reader.ts";
import { StateFolder } from "../daemon/state-folder.ts";
import { didYouMean, nearest } from "../nearest.ts";
import type { Console } from "./console.ts";
import { OK, type ExitStatus } from "./exit-status.ts";
import { refuse, type HostCommand } from "./host-command.ts";
import { jsonReport } from "./json-report.ts";
import { harmless } from "./style.ts";

export interface LogsCommand extends HostCommand {
  readonly name: string;
  readonly follow: boolean;
  /** How many of the last lines; none: all. */
  readonly lines: string | undefined;
}

/** Names of children that have a log, or that the host knows, if there is one. */
const known = async (state: string, folder: string): Promise<readonly string[] | null> => {
  const files = await readdir(folder).catch(() => null);
  const logs = (files ?? []).flatMap((name) => (name.endsWith(".log") ? [name.slice(0, -4)] : []));
  const answer = await ask(state, { command: "ps" });
  const report = E.isRight(answer) ? HostReport.decode(answer.right) : null;
  if (report !== null && E.isRight(report))
    return [...new Set([...logs, ...report.right.entries.map(({ name }) => name)])];
  return files === null ? null : logs;
};

export const logs = async (
  command: LogsCommand,
  console: Console,
  signal: AbortSignal,
): Promise<ExitStatus> => {
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const { name, json, follow } = command;
  const state = resolve(command.state);
  const { logs: folder } = new StateFolder(state);
  const wrong = (tag: string, message: string): ExitStatus =>
    refuse(command, refusal(tag, message, "input"), console, since);
  const lines = command.lines === undefined ? null : Number(command.lines);
  if (lines !== null && !(Number.isSafeInteger(lines) && lines >= 0))
    return wrong("Usage", `--lines is ${JSON.stringify(command.lines)}; expected a whole number`);
  const report = jsonReport(console, since);
  const line = (text: string): void => {
    if (!json) return console.print(harmless(text));
    const event = { event: "log", child: name, text };
    report(event);
  };
  if (name.includes("/") || !(await hasLog(folder, name))) {
    const names = await known(state, folder);
    if (names === null) return wrong("NoHost", `no host has run at ${state}`);
    if (!names.includes(name)) {
      const meant = didYouMean(nearest(name, names));
      return wrong(
        "NoSuchEntry",
        `there is no child ${JSON.stringify(name)}; expected one of ${names.join(", ") || "none"}${meant}`,
      );
    }
  }
  await readLog({ folder, child: name, lines, follow, signal, line });
  return OK;
};
