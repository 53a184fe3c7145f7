// One `until`, and how far it has looked: each log entry is judged once, however often it is asked.
import type { ChildHistory, FaultRecord } from "./child-history.ts";
import type { Event, Step } from "./schema-step.ts";
import type { TextMatch } from "./schema-text.ts";
import { matchesText, renderMatch } from "./text-match.ts";

export type UntilStep = Extract<Step, { readonly step: "until" }>;

/** A fault's reason is matched as it is, and with its position as it stands on the log. */
export const faultMatches = ({ reason, at }: FaultRecord, matches: TextMatch | null): boolean =>
  matches === null ||
  matchesText(matches, reason) ||
  (at !== null && matchesText(matches, `${reason} (at ${at})`));

/** The code a child ended with: a fault is 1. */
export const codeOf = (ending: ChildHistory["endings"][number]): number =>
  ending.kind === "exited" ? ending.code : 1;

/** What was waited for, in words. */
export const renderEvent = (event: Event): string => {
  switch (event.kind) {
    case "log":
      return `a log entry ${renderMatch(event.matches)}`;
    case "exit":
      return `its exit with code ${event.code}`;
    case "fault":
      return event.matches === null ? "a fault" : `a fault ${renderMatch(event.matches)}`;
  }
};

export class Wait {
  readonly step: UntilStep;
  readonly #history: ChildHistory;
  #seen = 0;
  #holds = false;

  constructor(step: UntilStep, history: ChildHistory) {
    this.step = step;
    this.#history = history;
  }

  /** Whether what it waits for has happened; once it has, for ever. */
  get holds(): boolean {
    this.#holds ||= this.#look();
    return this.#holds;
  }

  #look(): boolean {
    const { event } = this.step;
    switch (event.kind) {
      case "log": {
        const fresh = this.#history.since(this.#seen);
        this.#seen = this.#history.written;
        return fresh.some((text) => matchesText(event.matches, text));
      }
      case "exit":
        return this.#history.endings.some((ending) => codeOf(ending) === event.code);
      case "fault":
        return this.#history.endings.some(
          (ending) => ending.kind === "faulted" && faultMatches(ending, event.matches),
        );
    }
  }
}
