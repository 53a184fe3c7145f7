// Commands that act on the running host of a state directory: what is asked, and what is said of the answer.
import { resolve } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { ask, type Asked } from "../daemon/control-client.ts";
import type { Refusal } from "../daemon/control-protocol.ts";
import { shownPath } from "./complaints.ts";
import type { Console } from "./console.ts";
import { FAILED, FAULT, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { jsonReport } from "./json-report.ts";
import { lackProse } from "../migrate/lack.ts";
import { harmless } from "./style.ts";

export interface HostCommand {
  /** The state directory, as it was given. */
  readonly state: string;
  readonly json: boolean;
}

const STATUS: Readonly<Record<Refusal["wrong"], ExitStatus>> = {
  input: WRONG_INPUT,
  state: FAILED,
  fault: FAULT,
};

/** What to do next, where that is known. */
const advice = ({ tag }: Refusal, state: string): string =>
  tag === "NoHost" ? `; start one with \`cryonode up FILE --state ${shownPath(state)}\`` : "";

/** What a host lacks of several things has a line each. */
const inLines = ({ message, lacking }: Refusal): string =>
  lacking === undefined || lacking.lacks.length < 2
    ? message
    : [`${lacking.host} can't take it:`, ...lacking.lacks.map((lack) => `  ${lackProse(lack)}`)].join("\n");

/** Says why a command came to nothing, and gives its exit status. */
export const refuse = (
  { state, json }: HostCommand,
  refusal: Refusal,
  console: Console,
  since: () => number,
): ExitStatus => {
  const { tag, message, wrong, lacking } = refusal;
  const text = inLines(refusal).replaceAll(resolve(state), shownPath(resolve(state)));
  console.complain(`cryonode: ${harmless(text)}${advice(refusal, resolve(state))}`);
  if (json) {
    const event = {
      event: "refused",
      tag,
      message,
      ...(lacking === undefined ? {} : { lacks: lacking.lacks }),
    };
    jsonReport(console, since)(event);
  }
  return STATUS[wrong];
};

/** Asks the host, and hands the answer on to whoever shows it. */
export const onHost = async (
  command: HostCommand,
  asked: Asked,
  console: Console,
  signal: AbortSignal,
  show: (answer: unknown, since: () => number) => Either<Refusal, ExitStatus>,
): Promise<ExitStatus> => {
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const answer = await ask(resolve(command.state), asked, { signal });
  const shown = E.isLeft(answer) ? answer : show(answer.right, since);
  return E.isLeft(shown) ? refuse(command, shown.left, console, since) : shown.right;
};
