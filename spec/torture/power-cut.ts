// What a loss of power leaves on a disk: of what was written and not synced some is there and some is not, in any order,
// and one write may be torn. The trace says what was written, over what, and when which file was synced.
import {
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  closeSync,
  ftruncateSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { numbers } from "./numbers.ts";

interface Change {
  readonly kind: "write" | "truncate";
  readonly ino: number;
  readonly path: string;
  /** Bytes of the file before. */
  readonly size: number;
  /** What was there, base64. */
  readonly old: string;
  readonly at?: number;
  readonly data?: string;
  readonly to?: number;
}

type Event =
  | Change
  | { readonly kind: "begin"; readonly id: string }
  | { readonly kind: "sync"; readonly id: string; readonly ino: number }
  /** A sync has failed: what no sync had covered is taken for written, and never will be. */
  | { readonly kind: "lost"; readonly ino: number };

type Fate = "there" | "lost" | "anything";

interface Fated {
  readonly at: number;
  readonly change: Change;
  readonly fate: Fate;
}

/** The changes of each file, in order, and what becomes of them. A sync covers those that were there when it began. */
const fates = (events: readonly Event[]): ReadonlyMap<number, readonly Fated[]> => {
  const began = new Map<string, number>();
  const covered = new Map<number, number>();
  for (const [at, event] of events.entries())
    if (event.kind === "begin") began.set(event.id, at);
    else if (event.kind === "sync")
      covered.set(event.ino, Math.max(covered.get(event.ino) ?? 0, began.get(event.id) ?? 0));
  const files = new Map<number, Fated[]>();
  const firm = new Map<number, number>();
  for (const [at, event] of events.entries()) {
    if (event.kind === "begin") continue;
    const { ino } = event;
    const known = files.get(ino) ?? [];
    if (event.kind === "sync") {
      firm.set(ino, Math.max(firm.get(ino) ?? 0, began.get(event.id) ?? 0));
    } else if (event.kind === "lost") {
      const from = firm.get(ino) ?? 0;
      files.set(
        ino,
        known.map((each) => (each.at < from ? each : { ...each, fate: "lost" })),
      );
    } else {
      const fate = at < (covered.get(ino) ?? 0) ? "there" : "anything";
      files.set(ino, [...known, { at, change: event, fate }]);
    }
  }
  return files;
};

const undo = (file: number, { kind, size, old, at, to }: Change): void => {
  const bytes = Buffer.from(old, "base64");
  writeSync(file, bytes, 0, bytes.length, kind === "write" ? at! : to!);
  ftruncateSync(file, size);
};

const redo = (file: number, { kind, at, to, data }: Change, part: number): void => {
  if (kind === "truncate") return ftruncateSync(file, to);
  const bytes = Buffer.from(data!, "base64");
  writeSync(file, bytes, 0, Math.ceil(bytes.length * part), at);
};

const PAGE = 4096;
/** Pages of a store that say which of its states is the last one. */
const HEADS = 2;

/** The power went while a commit was written: its pages are there or not, and the heads say nothing of them. */
const tearStore = (path: string, before: string, random: () => number): void => {
  const [after, former] = [readFileSync(path), readFileSync(before)];
  copyFileSync(before, path);
  const file = openSync(path, "r+");
  for (let at = HEADS * PAGE; at < after.length; at += PAGE) {
    const page = after.subarray(at, at + PAGE);
    if (random() < 0.5 && !page.equals(former.subarray(at, at + PAGE)))
      writeSync(file, page, 0, page.length, at);
  }
  closeSync(file);
  rmSync(before);
};

/** A line that the kill has torn tells of nothing: what it was to tell of was not done yet, or nobody knew of it. */
const eventsOf = (line: string): readonly Event[] => {
  try {
    return [JSON.parse(line) as Event];
  } catch {
    return [];
  }
};

/** Leaves on the disk what may be there. */
export const cutPower = (trace: string, state: string, seed: number): void => {
  const random = numbers(seed);
  const lines = existsSync(trace) ? readFileSync(trace, "utf8").split("\n") : [];
  for (const changes of fates(lines.flatMap(eventsOf)).values()) {
    const [first] = changes;
    if (first === undefined || !existsSync(first.change.path)) continue;
    const from = changes.findIndex(({ fate }) => fate !== "there");
    if (from < 0) continue;
    const file = openSync(first.change.path, "r+");
    for (const { change } of changes.slice(from).toReversed()) undo(file, change);
    for (const { change, fate } of changes.slice(from))
      if (fate === "there") redo(file, change, 1);
      else if (fate === "anything" && random() < 0.5) redo(file, change, random() < 0.3 ? random() : 1);
    closeSync(file);
  }
  rmSync(trace, { force: true });
  if (existsSync(`${trace}.store`)) tearStore(join(state, "store", "store.lmdb"), `${trace}.store`, random);
};
