// `expect`: the verdict, one judgement each.
import { E, type Either } from "../../../lib/fp.ts";
import type { SessionError } from "../../../lib/error.ts";
import { wholeContent } from "../../core/whole-content.ts";
import { sha256 } from "../../digest.ts";
import { renderEnding } from "../../host/ending.ts";
import { lineDifference, linesOf } from "../line-match.ts";
import type { Outcome, Play } from "../play.ts";
import type { Expectation } from "../schema-expect.ts";
import type { Step } from "../schema-step.ts";
import type { LineMatch } from "../schema-text.ts";
import { shownText, stepProse, type StepError } from "../step-error.ts";
import { matchesText, renderMatch } from "../text-match.ts";
import { codeOf, faultMatches } from "../wait.ts";
import { withFiles } from "./outside.ts";

type Expected<K extends Expectation["kind"]> = Extract<Expectation, { readonly kind: K }>;

/** A step that failed, before an `expect` of that. */
export interface Failure {
  readonly step: Step;
  readonly error: StepError;
}

const MET: Outcome = E.right(undefined);

const unlike = (what: string, found: string, expected: string): Outcome =>
  E.left({ tag: "Unlike", what, found, expected });

const judgeLines = (
  what: string,
  found: readonly string[],
  expected: readonly LineMatch[],
  dropped = 0,
): Outcome => {
  const difference = lineDifference(found, expected);
  if (difference === null) return MET;
  const shown = expected.map((each) => (each.kind === "any" ? "..." : each.text));
  return E.left({ tag: "Lines", what, difference, found, expected: shown, dropped });
};

const read = ({ on, file }: Expected<"file">, play: Play): Either<SessionError, Uint8Array> =>
  withFiles(play.hosts.get(on)!, file.provider, (files) => {
    const mode = { read: true, write: false, create: false, append: false, truncate: false };
    const opened = files.open(file.path, mode);
    if (E.isLeft(opened)) return opened;
    const content = wholeContent(opened.right, file.path, 0);
    opened.right.close();
    return content;
  });

const file = (expected: Expected<"file">, play: Play): Outcome => {
  const { provider, path } = expected.file;
  const what = `${provider}/${path}`;
  const content = read(expected, play);
  if (E.isLeft(content)) return E.left({ tag: "Session", error: content.left });
  const bytes = Buffer.from(content.right);
  switch (expected.content.kind) {
    case "text":
      return bytes.toString() === expected.content.text
        ? MET
        : unlike(what, shownText(bytes.toString()), shownText(expected.content.text));
    case "lines":
      return judgeLines(what, linesOf(bytes.toString()), expected.content.lines);
    case "sha256": {
      const digest = sha256(bytes);
      return digest === expected.content.sha256
        ? MET
        : unlike(`sha256 of ${what}, ${bytes.length} bytes`, digest, expected.content.sha256);
    }
  }
};

const log = ({ child, lines }: Expected<"log">, play: Play): Outcome => {
  const { log: entries, dropped } = play.history(child);
  const judged = judgeLines(`the log of ${child}`, entries, lines, dropped);
  // An entry of several lines may be expected as one text, or line by line.
  if (!E.isLeft(judged) || !entries.some((entry) => entry.includes("\n"))) return judged;
  return E.isRight(judgeLines("", entries.flatMap(linesOf), lines)) ? MET : judged;
};

const gate = ({ on, gate: name, sent }: Expected<"gate">, play: Play): Outcome => {
  const found = play.hosts.get(on)!.providers.gates.get(name)!.provider.sent;
  const texts = found.map((each) => (typeof each === "string" ? each : Buffer.from(each).toString()));
  return judgeLines(`what was sent through gate ${name}`, texts, sent);
};

/** What a child is, where it has not ended in the way that was expected. */
const whereabouts = (child: string, play: Play): string => {
  const found = play.found(child);
  if (found === null) return "it was never started";
  return found.child.ending === null ? "it is still running" : renderEnding(found.child.ending);
};

const exit = ({ child, code }: Expected<"exit">, play: Play): Outcome => {
  const last = play.history(child).endings.at(-1);
  const running = play.found(child)?.child.ending === null;
  return last !== undefined && !running && codeOf(last) === code
    ? MET
    : unlike(child, whereabouts(child, play), `an exit with code ${code}`);
};

const fault = ({ child, matches }: Expected<"fault">, play: Play): Outcome =>
  play.history(child).endings.some((each) => each.kind === "faulted" && faultMatches(each, matches))
    ? MET
    : unlike(
        child,
        whereabouts(child, play),
        matches === null ? "a fault" : `a fault ${renderMatch(matches)}`,
      );

const denied = ({ child, service }: Expected<"denied">, play: Play): Outcome => {
  const services = play.history(child).denied;
  return services.has(service)
    ? MET
    : unlike(`what ${child} was denied`, services.size === 0 ? "nothing" : [...services].join(", "), service);
};

const error = ({ step, matches }: Expected<"error">, failure: Failure | null): Outcome => {
  const wanted = matches === null ? `an error of ${step}` : `an error of ${step} ${renderMatch(matches)}`;
  if (failure === null) return unlike("the step before", "that it went through", wanted);
  const text = stepProse(failure.error);
  if (failure.step.step !== step)
    return unlike("the step before", `an error of ${failure.step.step}, ${shownText(text)}`, wanted);
  return matches === null || matchesText(matches, text) ? MET : unlike(step, shownText(text), wanted);
};

/** `failure`: that of the step before, where it failed. */
export const judge = (expected: Expectation, failure: Failure | null, play: Play): Outcome => {
  switch (expected.kind) {
    case "file":
      return file(expected, play);
    case "log":
      return log(expected, play);
    case "gate":
      return gate(expected, play);
    case "exit":
      return exit(expected, play);
    case "fault":
      return fault(expected, play);
    case "denied":
      return denied(expected, play);
    case "error":
      return error(expected, failure);
  }
};
