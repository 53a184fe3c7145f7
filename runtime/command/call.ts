// `cryonode call NAME Service.method JSON`: calls a component's service from outside, and prints what it answers.
import { E } from "../../lib/fp.ts";
import { amountOfTime } from "../amount.ts";
import { refusal, type Refusal } from "../daemon/control-protocol.ts";
import { didYouMean } from "../nearest.ts";
import type { Either } from "../../lib/fp.ts";
import type { Console } from "./console.ts";
import { OK, type ExitStatus } from "./exit-status.ts";
import { onHost, refuse, type HostCommand } from "./host-command.ts";
import { jsonReport } from "./json-report.ts";
import { harmless } from "./style.ts";

export interface CallCommand extends HostCommand {
  readonly name: string;
  /** `Service.method` */
  readonly target: string;
  /** A JSON array is the list of arguments, any other value the only one; none: no arguments. */
  readonly args: string | undefined;
  readonly label: string;
  /** A time such as `10s`; none: as long as it takes. */
  readonly within: string | undefined;
}

const wrong = (message: string): Either<Refusal, never> => E.left(refusal("Usage", message, "input"));

const targetOf = (target: string): Either<Refusal, readonly [service: string, method: string]> => {
  const dot = target.lastIndexOf(".");
  const [service, method] = [target.slice(0, dot), target.slice(dot + 1)];
  return dot > 0 && method !== ""
    ? E.right([service, method])
    : wrong(`the call is of ${JSON.stringify(target)}; expected Service.method, such as Counter.next`);
};

const argsOf = (given: string | undefined): Either<Refusal, readonly unknown[]> => {
  if (given === undefined) return E.right([]);
  try {
    const value = JSON.parse(given) as unknown;
    return E.right(Array.isArray(value) ? value : [value]);
  } catch (error) {
    return wrong(
      `the arguments are no JSON (${(error as Error).message}); expected a list such as '[2, "two"]', or one value`,
    );
  }
};

const withinOf = (given: string | undefined): Either<Refusal, number | null> => {
  if (given === undefined) return E.right(null);
  const time = amountOfTime(given);
  return E.isRight(time)
    ? time
    : wrong(
        `--within is ${JSON.stringify(given)}; expected a time such as 500ms or 10s${didYouMean(time.left)}`,
      );
};

export const call = async (
  command: CallCommand,
  console: Console,
  signal: AbortSignal,
): Promise<ExitStatus> => {
  const { name, label } = command;
  const target = targetOf(command.target);
  const args = argsOf(command.args);
  const within = withinOf(command.within);
  for (const each of [target, args, within])
    if (E.isLeft(each)) return refuse(command, each.left, console, () => 0);
  if (E.isLeft(target) || E.isLeft(args) || E.isLeft(within)) return OK;
  const [service, method] = target.right;
  const asked = { service, method, label, args: [...args.right], within: within.right };
  return onHost(command, { command: "call", name, ...asked }, console, signal, (answer, since) => {
    if (command.json) {
      const event = { event: "answered", child: name, method: `${service}.${method}`, result: answer };
      jsonReport(console, since)(event);
    } else console.print(harmless(JSON.stringify(answer)));
    return E.right(OK);
  });
};
