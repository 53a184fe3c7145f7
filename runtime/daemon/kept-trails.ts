// Where those went who were offered to one host and left for another before the first had settled that, in a durable host's
// store; and of those who have come, in which tasks they were offered before. By these an operator's word reaches whoever
// has them: docs/decisions/taken.md.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { Leaver, Roll } from "../host/roll.ts";
import type { MigrateError } from "../migrate/migrate-error.ts";
import type { OpenTrails, Overtaken, Trails } from "../migrate/trails.ts";
import { decodeNote, encodeNote } from "./json-note.ts";

const PREFIX = "trail/";
/** So many are kept. */
const MOST_TRAILS = 4096;

const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null]);

export const Trail = struct(
  {
    /** The task in which it was offered, and as which generation. */
    task: text,
    identity: text,
    name: text,
    generation: natural,
    /** The key of the host whose word about the task is believed: the sink of the task where it was offered from here, else
     *  the host that it came from. */
    from: text,
    /** The host offered it itself. */
    own: t.boolean,
    /** The key of the host that it went to; null: it has not left. */
    to: orNull(text),
    /** It was taken, as this generation: whoever has it is yet to hear so. */
    taken: orNull(natural),
  },
  {},
  "Trail",
);
export type Trail = t.TypeOf<typeof Trail>;

type Key = Pick<Trail, "task" | "identity" | "from">;

/** Of each host that it came from there is one: who went around in a circle is told of by the one that it is on the way of. */
const keyOf = ({ task, identity, from }: Key): string => `${PREFIX}${task}/${identity}/${from}`;

export const trailNote = (trail: Trail): [string, Uint8Array] => [keyOf(trail), encodeNote(trail)];

export interface KeptTrailsOptions {
  readonly roll: Roll;
  /** Whether one went to the host with the key `to`, which has not confirmed it: it may not have come to life there yet. */
  readonly isUnconfirmed: (identity: string, to: string) => Promise<Either<MigrateError, boolean>>;
  /** How many are kept at most. Default: 4,096. */
  readonly most?: number;
  /** Of these tasks nothing is to be noted any more. */
  readonly over: (tasks: readonly string[]) => void;
}

export class KeptTrails implements Trails {
  readonly #options: KeptTrailsOptions;

  constructor(options: KeptTrailsOptions) {
    this.#options = options;
  }

  /** All of them, or those of one task. */
  async all(task?: string): Promise<Either<MigrateError, readonly Trail[]>> {
    const found = await this.#options.roll.notes(task === undefined ? PREFIX : `${PREFIX}${task}/`);
    if (E.isLeft(found)) return E.left({ tag: "Host", error: found.left });
    return E.right([...found.right.values()].flatMap((bytes) => decodeNote(Trail, bytes) ?? []));
  }

  /** Whether so many more may be kept: hosts that others come from may make up any number. */
  async hasRoom(count: number): Promise<boolean> {
    const all = await this.all();
    return E.isRight(all) && all.right.length + count <= (this.#options.most ?? MOST_TRAILS);
  }

  /** All of these, or none. */
  async note(trails: readonly Trail[]): Promise<Either<MigrateError, void>> {
    const noted = await this.#options.roll.depart([], new Map(trails.map(trailNote)));
    return E.isLeft(noted) ? E.left({ tag: "Host", error: noted.left }) : noted;
  }

  async drop(trails: readonly Key[]): Promise<void> {
    // What can't be taken away is found to be over once more.
    for (const trail of trails) await this.#options.roll.note(keyOf(trail), null);
  }

  async inherited(task: string, from: string): Promise<Either<MigrateError, readonly Leaver[]>> {
    return E.map((all: readonly Trail[]) =>
      all.filter((trail) => !trail.own && trail.taken === null && trail.from === from),
    )(await this.all(task));
  }

  async onward(task: string, to: string): ReturnType<Trails["onward"]> {
    const all = await this.all(task);
    if (E.isLeft(all)) return all;
    const there = all.right.filter((trail) => trail.to === to);
    if (there.length === 0) return E.right("settled");
    const overtaken: Overtaken[] = [];
    for (const { identity, taken } of there) {
      if (taken === null) continue;
      const isUnconfirmed = await this.#options.isUnconfirmed(identity, to);
      if (E.isLeft(isUnconfirmed)) return isUnconfirmed;
      // It would note that of somebody of whom it knows nothing, and forget it.
      if (isUnconfirmed.right) return E.right("open");
      overtaken.push({ identity, generation: taken });
    }
    return E.right(overtaken.length === 0 ? "open" : overtaken);
  }

  async passed(task: string, to: string): Promise<void> {
    const all = await this.all(task);
    if (E.isRight(all)) await this.drop(all.right.filter((each) => each.to === to && each.taken !== null));
  }

  async settled(task: string, from: string): Promise<void> {
    const all = await this.all(task);
    if (E.isLeft(all)) return;
    this.#options.over([task]);
    await this.drop(all.right.filter((each) => !each.own && each.from === from && each.taken === null));
  }

  async open(): Promise<Either<MigrateError, OpenTrails>> {
    const all = await this.all();
    if (E.isLeft(all)) return all;
    const telling = all.right.flatMap(({ task, to, taken }) =>
      to === null || taken === null ? [] : [{ task, to }],
    );
    const asking = all.right.filter(({ own, taken }) => !own && taken === null);
    return E.right({ telling, asking });
  }
}
