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
import type { OpenOffer } from "../migrate/open-offer.ts";
import type { Verdict } from "../migrate/source-host.ts";
import type { Whereabouts } from "../migrate/whereabouts.ts";
import { decodeNote, encodeNote } from "./json-note.ts";
import { KeptTrails, trailNote, type Trail } from "./kept-trails.ts";
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

/** Why somebody lives here no more: it went to a host, whose operator has taken it, or which has told that one elsewhere
 *  has. */
export type Parting = "went" | "taken" | "told";

export interface KeptDecisionsOptions {
  readonly keeper: Keeper;
  /** It has left, and the host with this key has to do with it: writes down what became of it. False: that can't be
   *  written now. Also told after a crash, where that was not written down. */
  readonly departed: (leaver: Leaver, host: string, how: Parting) => Promise<boolean>;
  /** Writes what could not be written down before; false: it still can't be. */
  readonly written: () => Promise<boolean>;
  /** See `KeptTrailsOptions`. */
  readonly mostTrails?: number;
}

interface Decided {
  readonly task: string;
  /** Null: the task is another host's. */
  readonly note: TaskNote | null;
  readonly leavers: readonly Leaver[];
  readonly host: string;
  readonly how: Parting;
  readonly carried?: readonly Whereabouts[];
  readonly trails: readonly Trail[];
}

export class KeptDecisions implements Decisions {
  readonly #options: KeptDecisionsOptions;
  readonly trails: KeptTrails;
  /** What is being written down of those that have left, by task. */
  readonly #departing = new Map<string, Promise<void>>();
  /** Tasks of which it could not be written down what became of their travelers: the note of the decision alone says it,
   *  and without it the next host would begin them anew. */
  readonly #unwritten = new Set<string>();
  /** Those of them that nobody asks about any more. */
  readonly #owed = new Set<string>();
  /** Of tasks that are under way, where their travelers will have gone who are offered elsewhere, too. */
  readonly #onward = new Map<string, readonly Trail[]>();

