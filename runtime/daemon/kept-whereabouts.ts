// Where those live who have sessions with children of a durable host, in its store. That somebody has left is noted in
// the write that decides it.
import { E, type Either } from "../../lib/fp.ts";
import type { HostError } from "../host/host-error.ts";
import type { Roll } from "../host/roll.ts";
import { Whereabouts, type WhereaboutsBook } from "../migrate/whereabouts.ts";
import { decodeNote, encodeNote } from "./json-note.ts";

const PREFIX = "away/";

/** What stands in the store, and under which key. */
export const whereaboutsNote = (whereabouts: Whereabouts): [string, Uint8Array] => [
  `${PREFIX}${whereabouts.identity}`,
  encodeNote(whereabouts),
];

export class KeptWhereabouts implements WhereaboutsBook {
  readonly #roll: Roll;

  constructor(roll: Roll) {
    this.#roll = roll;
  }

  async all(): Promise<readonly Whereabouts[]> {
    const notes = await this.#roll.notes(PREFIX);
    return E.isLeft(notes)
      ? []
      : [...notes.right.values()].flatMap((bytes) => decodeNote(Whereabouts, bytes) ?? []);
  }

  note(whereabouts: Whereabouts): Promise<Either<HostError, void>> {
    return this.#roll.note(...whereaboutsNote(whereabouts));
  }

  drop(identity: string): Promise<Either<HostError, void>> {
    return this.#roll.note(`${PREFIX}${identity}`, null);
  }
}
