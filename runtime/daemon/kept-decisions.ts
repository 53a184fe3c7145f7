// What a durable host offered and decided as a source, in its store: the one write that takes a child out of it is the
// one that says whose it is from then on.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { HostError } from "../host/host-error.ts";
import type { Keeper } from "../host/keeper.ts";
import type { Leaver } from "../host/roll.ts";
import type { Decisions } from "../migrate/decisions.ts";
import type { MigrateError } from "../migrate/migrate-error.ts";
import type { Verdict } from "../migrate/source-host.ts";
import type { Whereabouts } from "../migrate/whereabouts.ts";
import { decodeNote, encodeNote } from "./json-note.ts";
import { whereaboutsNote } from "./kept-whereabouts.ts";

const PREFIX = "task/";

const TaskNote = struct(
  {
    /** The key of the host that it is for. */
    to: text,
    released: t.boolean,
    leavers: t.readonlyArray(struct({ name: text, identity: text, generation: natural })),
  },
  {
    /** Not this host has decided, but the sink's operator, who said that this one was gone. */
    conceded: t.literal(true),
  },
  "TaskNote",
);
type TaskNote = t.TypeOf<typeof TaskNote>;

const failed = E.mapLeft((error: HostError): MigrateError => ({ tag: "Host", error }));

export interface KeptDecisionsOptions {
  readonly keeper: Keeper;
  /** It has left, for the host with the key `to`: writes down what became of it. False: that can't be written now. Also
   *  told after a crash, where that was not written down. */
  readonly departed: (leaver: Leaver, to: string, conceded: boolean) => Promise<boolean>;
  /** Writes what could not be written down before; false: it still can't be. */
  readonly written: () => Promise<boolean>;
}

export class KeptDecisions implements Decisions {
  readonly #options: KeptDecisionsOptions;
  /** What is being written down of those that have left, by task. */
  readonly #departing = new Map<string, Promise<void>>();
  /** Tasks of which it could not be written down what became of their travelers: the note of the decision alone says it,
   *  and without it the next host would begin them anew. */
  readonly #unwritten = new Set<string>();
  /** Those of them that nobody asks about any more. */
  readonly #owed = new Set<string>();

  constructor(options: KeptDecisionsOptions) {
    this.#options = options;
  }

  async #notes(): Promise<Either<MigrateError, ReadonlyMap<string, TaskNote>>> {
    const found = failed(await this.#options.keeper.roll.notes(PREFIX));
    if (E.isLeft(found)) return found;
    const notes = new Map<string, TaskNote>();
    for (const [key, bytes] of found.right) {
      const note = decodeNote(TaskNote, bytes);
      if (note !== null) notes.set(key.slice(PREFIX.length), note);
    }
    return E.right(notes);
  }

  /** What a crash left undone of decisions that were made. Left: nothing is known of them. */
  async recover(): Promise<Either<MigrateError, void>> {
    const notes = await this.#notes();
    if (E.isLeft(notes)) return notes;
    for (const [task, note] of notes.right) if (note.released) await this.#depart(task, note);
    return E.right(undefined);
  }

  async #depart(task: string, { leavers, to, conceded }: TaskNote): Promise<void> {
    const all = await Promise.all(
      leavers.map((leaver) => this.#options.departed(leaver, to, conceded === true)),
    );
    if (all.includes(false)) this.#unwritten.add(task);
  }

  async offer(task: string, to: string, leavers: readonly Leaver[]): Promise<Either<MigrateError, void>> {
    const note = encodeNote({ to, released: false, leavers });
    return failed(await this.#options.keeper.roll.note(`${PREFIX}${task}`, note));
  }

  release(
    task: string,
    to: string,
    leavers: readonly Leaver[],
    carried: readonly Whereabouts[],
  ): Promise<Either<MigrateError, void>> {
    return this.#decide(task, { to, released: true, leavers }, carried);
  }

  concede(task: string, to: string, leavers: readonly Leaver[]): Promise<Either<MigrateError, void>> {
    return this.#decide(task, { to, released: true, leavers, conceded: true });
  }

  async #decide(
    task: string,
    note: TaskNote,
    carried: readonly Whereabouts[] = [],
  ): Promise<Either<MigrateError, void>> {
    const notes = new Map([[`${PREFIX}${task}`, encodeNote(note)], ...carried.map(whereaboutsNote)]);
    const decided = failed(await this.#options.keeper.depart(note.leavers, notes));
    if (E.isLeft(decided)) return decided;
    // The decision says it, also after a crash: the sink need not wait until the record does.
    const departing = this.#depart(task, note);
    this.#departing.set(
      task,
      departing.then(() => void this.#departing.delete(task)),
    );
    return decided;
  }

  async offered(task: string, to: string): Promise<Either<MigrateError, readonly Leaver[] | null>> {
    const notes = await this.#notes();
    if (E.isLeft(notes)) return notes;
    const note = notes.right.get(task);
    return E.right(note?.to === to && !note.released ? note.leavers : null);
  }

  async verdict(task: string, to: string): Promise<Either<MigrateError, Verdict>> {
    const notes = await this.#notes();
    if (E.isLeft(notes)) return notes;
    const note = notes.right.get(task);
    return E.right(note?.to === to && note.released ? "released" : "kept");
  }

  async confirmed(task: string): Promise<void> {
    await this.#departing.get(task);
    if (!this.#unwritten.has(task)) await this.#drop(task);
    else this.#owed.add(task);
    if (this.#unwritten.size === 0 || !(await this.#options.written())) return;
    const owed = [...this.#owed];
    this.#unwritten.clear();
    this.#owed.clear();
    for (const each of owed) await this.#drop(each);
  }

  /** Where it can't be taken away it is there again after a restart, and is told once more. */
  async #drop(task: string): Promise<void> {
    await this.#options.keeper.roll.note(`${PREFIX}${task}`, null);
  }

  async unsettled(): Promise<readonly { readonly task: string; readonly to: string }[]> {
    const notes = await this.#notes();
    return E.isLeft(notes) ? [] : [...notes.right].map(([task, { to }]) => ({ task, to }));
  }
}