  constructor(options: KeptDecisionsOptions) {
    this.#options = options;
    this.trails = new KeptTrails({
      roll: options.keeper.roll,
      ...(options.mostTrails === undefined ? {} : { most: options.mostTrails }),
      isUnconfirmed: (identity, to) => this.#isUnconfirmed(identity, to),
      over: (tasks) => this.#settled(tasks),
    });
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
    const [notes, trails] = [await this.#notes(), await this.trails.all()];
    if (E.isLeft(notes)) return notes;
    if (E.isLeft(trails)) return trails;
    for (const [task, { released, leavers, to: host, conceded }] of notes.right)
      if (released) await this.#depart({ task, leavers, host, how: conceded === true ? "taken" : "went" });
    for (const trail of trails.right) {
      const { task, taken, from, own } = trail;
      if (taken === null) continue;
      const leavers = [{ ...trail, generation: taken - 1 }];
      if (!own) await this.#depart({ task, leavers, host: from, how: "told" });
      if (trail.to === null && !this.#unwritten.has(task)) await this.trails.drop([trail]);
    }
    return E.right(undefined);
  }

  async #depart({ task, leavers, host, how }: Omit<Decided, "note" | "trails">): Promise<void> {
    const all = await Promise.all(leavers.map((leaver) => this.#options.departed(leaver, host, how)));
    if (all.includes(false)) this.#unwritten.add(task);
  }

  async offer(
    task: string,
    to: string,
    leavers: readonly Leaver[],
  ): Promise<Either<MigrateError, readonly OpenOffer[]>> {
    const onward = await this.#trailsOf(task, to, leavers);
    if (E.isLeft(onward)) return onward;
    const note = encodeNote({ to, released: false, leavers });
    const noted = failed(await this.#options.keeper.roll.note(`${PREFIX}${task}`, note));
    if (E.isLeft(noted)) return noted;
    if (onward.right.length > 0) this.#onward.set(task, onward.right);
    // However often it was here meanwhile.
    const offers = new Map(onward.right.map((trail) => [`${trail.task} ${trail.identity}`, trail]));
    return E.right([...offers.values()]);
  }

  /** As they will be when the task is decided: of those of its travelers who were offered elsewhere, here or before they
   *  came here, where they went. */
  async #trailsOf(
    task: string,
    to: string,
    leavers: readonly Leaver[],
  ): Promise<Either<MigrateError, readonly Trail[]>> {
    const [notes, trails] = [await this.#notes(), await this.trails.all()];
    if (E.isLeft(notes)) return notes;
    if (E.isLeft(trails)) return trails;
    const isLeaver = ({ identity }: Pick<Leaver, "identity">): boolean =>
      leavers.some((leaver) => leaver.identity === identity);
    const inherited = trails.right.filter((trail) => !trail.own && trail.taken === null && isLeaver(trail));
    const own = [...notes.right].flatMap(([other, { to: from, released, leavers: offered }]) =>
      released || other === task || from === to
        ? []
        : offered.filter(isLeaver).map((each) => ({ ...each, task: other, from, own: true, taken: null })),
    );
    return E.right([...inherited, ...own].map((trail) => ({ ...trail, to })));
  }

  release(
    task: string,
    to: string,
    leavers: readonly Leaver[],
    carried: readonly Whereabouts[],
  ): Promise<Either<MigrateError, void>> {
    const note = { to, released: true, leavers };
    const trails = this.#onward.get(task) ?? [];
    return this.#decide({ task, note, leavers, host: to, how: "went", carried, trails });
  }

  async concede(
    task: string,
    by: string,
    leavers: readonly Leaver[],
    isOwn: boolean,
  ): Promise<Either<MigrateError, void>> {
    const all = await this.trails.all(task);
    if (E.isLeft(all)) return all;
    const isBy = ({ own, from }: Trail): boolean => own === isOwn && from === by;
    const trails = all.right.filter(isBy).flatMap((trail) => {
      const leaver = leavers.find(({ identity }) => identity === trail.identity);
      return leaver === undefined ? [] : [{ ...trail, taken: leaver.generation + 1 }];
    });
    // Who is known to be over as a later incarnation than that is not written down once more.
    const ended: Leaver[] = [];
    for (const leaver of leavers) {
      const epoch = failed(await this.#options.keeper.roll.epoch(leaver.identity));
      if (E.isLeft(epoch)) return epoch;
      if (epoch.right <= leaver.generation) ended.push(leaver);
    }
    const note = isOwn ? { to: by, released: true, leavers: ended, conceded: true as const } : null;
    const decided = await this.#decide({
      ...{ task, note, leavers: ended, trails },
      ...{ host: by, how: isOwn ? "taken" : "told" },
    });
    if (E.isLeft(decided)) return decided;
    await this.#departing.get(task);
    // Without it nothing would say what became of them.
    if (this.#unwritten.has(task)) return decided;
    // Whoever has not gone on from here is nobody's to tell; and one word is enough for those who have.
    const isOver = (trail: Trail): boolean =>
      isBy(trail)
        ? trail.to === null || !leavers.some(({ identity }) => identity === trail.identity)
        : trails.some(({ identity }) => identity === trail.identity);
    await this.trails.drop(all.right.filter(isOver));
    return decided;
  }

  async #decide(decided: Decided): Promise<Either<MigrateError, void>> {
    const { task, note, leavers, carried = [], trails } = decided;
    const own: readonly [string, Uint8Array][] =
      note === null ? [] : [[`${PREFIX}${task}`, encodeNote(note)]];
    const notes = new Map([...own, ...carried.map(whereaboutsNote), ...trails.map(trailNote)]);
    const done = failed(await this.#options.keeper.depart(leavers, notes));
    if (E.isLeft(done)) return done;
    // The decision says it, also after a crash: the sink need not wait until the record does.
    const departing = this.#depart(decided);
    this.#departing.set(
      task,
      departing.then(() => void this.#departing.delete(task)),
    );
    return done;
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

  /** Whether that host may not know yet that one went there, and what it was told of it before. */
  async #isUnconfirmed(identity: string, to: string): Promise<Either<MigrateError, boolean>> {
    const notes = await this.#notes();
    if (E.isLeft(notes)) return notes;
    const isMeant = ({ to: host, released, conceded, leavers }: TaskNote): boolean =>
      released && conceded !== true && host === to && leavers.some((each) => each.identity === identity);
    return E.right([...notes.right.values()].some(isMeant));
  }

  /** Nothing is to be written any more of where those went who were offered in these tasks. */
  #settled(tasks: readonly string[]): void {
    for (const [task, trails] of this.#onward)
      this.#onward.set(
        task,
        trails.filter((trail) => !tasks.includes(trail.task)),
      );
  }

  /** Those who came from a host were offered there in these tasks before. Noted before they come to life. */
  async inherit(from: string, offers: readonly OpenOffer[]): Promise<Either<MigrateError, void>> {
    if (offers.length === 0) return E.right(undefined);
    const [notes, trails] = [await this.#notes(), await this.trails.all()];
    if (E.isLeft(notes)) return notes;
    if (E.isLeft(trails)) return trails;
    const met = offers.flatMap(({ task, identity, name, generation }): readonly Trail[] => {
      // Back here: whoever was believed of it then is believed now.
      const known = trails.right
        .filter((trail) => trail.task === task && trail.identity === identity)
        .map((trail) => ({ ...trail, to: null }));
      if (notes.right.has(task)) return known;
      return [...known, { task, identity, name, generation, from, own: false, to: null, taken: null }];
    });
    return this.trails.note(met);
  }

  async confirmed(task: string): Promise<void> {
    await this.#departing.get(task);
    this.#onward.delete(task);
    this.#settled([task]);
    const trails = await this.trails.all(task);
    const over = E.isLeft(trails) ? [] : trails.right.filter(({ own, taken }) => own && taken === null);
    await this.trails.drop(over);
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
