// What becomes of children, for people: a line each, what they write beside it, and their names before both.
import { basename } from "node:path";
import type { DurableEvent } from "../daemon/durable-event.ts";
import type { Console } from "./console.ts";
import { bytesText, countText, msText } from "./quantity.ts";
import { harmless, styles, type Styles } from "./style.ts";

type Told<K extends DurableEvent["event"]> = Extract<DurableEvent, { readonly event: K }>;

/** A child's name takes no more columns. */
const MOST_NAME = 24;
/** Frames of a fault's stack that are shown. */
const MOST_FRAMES = 8;

/** `file data/count.txt at 6` */
const handle = ({ kind, provider, name, position }: Told<"revived">["reopened"][number]): string => {
  const place = [provider, kind === "file" || provider !== name ? name : ""].filter((each) => each !== "");
  return [kind, place.join("/"), position === null ? "" : `at ${position}`].filter(Boolean).join(" ");
};

type Mood = "good" | "bad" | "cold" | "warm" | "dim";

/** What happened, in words, and further lines. */
export const eventText = (
  event: Exclude<DurableEvent, Told<"log">>,
): readonly [mood: Mood, text: string, ...more: readonly string[]] => {
  switch (event.event) {
    case "started":
      return ["dim", `started on ${event.host}`];
    case "exited":
      return [event.code === 0 ? "good" : "warm", `exited with code ${event.code}`];
    case "faulted": {
      // The reason is on its log.
      const frames = event.stack.split("\n").filter((line) => line.trim() !== "");
      return ["bad", "faulted", ...frames.slice(0, MOST_FRAMES)];
    }
    case "denied":
      return ["warm", event.reason];
    case "killed":
      return ["warm", "killed"];
    case "fenced":
      return ["bad", `fenced: ${event.reason}`];
    case "rested":
      return ["dim", "rests"];
    case "woken":
      return ["dim", `woke in ${msText(event.wakeMs)}`];
    case "frozen":
    case "checkpointed": {
      const size = `${bytesText(event.bytes)} in ${basename(event.image)}`;
      const { pauseMs, generation } = event;
      return ["cold", `${event.event}: ${size}, paused ${msText(pauseMs)}, generation ${generation}`];
    }
    case "revived": {
      const handles = event.reopened.map(handle);
      const text = `revived on ${event.host} in ${msText(event.reviveMs)}, generation ${event.generation}`;
      return ["good", text, ...(handles.length === 0 ? [] : [`  ${handles.join(", ")}`])];
    }
    case "replaced":
      return ["good", `replaced: ${basename(event.component)} runs in its place`];
    case "stuck":
      return [
        "bad",
        `stuck: it faulted too often, and is left as it is; \`cryonode inspect ${event.child}\` says why`,
      ];
    case "kept":
      return ["warm", "is no longer in the file: it is kept as it is, and does not run"];
    case "exported":
      return [
        "cold",
        `${event.to === undefined ? "exported" : `given to ${event.to ?? ""}`}: ${bytesText(event.bytes)} in ${event.image}, generation ${event.generation}`,
      ];
    case "migrated": {
      const { to, generation, bytes, rounds, pauseMs, totalMs, stranded } = event;
      const how = `${bytesText(bytes)} in ${countText(rounds, "round", "rounds")} and the rest, paused ${msText(pauseMs)} of ${msText(totalMs)}`;
      if (stranded !== null)
        return ["bad", `is now ${to}'s, and can't live there as things are: ${stranded}`];
      const what =
        generation === null ? `released to ${to}, which has not confirmed yet` : `migrated to ${to}`;
      return ["good", `${what}: ${how}${generation === null ? "" : `, generation ${generation}`}`];
    }
    case "arrived":
      return ["good", `arrived from ${event.from}, generation ${event.generation}`];
    case "initialized":
      return ["good", `started on ${event.on}, generation ${event.generation}`];
    case "imported":
      return [
        "cold",
        `imported from ${event.from}, generation ${event.generation}${event.clone ? ", as a clone" : ""}; it is frozen`,
      ];
    case "warning":
      return ["warm", `warning: ${event.text}`];
  }
};

export interface ChildReportOptions {
  readonly console: Console;
  /** What stands before each line. */
  readonly margin: () => string;
  /** The children's names, for the width of their column. */
  readonly names: readonly string[];
}

export class ChildReport {
  readonly #console: Console;
  readonly #margin: () => string;
  readonly #style: Styles;
  readonly #width: number;

  constructor({ console, margin, names }: ChildReportOptions) {
    this.#console = console;
    this.#margin = margin;
    this.#style = styles(console.colours);
    this.#width = names.reduce((width, { length }) => Math.max(width, Math.min(MOST_NAME, length)), 0);
  }

  readonly event = (event: DurableEvent): void => {
    if (event.event === "log")
      return this.#lines(event.child, harmless(event.text).split("\n"), "│", this.#style.dim);
    const [mood, ...lines] = eventText(event);
    const style = this.#style[mood];
    const texts = lines.flatMap((line) => harmless(line).split("\n"));
    this.#lines(event.child, texts.map(style), "*", style);
  };

  #lines(child: string, lines: readonly string[], mark: string, style: (text: string) => string): void {
    for (const [index, line] of lines.entries()) {
      const name = (index === 0 ? harmless(child) : "").padEnd(this.#width);
      this.#console.print(`${this.#margin()}${style(`${name} ${mark}`)} ${line}`);
    }
  }
}
