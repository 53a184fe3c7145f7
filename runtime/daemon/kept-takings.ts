// What a durable host has taken by its operator's word, though the source had not decided: noted in its store until the
// source has heard of it.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { HostError } from "../host/host-error.ts";
import type { Roll } from "../host/roll.ts";
import type { Container } from "../migrate/container.ts";
import type { MigrateError } from "../migrate/migrate-error.ts";
import { TAKEN_LEAP } from "../migrate/open-offer.ts";
import type { Taken } from "../migrate/sink-host.ts";
import { decodeNote, encodeNote } from "./json-note.ts";

const PREFIX = "taken/";

const TakenNote = struct(
  {
    /** The key of the source. */
    from: text,
    travelers: t.readonlyArray(struct({ identity: text, generation: natural })),
  },
  {},
  "TakenNote",
);
type TakenNote = t.TypeOf<typeof TakenNote>;

export class KeptTakings {
  readonly #roll: Roll;
  /** What is in the store; null until somebody has looked. */
  #known: Map<string, TakenNote> | null = null;

  constructor(roll: Roll) {
    this.#roll = roll;
  }

  async #notes(): Promise<Either<HostError, Map<string, TakenNote>>> {
    if (this.#known !== null) return E.right(this.#known);
    const notes = new Map<string, TakenNote>();
    const found = await this.#roll.notes(PREFIX);
    if (E.isLeft(found)) return found;
    for (const [key, bytes] of found.right) {
      const note = decodeNote(TakenNote, bytes);
      if (note !== null) notes.set(key.slice(PREFIX.length), note);
    }
    this.#known ??= notes;
    return E.right(this.#known);
  }

  async take({ task, from, manifest }: Container): Promise<Either<MigrateError, void>> {
    const travelers = manifest.children.map(({ identity, generation }) => ({
      ...{ identity, generation: generation + TAKEN_LEAP },
    }));
    const note = { from, travelers };
    const notes = await this.#notes();
    if (E.isLeft(notes)) return E.left({ tag: "Host", error: notes.left });
    const noted = await this.#roll.note(`${PREFIX}${task}`, encodeNote(note));
    if (E.isLeft(noted)) return E.left({ tag: "Host", error: noted.left });
    notes.right.set(task, note);
    return noted;
  }

  /** What sources have not heard of yet. Left: that can't be read just now, and is asked for again. */
  async taken(): Promise<Either<MigrateError, readonly Taken[]>> {
    const notes = await this.#notes();
    if (E.isLeft(notes)) return E.left({ tag: "Host", error: notes.left });
    const all = [...notes.right].map(([task, { from, travelers }]) => ({
      ...{ task, from },
      generations: travelers.map(({ generation }) => generation + 1),
    }));
    return E.right(all);
  }

  /** The container as it is taken: each traveler an incarnation that is later than any of its source's. Where it can't be
   *  known whether it is, nobody may come to life from it. */
  async later(container: Container): Promise<Either<HostError, Container>> {
    const notes = await this.#notes();
    if (E.isLeft(notes)) return notes;
    const note = notes.right.get(container.task);
    if (note === undefined) return E.right(container);
    const children = container.manifest.children.map((child) => {
      const found = note.travelers.find(({ identity }) => identity === child.identity);
      return found === undefined ? child : { ...child, generation: found.generation };
    });
    return E.right({ ...container, manifest: { ...container.manifest, children } });
  }

  async acknowledged(task: string): Promise<void> {
    this.#known?.delete(task);
    // Where it can't be taken away, the source hears of it once more.
    await this.#roll.note(`${PREFIX}${task}`, null);
  }
}
