// `cryonode ps`: what the host of a state directory has, and how it is.
import { E, type Either } from "../../lib/fp.ts";
import { refusal, type Refusal } from "../daemon/control-protocol.ts";
import { carriedText, HostReport, type EntryReport } from "../daemon/entry-report.ts";
import type { Console } from "./console.ts";
import { OK, type ExitStatus } from "./exit-status.ts";
import { onHost, type HostCommand } from "./host-command.ts";
import { jsonReport } from "./json-report.ts";
import { agoText, bytesText } from "./quantity.ts";
import { harmless, styles, type Style, type Styles } from "./style.ts";

const NONE = "-";

interface Column {
  readonly title: string;
  readonly right?: true;
  readonly cell: (entry: EntryReport, now: number) => string;
}

const stateText = ({ state, code, dropped }: EntryReport): string =>
  `${state}${code === null ? "" : ` ${code}`}${dropped ? ", not in the file" : ""}`;

const restartsText = ({ restarts, restart }: EntryReport): string =>
  restart === null ? `${restarts}` : `${restarts} (${restart.most} in ${restart.within / 1000} s)`;

const COLUMNS: readonly Column[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "STATE", cell: stateText },
  { title: "GEN", right: true, cell: ({ generation }) => `${generation ?? NONE}` },
  { title: "MEMORY", right: true, cell: ({ memory }) => (memory === null ? NONE : bytesText(memory)) },
  { title: "SESSIONS", right: true, cell: ({ sessions }) => `${sessions ?? NONE}` },
  {
    title: "CHECKPOINT",
    cell: ({ checkpoint }, now) => (checkpoint === null ? NONE : agoText(now - checkpoint.at)),
  },
  { title: "RESTARTS", cell: restartsText },
  {
    title: "SOURCE",
    cell: ({ changed }) => (changed === null ? NONE : changed ? "changed" : "same"),
  },
];

const moodOf = ({ state, dropped }: EntryReport, { good, bad, cold, warm, dim }: Styles): Style => {
  if (dropped) return warm;
  switch (state) {
    case "running":
      return good;
    case "frozen":
    case "resting":
      return cold;
    case "faulted":
    case "stuck":
    case "fenced":
    case "stranded":
      return bad;
    case "in doubt":
    case "departed":
    case "killed":
      return warm;
    case "waiting":
    case "starting":
    case "exited":
      return dim;
  }
};

/** A table for people; below it why things are as they are, where there is more to say. */
const entryTable = (entries: readonly EntryReport[], now: number, style: Styles): readonly string[] => {
  const rows = entries.map((entry) => COLUMNS.map(({ cell }) => harmless(cell(entry, now))));
  const widths = COLUMNS.map(({ title }, at) =>
    rows.reduce((width, row) => Math.max(width, row[at]!.length), title.length),
  );
  const line = (cells: readonly string[], styled: (cell: string, at: number) => string): string =>
    cells
      .map((cell, at) => {
        const padding = " ".repeat(widths[at]! - cell.length);
        return COLUMNS[at]!.right === true ? padding + styled(cell, at) : styled(cell, at) + padding;
      })
      .join("  ")
      .trimEnd();
  const head = line(
    COLUMNS.map(({ title }) => title),
    (title) => style.dim(title),
  );
  const body = rows.map((row, index) =>
    line(row, (cell, at) => (at === 1 ? moodOf(entries[index]!, style)(cell) : cell)),
  );
  const reasons = entries.flatMap(({ name, reason }) =>
    reason === null ? [] : [`${name}: ${reason}`.split("\n")[0]!].map(harmless),
  );
  const carried = entries.flatMap(({ name, carried: all }) =>
    all.map((each) => harmless(`${name}: ${carriedText(each)}`)),
  );
  const more = [...reasons.map(style.warm), ...carried];
  return [head, ...body, ...(more.length === 0 ? [] : ["", ...more])];
};

export const ps = (command: HostCommand, console: Console, signal: AbortSignal): Promise<ExitStatus> =>
  onHost(command, { command: "ps" }, console, signal, (answer, since): Either<Refusal, ExitStatus> => {
    const report = HostReport.decode(answer);
    if (E.isLeft(report))
      return E.left(refusal("Lost", "what came is no report of a host of this release", "state"));
    const { entries } = report.right;
    if (command.json)
      for (const { name, ...facts } of entries) {
        const event = { event: "child", child: name, ...facts };
        jsonReport(console, since)(event);
      }
    else for (const line of entryTable(entries, Date.now(), styles(console.colours))) console.print(line);
    return E.right(OK);
  });
