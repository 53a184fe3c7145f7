// `cryonode inspect NAME`: a child of a durable host, whether or not the host is there: how it is, and what brought it
// down lately. Everything that is shown lies in the state directory; a host that is there says how its children are now.
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { ask } from "../daemon/control-client.ts";
import { EntryBook } from "../daemon/entry-book.ts";
import { type EntryRecord } from "../daemon/entry-record.ts";
import { carriedText, HostReport, type Carried } from "../daemon/entry-report.ts";
import { readFaults, type FaultRecord } from "../daemon/fault-book.ts";
import { StateFolder } from "../daemon/state-folder.ts";
import { shownPath } from "./complaints.ts";
import type { Console } from "./console.ts";
import { OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { agoText, bytesText, countText } from "./quantity.ts";
import { harmless, styles } from "./style.ts";

/** A child, and what brought it down lately, the latest last. */
export interface EntryOutline {
  readonly child: string;
  readonly state: string;
  readonly identity: string | null;
  readonly generation: number | null;
  /** SHA-256 of its code. */
  readonly code: string | null;
  /** The image that it is in; null where it is in none. */
  readonly image: string | null;
  readonly exit: number | null;
  readonly reason: string | null;
  /** Bytes and sessions that it takes now; null where it does not live. */
  readonly memory: number | null;
  readonly sessions: number | null;
  readonly checkpoint: {
    readonly at: number;
    readonly image: string | null;
    readonly bytes: number;
  } | null;
  readonly restarts: number;
  readonly since: number;
  readonly faults: readonly FaultRecord[];
  /** See `EntryReport`. */
  readonly carried: readonly Carried[];
}

const ABSENT = { state: "waiting", memory: null, sessions: null, checkpoint: null } as const;

/** The state directory that a path is, or null. */
export const stateFolderAt = async (path: string): Promise<StateFolder | null> => {
  const record = await stat(join(path, "entries.json")).catch(() => null);
  return record?.isFile() === true ? new StateFolder(resolve(path)) : null;
};

const liveReports = async (state: string): Promise<HostReport["entries"]> => {
  const answer = await ask(state, { command: "ps" });
  const report = E.isRight(answer) ? HostReport.decode(answer.right) : null;
  return report !== null && E.isRight(report) ? report.right.entries : [];
};

const fromRecord = (folder: StateFolder, { state, checkpoint }: EntryRecord) => ({
  ...ABSENT,
  // Nobody is there: it goes on with the next host.
  state: state === "alive" ? "frozen" : state,
  checkpoint: checkpoint === null ? null : { ...checkpoint, image: folder.lengthen(checkpoint.image) },
});

/** All children of a state directory, by name; or what is wrong with it. */
export const entryOutlines = async (
  folder: StateFolder,
): Promise<Either<string, ReadonlyMap<string, EntryOutline>>> => {
  const book = await EntryBook.read(folder.record);
  if (E.isLeft(book)) return E.left(`${shownPath(book.left.path)}: ${book.left.reason}`);
  const live = new Map((await liveReports(folder.path)).map((entry) => [entry.name, entry]));
  const outlines = new Map<string, EntryOutline>();
  for (const child of new Set([...live.keys(), ...book.right.names])) {
    const record = book.right.get(child);
    const report = live.get(child);
    const faults = await readFaults(folder.faults(child));
    if (E.isLeft(faults)) return faults;
    const { state, memory, sessions, checkpoint } =
      report ?? (record === undefined ? ABSENT : fromRecord(folder, record));
    outlines.set(child, {
      ...{ child, state, memory, sessions, checkpoint },
      identity: record?.identity ?? null,
      generation: record === undefined || record.generation === 0 ? null : record.generation,
      code: record === undefined || record.hash === "" ? null : record.hash,
      image: record === undefined || record.image === null ? null : folder.lengthen(record.image),
      exit: record?.state === "exited" ? record.code : null,
      reason: report?.reason ?? (state === "running" ? null : (record?.reason ?? null)),
      restarts: record?.restarts ?? 0,
      since: record?.since ?? 0,
      faults: faults.right,
      carried: report?.carried ?? [],
    });
  }
  return E.right(outlines);
};

type Line = readonly [name: string, value: string];

const faultLines = (fault: FaultRecord, now: number): readonly Line[] => {
  const { at, generation, forgiven, reason, place, stack, event, calls } = fault;
  const when = `${agoText(now - at)}, generation ${generation}`;
  const frames = stack.split("\n").filter((line) => line.trim() !== "" && line.trim() !== reason);
  return [
    ["fault", `${when}${forgiven ? "; its event was set aside, and it went on" : ""}`],
    ["reason", place === null ? reason : `${reason} (at ${place})`],
    ...frames.map((line): Line => ["", line.trim()]),
    ["event", event ?? "none that is known"],
    ...(calls.length === 0 ? ["none that is known"] : calls).map((call, index): Line => [
      index === 0 ? "last calls" : "",
      call,
    ]),
  ];
};

/** What can be done with one that is stuck. */
const nextText = (child: string, image: string | null): string => {
  const anew = `\`cryonode replace ${child}\` begins anew with what its source is now`;
  return image === null
    ? anew
    : `\`cryonode revive ${child}\` goes on without the event that brought it down last; ${anew}`;
};

/** A child for people. */
const entryText = (outline: EntryOutline, now: number, colours: boolean): readonly string[] => {
  const { child, state, identity, generation, code, exit, reason, memory, sessions, checkpoint } = outline;
  const { bold, dim } = styles(colours);
  const known = (name: string, value: string | null): readonly Line[] =>
    value === null ? [] : [[name, value]];
  const lines: readonly Line[] = [
    ["state", `${state}${exit === null ? "" : ` ${exit}`}`],
    ...known("because", reason),
    ...known("next", state === "stuck" ? nextText(child, outline.image) : null),
    ...known("identity", identity === null ? null : `${identity}, generation ${generation}`),
    ...known("code", code === null ? null : `sha256 ${code}`),
    ...known("memory", memory === null ? null : bytesText(memory)),
    ...known("sessions", sessions === null ? null : String(sessions)),
    ...known("checkpoint", checkpoint === null ? null : agoText(now - checkpoint.at)),
    ...outline.carried.map((each): Line => ["link", carriedText(each)]),
    ["restarts", countText(outline.restarts, "restart")],
    ...outline.faults.flatMap((fault) => [["", ""] as const, ...faultLines(fault, now)]),
  ];
  return [
    bold(harmless(child)),
    ...lines.flatMap(([name, value]) =>
      harmless(value)
        .split("\n")
        .map((line, index) => `  ${dim((index === 0 ? name : "").padEnd(11))} ${line}`.trimEnd()),
    ),
  ];
};

/** Shows one child of a state directory, or with `null` all of them. */
export const inspectEntries = async (
  folder: StateFolder,
  name: string | null,
  { json, console }: { readonly json: boolean; readonly console: Console },
): Promise<ExitStatus> => {
  const outlines = await entryOutlines(folder);
  if (E.isLeft(outlines)) {
    console.complain(harmless(`cryonode: ${outlines.left}`));
    return WRONG_INPUT;
  }
  const shown = [...outlines.right.values()].filter(({ child }) => name === null || child === name);
  const now = Date.now();
  for (const [index, outline] of shown.entries())
    if (json) console.print(JSON.stringify(outline));
    else
      for (const line of [...(index === 0 ? [] : [""]), ...entryText(outline, now, console.colours)])
        console.print(line);
  return OK;
};
