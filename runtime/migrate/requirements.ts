// What a traveler needs of a target: facts that its source states before anything has stopped, and that the sink judges
// all at once. Hostile input until the codec has passed it.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { bounded } from "./bounded.ts";
import { CarriedTies } from "./carried-cargo.ts";

/** Travelers of one task: they stop, travel and go on together. */
export const MOST_TRAVELERS = 64;

/** A session that it holds: the sink's routes must grant it, with at least these rights. */
export const SessionNeed = struct(
  {
    service: text,
    label: text,
    /** Rights that its open handles and calls in flight draw on; what it has merely been granted is not among them. */
    rights: bounded(text, 16, "rights"),
  },
  {},
  "SessionNeed",
);
export type SessionNeed = t.TypeOf<typeof SessionNeed>;

/** A file that it holds open, of the session with this label. */
const FileNeed = struct(
  { label: text, path: text },
  {
    /** Whether its content comes along, as the source's route has it; left out where that is not known. */
    carried: t.boolean,
  },
  "FileNeed",
);
export type FileNeed = t.TypeOf<typeof FileNeed>;

export const Requirements = struct(
  {
    /** Its name, under which the sink must have a start entry. */
    name: text,
    /** UUID, and incarnations so far. */
    identity: text,
    generation: natural,
    /** Of the container's description. */
    format: natural,
    wordSize: natural,
    byteOrder: text,
    /** SHA-256 in hexadecimal: of the engine, and of the base memory that it began with. */
    engine: text,
    base: text,
    /** Bytes of linear memory now; it may grow before it is stopped. */
    memoryBytes: natural,
    /** What it uses: bytes, its memory included, and capabilities. */
    ram: natural,
    caps: natural,
    sessions: bounded(SessionNeed, 100_000, "sessions"),
    files: bounded(FileNeed, 100_000, "files"),
  },
  {
    /** What it has with those who stay behind, and is to be carried; left out where there is nothing. */
    carried: CarriedTies,
  },
  "Requirements",
);
export type Requirements = t.TypeOf<typeof Requirements>;

export const AllRequirements = bounded(Requirements, MOST_TRAVELERS, "travelers");
