// A run for people: each step as it begins, below it what the children write and what becomes of them.
import { basename } from "node:path";
import type { RunEvent } from "../scenario/run-event.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Console } from "./console.ts";
import { bytesText, countText, msText } from "./quantity.ts";
import { harmless, styles, type Styles } from "./style.ts";

type Told<K extends RunEvent["event"]> = Extract<RunEvent, { readonly event: K }>;

/** Columns that the time of a step takes. */
const TIME_WIDTH = 9;
/** A child's name takes no more columns. */
const MOST_NAME = 24;

/** `file data/count.txt at 6` */
const handle = ({ kind, provider, name, position }: Told<"revived">["reopened"][number]): string => {
  const place = [provider, kind === "file" || provider !== name ? name : ""].filter((each) => each !== "");
  return [kind, place.join("/"), position === null ? "" : `at ${position}`].filter(Boolean).join(" ");
};

export class HumanReport {
  readonly #console: Console;
  readonly #since: () => number;
  readonly #style: Styles;
  #width = 0;
  /** A step that failed is told again by the verdict, unless the next step had expected it. */
  #failed: Told<"failed"> | null = null;

  constructor(console: Console, since: () => number) {
    this.#console = console;
    this.#since = since;
    this.#style = styles(console.colours);
  }

  begin({ title, start }: Scenario): void {
    this.#width = Math.min(MOST_NAME, Math.max(0, ...start.map(({ name }) => name.length)));
    this.#console.print(this.#style.bold(harmless(title)));
    this.#console.print("");
  }

  readonly event = (event: RunEvent): void => {
    const { good, bad, cold, warm, dim } = this.#style;
    if (event.event !== "failed") this.#tellFailure(event.event === "verdict");
    switch (event.event) {
      case "step":
        // What an `expect` finds is known at once: it is shown with that.
        return event.kind === "expect" ? void (this.#pending = event.text) : this.#step("›", event.text);
      case "expect":
        return this.#step(event.ok ? good("✓") : bad("✗"), this.#pending);
      case "failed":
        this.#failed = event;
        return;
      case "log":
        return this.#lines(event.child, harmless(event.text).split("\n"));
      case "started":
        return this.#note(event.child, dim, `started on ${event.host}`);
      case "exited":
        return this.#note(event.child, event.code === 0 ? good : warm, `exited with code ${event.code}`);
      case "faulted":
        // The reason is on its log.
        return this.#note(event.child, bad, "faulted", ...this.#stack(event.stack));
      case "denied":
        return this.#note(event.child, warm, event.reason);
      case "killed":
        return this.#note(event.child, warm, "killed");
      case "frozen":
      case "checkpointed":
        return this.#note(event.child, cold, this.#image(event));
      case "revived":
        return this.#revived(event);
      case "warning":
        return this.#note(event.child, warm, `warning: ${event.text}`);
      case "verdict":
        return this.#verdict(event);
    }
  };
  #pending = "";

  #step(mark: string, text: string): void {
    const time = `${(this.#since() / 1000).toFixed(2)} s`.padStart(TIME_WIDTH);
    this.#console.print(`${this.#style.dim(time)} ${mark} ${this.#style.bold(harmless(text))}`);
  }

  #lines(child: string, lines: readonly string[], mark = "│", style = this.#style.dim): void {
    for (const [index, line] of lines.entries()) {
      const name = (index === 0 ? harmless(child) : "").padEnd(this.#width);
      this.#console.print(`${" ".repeat(TIME_WIDTH + 3)}${style(`${name} ${mark}`)} ${line}`);
    }
  }

  #note(child: string, style: (text: string) => string, text: string, ...more: readonly string[]): void {
    this.#lines(
      child,
      [text, ...more].map((line) => style(harmless(line))),
      "*",
      style,
    );
  }

  #stack(stack: string): readonly string[] {
    return stack === ""
      ? []
      : stack
          .split("\n")
          .filter((line) => line.trim() !== "")
          .slice(0, 8);
  }

  #image({ event, image, generation, bytes, pauseMs }: Told<"frozen" | "checkpointed">): string {
    const size = `${bytesText(bytes)} in ${basename(image)}`;
    return `${event}: ${size}, paused ${msText(pauseMs)}, generation ${generation}`;
  }

  #revived({ child, host, generation, reopened, reviveMs }: Told<"revived">): void {
    const handles = reopened.map(handle);
    const text = `revived on ${host} in ${msText(reviveMs)}, generation ${generation}`;
    this.#note(child, this.#style.good, text, ...(handles.length === 0 ? [] : [`  ${handles.join(", ")}`]));
  }

  #tellFailure(final: boolean): void {
    const failed = this.#failed;
    this.#failed = null;
    if (failed === null || final) return;
    for (const line of harmless(failed.reason).split("\n"))
      this.#console.print(`${" ".repeat(TIME_WIDTH + 3)}${this.#style.warm(line)}`);
  }

  #verdict({ ok, scenario, steps, at, reason, interrupted }: Told<"verdict">): void {
    const { good, bad, dim, bold } = this.#style;
    const { print } = this.#console;
    print("");
    const extent = dim(`(${countText(steps, "step")}, ${msText(this.#since())})`);
    if (ok) print(`${good("ok")}  ${bold(harmless(scenario))}  ${extent}`);
    else if (interrupted) print(`${bad("interrupted")}  ${harmless(scenario)}  ${extent}`);
    else print(`${bad("FAILED")} at ${at}: ${harmless(reason)}`);
  }
}
