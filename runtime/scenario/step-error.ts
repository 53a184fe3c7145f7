// Why a step failed, as facts; the one place that makes prose of them.
import { prose, type SessionError } from "../../lib/error.ts";
import { renderEnding, type Ending } from "../host/ending.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import { migrateProse, type MigrateError } from "../migrate/migrate-error.ts";
import type { LineDifference } from "./line-match.ts";
import type { Event } from "./schema-step.ts";
import { renderEvent } from "./wait.ts";

/** What is told of a child that did not do what was waited for. */
export interface LastSeen {
  /** Its last log entry, or null. */
  readonly log: string | null;
  /** How it ended; null while it lives, `never` where it has not been started. */
  readonly ending: Ending | null | "never";
}

export type StepError =
  | { readonly tag: "Host"; readonly error: HostError }
  | { readonly tag: "Session"; readonly error: SessionError }
  | { readonly tag: "Migrate"; readonly error: MigrateError }
  /** Children of one cut, or of one image, that are on different hosts. */
  | {
      readonly tag: "Apart";
      readonly children: readonly { readonly child: string; readonly host: string }[];
    }
  /** `within` ms passed. */
  | {
      readonly tag: "Late";
      readonly child: string;
      readonly event: Event;
      readonly within: number;
      readonly last: LastSeen;
    }
  /** The child is no longer there to do it. */
  | { readonly tag: "Over"; readonly child: string; readonly event: Event; readonly last: LastSeen }
  /** Nobody receives, and the gate holds no more. `within` in ms. */
  | { readonly tag: "Full"; readonly gate: string; readonly within: number }
  /** Lines are not those that were expected. */
  | {
      readonly tag: "Lines";
      readonly what: string;
      readonly difference: LineDifference;
      readonly found: readonly string[];
      readonly expected: readonly string[];
      /** Lines that are no longer kept. */
      readonly dropped: number;
    }
  /** Something else is not as it was expected; both in words. */
  | { readonly tag: "Unlike"; readonly what: string; readonly found: string; readonly expected: string }
  | { readonly tag: "Interrupted" };

/** Lines shown around a difference, and characters of a line. */
const CONTEXT_LINES = 5;
const LINE_CHARACTERS = 200;

const short = (text: string): string =>
  text.length > LINE_CHARACTERS ? `${text.slice(0, LINE_CHARACTERS)}…` : text;

/** A text in quotes, on one line. */
export const shownText = (text: string): string => JSON.stringify(short(text));

const since = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`);

const lastWords = ({ log, ending }: LastSeen): string => {
  if (ending === "never") return "it was never started";
  const said = log === null ? "it has written nothing to its log" : `its last log entry is ${shownText(log)}`;
  return ending === null ? said : `${renderEnding(ending)}; ${said}`;
};

const excerpt = (title: string, lines: readonly string[], from: number): string => {
  const shown = lines.slice(from, from + 2 * CONTEXT_LINES);
  const more = lines.length - from - shown.length;
  return [
    `  ${title}${lines.length === 0 ? " nothing" : ""}`,
    ...(from > 0 ? [`    … ${from} before`] : []),
    ...shown.map((line, index) => `    ${String(from + index + 1).padStart(3)} ${shownText(line)}`),
    ...(more > 0 ? [`    … ${more} more`] : []),
  ].join("\n");
};

const differenceProse = ({ line, expected, found, anywhere }: LineDifference): string => {
  if (expected === null) return `line ${line} is ${shownText(found ?? "")}, and none was expected any more`;
  if (anywhere) return `no line from ${line} on is ${shownText(expected)}`;
  return found === null
    ? `it ends before line ${line}, expected ${shownText(expected)}`
    : `line ${line} is ${shownText(found)}, expected ${shownText(expected)}`;
};

/** For people: a sentence, and below it what was found and expected where that takes lines. */
export const stepProse = (error: StepError): string => {
  switch (error.tag) {
    case "Host":
      return hostProse(error.error);
    case "Session":
      return prose(error.error);
    case "Migrate":
      return migrateProse(error.error);
    case "Apart": {
      const places = error.children.map(({ child, host }) => `${child} on ${host}`).join(", ");
      return `they are not on one host: ${places}; expected children of one host`;
    }
    case "Late":
      return `${error.child}: ${renderEvent(error.event)} did not come within ${since(error.within)}; ${lastWords(error.last)}`;
    case "Over":
      return `${error.child}: ${renderEvent(error.event)} can no longer come; ${lastWords(error.last)}`;
    case "Full":
      return `gate ${error.gate} is full, and nobody received from it within ${since(error.within)}`;
    case "Lines": {
      const { what, difference, found, expected, dropped } = error;
      const from = Math.max(0, difference.line - 1 - CONTEXT_LINES);
      const lost = dropped === 0 ? [] : [`  (${dropped} entries before these are no longer kept)`];
      return [
        `${what}: ${differenceProse(difference)}`,
        ...lost,
        excerpt("found", found, from),
        excerpt("expected", expected, Math.min(from, Math.max(0, expected.length - 2 * CONTEXT_LINES))),
      ].join("\n");
    }
    case "Unlike":
      return `${error.what}: found ${error.found}, expected ${error.expected}`;
    case "Interrupted":
      return "the run was interrupted";
  }
};
