// What a durable host tells as it goes: for people with the time of day, for programs an object a line.
import type { DurableEvent } from "../daemon/durable-event.ts";
import type { DurableConfig, Rest } from "../daemon/durable-host.ts";
import { addressText, type Address } from "../migrate/peer.ts";
import { ChildReport } from "./child-report.ts";
import { shownPath } from "./complaints.ts";
import type { Console } from "./console.ts";
import { jsonReport } from "./json-report.ts";
import { countText } from "./quantity.ts";
import { harmless, styles } from "./style.ts";

export interface UpReportOptions {
  readonly console: Console;
  readonly json: boolean;
  /** ms since the start. */
  readonly since: () => number;
  readonly config: DurableConfig;
  /** Absolute. */
  readonly state: string;
}

const timeOfDay = (): string => new Date().toTimeString().slice(0, 8);

export class UpReport {
  readonly #options: UpReportOptions;
  readonly #json: ReturnType<typeof jsonReport> | null;
  readonly #children: ChildReport;
  /** Children that are frozen by now, of those that were to be. */
  readonly #frozen = new Set<string>();
  #stopping: number | null = null;

  constructor(options: UpReportOptions) {
    const { console, json, since, config } = options;
    this.#options = options;
    this.#json = json ? jsonReport(console, since) : null;
    const { dim } = styles(console.colours);
    const names = config.entries.map((entry) => entry.config.name);
    this.#children = new ChildReport({ console, margin: () => `${dim(timeOfDay())} `, names });
  }

  readonly event = (event: DurableEvent): void => {
    if (event.event === "frozen") this.#frozen.add(event.child);
    if (this.#json !== null) this.#json(event);
    // That a child rests and wakes is for nobody to notice, and would be all that is seen of many.
    else if (event.event !== "rested" && event.event !== "woken") this.#children.event(event);
  };

  /** The host is there. `closedFrom`: the mode that its state directory had, where others could look into it.
   *  `listening`: where peers reach it. */
  up(closedFrom: number | null, listening: Address | null): void {
    const { console, state, config } = this.#options;
    const { pid } = process;
    const host = config.host.name;
    if (closedFrom !== null)
      console.complain(
        `cryonode: the state directory ${shownPath(state)} was open to others (mode ${closedFrom.toString(8)}); it no longer is`,
      );
    const listen = listening === null ? null : addressText(listening);
    if (this.#json !== null)
      return this.#json(told({ event: "up", host, pid, state, file: config.file, listen }));
    const at = listen === null ? "" : `, listening at ${listen}`;
    const extent = `${countText(config.entries.length, "entry", "entries")}, state ${shownPath(state)}, process ${pid}${at}`;
    console.print(
      `${styles(console.colours).bold(`host ${harmless(host)}`)}  (${extent}; Ctrl-C freezes all and ends)`,
    );
  }

  /** It is about to freeze so many. */
  stopping(running: number): void {
    const { console } = this.#options;
    this.#stopping = running;
    this.#frozen.clear();
    if (this.#json !== null) return this.#json(told({ event: "stopping", running }));
    const { bold, dim } = styles(console.colours);
    const doing = running === 0 ? "nothing to freeze" : `freezing ${countText(running, "child", "children")}`;
    console.print(bold(doing));
    if (running > 0)
      console.print(
        dim(
          "Ctrl-C again ends at once: who is not frozen by then is recovered by the next host, as after a crash",
        ),
      );
  }

  /** It was told to end at once. */
  abandoned(): void {
    const { console } = this.#options;
    const left = Math.max(0, (this.#stopping ?? 0) - this.#frozen.size);
    const who = left === 1 ? "1 child was" : `${left} children were`;
    console.complain(
      `cryonode: ended at once; ${who} not frozen, and will be recovered by the next host, as after a crash`,
    );
  }

  /** It is over. */
  down({ left }: Rest): void {
    const { console, config } = this.#options;
    const host = config.host.name;
    for (const { child, reason } of left)
      console.complain(
        `cryonode: ${child} could not be frozen, and will be recovered by the next host, as after a crash: ${harmless(reason)}`,
      );
    if (this.#json !== null) return this.#json(told({ event: "down", host, ok: left.length === 0, left }));
    const again = `cryonode up ${shownPath(config.file)} goes on`;
    console.print(`${styles(console.colours).bold(`host ${harmless(host)} is down`)}  (${again})`);
  }
}

/** An event with facts of its own. */
const told = <T extends { readonly event: string }>(event: T): T => event;
