// A run for people: each step as it begins, below it what the children write and what becomes of them.
import type { RunEvent } from "../scenario/run-event.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { ChildReport } from "./child-report.ts";
import type { Console } from "./console.ts";
import { countText, msText } from "./quantity.ts";
import { harmless, styles, type Styles } from "./style.ts";

type Told<K extends RunEvent["event"]> = Extract<RunEvent, { readonly event: K }>;

/** Columns that the time of a step takes. */
const TIME_WIDTH = 9;
const MARGIN = " ".repeat(TIME_WIDTH + 3);

export class HumanReport {
  readonly #console: Console;
  readonly #since: () => number;
  readonly #style: Styles;
  #children: ChildReport;
  /** A step that failed is told again by the verdict, unless the next step had expected it. */
  #failed: Told<"failed"> | null = null;

  constructor(console: Console, since: () => number) {
    this.#console = console;
    this.#since = since;
    this.#style = styles(console.colours);
    this.#children = this.#report([]);
  }

  #report(names: readonly string[]): ChildReport {
    return new ChildReport({ console: this.#console, margin: () => MARGIN, names });
  }

  begin({ title, start }: Scenario): void {
    this.#children = this.#report(start.map(({ name }) => name));
    this.#console.print(this.#style.bold(harmless(title)));
    this.#console.print("");
  }

  readonly event = (event: RunEvent): void => {
    const { good, bad } = this.#style;
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
      case "verdict":
        return this.#verdict(event);
      default:
        return this.#children.event(event);
    }
  };
  #pending = "";

  #step(mark: string, text: string): void {
    const time = `${(this.#since() / 1000).toFixed(2)} s`.padStart(TIME_WIDTH);
    this.#console.print(`${this.#style.dim(time)} ${mark} ${this.#style.bold(harmless(text))}`);
  }

  #tellFailure(final: boolean): void {
    const failed = this.#failed;
    this.#failed = null;
    if (failed === null || final) return;
    for (const line of harmless(failed.reason).split("\n"))
      this.#console.print(`${MARGIN}${this.#style.warm(line)}`);
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
