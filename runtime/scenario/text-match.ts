// Whether a text is what a scenario says it is: the whole of it, or a pattern found in it.
import type { LogMatch } from "../shard/protocol.ts";
import type { TextMatch } from "./schema-text.ts";

export const matchesText = (match: TextMatch, text: string): boolean =>
  match.kind === "whole" ? match.text === text : match.pattern.test(text);

/** The same question, as a shard asks it. */
export const logMatch = (match: TextMatch): LogMatch =>
  match.kind === "whole" ? { whole: match.text } : { pattern: match.pattern };

/** `"count 3"`, or `/at \d+/`. */
export const renderMatch = (match: TextMatch): string =>
  match.kind === "whole" ? JSON.stringify(match.text) : String(match.pattern);
