// `cryonode migrate NAME --to PEER` and its kind: moves a child to another host while it runs. Ctrl-C stops it in every
// phase before the decision; the child runs on then.
import { E, type Either } from "../../lib/fp.ts";
import type { Refusal } from "../daemon/control-protocol.ts";
import type { DurableEvent } from "../daemon/durable-event.ts";
import type { Drained } from "../daemon/durable-host.ts";
import type { Progress } from "../migrate/progress.ts";
import { ask, type Asked } from "../daemon/control-client.ts";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { eventText } from "./child-report.ts";
import type { Console } from "./console.ts";
import { FAILED, OK, type ExitStatus } from "./exit-status.ts";
import { refuse, type HostCommand } from "./host-command.ts";
import { jsonReport } from "./json-report.ts";
import { bytesText, countText, msText } from "./quantity.ts";
import { harmless, styles } from "./style.ts";

export interface MigrateCommand extends HostCommand {
  readonly name: string;
  /** Who goes with it. */
  readonly with: readonly string[];
  /** Null where something else is wanted than a migration. */
  readonly to: string | null;
  readonly precopy: boolean;
  /** In ms; null: as the host has it. */
  readonly pause: number | null;
  readonly rounds: number | null;
}

/** Who is told of it, and may want it stopped. */
export interface Interrupted {
  readonly console: Console;
  readonly signal: AbortSignal;
  /** It was decided: the exit status says what became of it. */
  readonly tooLate: () => void;
}

type Event = Exclude<DurableEvent, { readonly event: "log" }>;

const progressText = ({ phase, round, bytes, rate, left, pauseMs }: Progress): string => {
  switch (phase) {
    case "surveying":
      return "asks whether it can go there";
    case "copying": {
      const speed = rate === 0 ? "" : `, ${bytesText(rate)}/s`;
      const pause = pauseMs === null ? "" : `, would pause ${msText(pauseMs)}`;
      return `round ${round + 1}: ${bytesText(bytes)} sent${speed}, ${bytesText(left)} left${pause}`;
    }
    case "holding":
      return `stops: ${bytesText(left)} left`;
    case "offered":
      return "all of it is there: hands it over";
    case "released":
      return "handed over: it is told to go on there";
  }
};

const isProgress = (told: unknown): told is Progress =>
  (told as { readonly event?: unknown } | null)?.event === "migrating";

/** Shows what happens meanwhile. */
const teller = ({ json }: HostCommand, console: Console, since: () => number): ((told: unknown) => void) => {
  const style = styles(console.colours);
  return (told) => {
    if (json) return jsonReport(console, since)(told as { readonly event: string });
    if (isProgress(told))
      return console.print(style.dim(harmless(`${told.children.join(", ")}  ${progressText(told)}`)));
    showEvent(told as Event, console);
  };
};

const showEvent = (event: Event, console: Console): void => {
  const [mood, text, ...more] = eventText(event);
  console.print(harmless(`${event.child}  ${text}`).replace(text, styles(console.colours)[mood](text)));
  for (const line of more) console.print(harmless(line));
};

export const migrate = async (
  command: MigrateCommand,
  { console, signal, tooLate }: Interrupted,
): Promise<ExitStatus> => {
  const { name, with: others, to, precopy, pause, rounds, json } = command;
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const told = teller(command, console, since);
  const asked = {
    ...({ command: "migrate", name, to: to! } as const),
    ...{ with: [...others], precopy, pause, rounds },
  };
  const answer = await askOf({ command: "abort", name }, command, asked, { signal, told });
  if (E.isLeft(answer)) return refuse(command, answer.left, console, since);
  tooLate();
  const event = answer.right as Extract<DurableEvent, { readonly event: "migrated" }>;
  if (json) jsonReport(console, since)(event);
  else showEvent(event, console);
  return event.stranded === null ? OK : FAILED;
};

/** Between tries to stop what has not begun yet, in ms. */
const STOP_PAUSE_MS = 50;

/** Asks; whoever is interrupted has it stopped, by what is said for that, and hears what came of it: it may have been
 *  decided. */
const askOf = async (
  halt: Asked,
  { state }: HostCommand,
  asked: Asked,
  { signal, told }: { readonly signal: AbortSignal; readonly told: (told: unknown) => void },
): Promise<Either<Refusal, unknown>> => {
  const folder = resolve(state);
  const over = new AbortController();
  // It may not have begun: somebody who rests is being woken for it.
  const stop = async (): Promise<void> => {
    while (!over.signal.aborted && E.isLeft(await ask(folder, halt))) await setTimeout(STOP_PAUSE_MS);
  };
  const begin = (): void => void stop();
  signal.addEventListener("abort", begin);
  if (signal.aborted) begin();
  const answer = await ask(folder, asked, { told });
  over.abort();
  signal.removeEventListener("abort", begin);
  return answer;
};

/** `--from`. */
export const fetch = async (
  command: HostCommand & {
    readonly name: string;
    readonly with: readonly string[];
    readonly from: string;
  },
  { console, signal, tooLate }: Interrupted,
): Promise<ExitStatus> => {
  const { name, with: others, from, json } = command;
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const told = teller(command, console, since);
  const asked: Asked = { command: "fetch", name, with: [...others], from };
  const answer = await askOf({ command: "abort", name }, command, asked, { signal, told });
  if (E.isLeft(answer)) return refuse(command, answer.left, console, since);
  tooLate();
  const event = answer.right as Event;
  if (json) jsonReport(console, since)(event);
  else showEvent(event, console);
  return OK;
};

/** `--abort` and `--resolve`. */
export const settle = async (
  command: HostCommand & { readonly name: string; readonly how: "abort" | "resolve" },
  console: Console,
  signal: AbortSignal,
): Promise<ExitStatus> => {
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const { name, how } = command;
  const answer = await ask(resolve(command.state), { command: how, name }, { signal });
  if (E.isLeft(answer)) return refuse(command, answer.left, console, since);
  const done =
    how === "abort" ? "its migration is stopped, unless it was decided already" : "lives here from now on";
  if (command.json)
    jsonReport(
      console,
      since,
    )({ event: how === "abort" ? "aborted" : "resolved", child: name } as { readonly event: string });
  else console.print(harmless(`${name}  ${done}`));
  return OK;
};

export const drain = async (
  command: HostCommand & { readonly to: string; readonly most: number },
  { console, signal, tooLate }: Interrupted,
): Promise<ExitStatus> => {
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const { to, most, json } = command;
  const told = teller(command, console, since);
  const asked: Asked = { command: "drain", to, most };
  const answer = await askOf({ command: "halt", to }, command, asked, { signal, told });
  if (E.isLeft(answer)) return refuse(command, answer.left, console, since);
  const drained = answer.right as Drained;
  if (drained.left.length === 0) tooLate();
  if (json) jsonReport(console, since)({ event: "drained", ...drained });
  else {
    for (const { child, reason } of drained.left)
      console.complain(harmless(`cryonode: ${child} stays: ${reason}`));
    console.print(
      `${countText(drained.moved.length, "child", "children")} moved, ${drained.left.length} stayed`,
    );
  }
  return drained.left.length === 0 ? OK : FAILED;
};
