// One thing that a target lacks of what a traveler needs. A refusal lists all of them; nothing has changed then, and the
// traveler never stopped.
import type * as t from "io-ts";
import { struct, text } from "../../lib/codec.ts";
import { bounded } from "./bounded.ts";

/** As many are told. */
const MOST_LACKS = 1000;

export const Lack = struct(
  {
    /** The traveler. */
    child: text,
    /** What is missing: `word size`, `byte order`, `engine`, `base`, `format`, `entry`, `name`, `ram`, `caps`, or the
     *  service of a session. */
    what: text,
    /** Which one, where there are several: a session's label, a file's path; else empty. */
    name: text,
    /** One clause for people: what was wanted, and what is there. */
    reason: text,
  },
  {},
  "Lack",
);
export type Lack = t.TypeOf<typeof Lack>;

export const Lacks = bounded(Lack, MOST_LACKS, "lacks");

const FACTS: ReadonlySet<string> = new Set([
  ...["word size", "byte order", "engine", "base", "format", "entry", "name", "generation"],
  ...["ram", "caps", "quota", "ledger", "cargo"],
]);

/** Whether it is a session that is denied, and `what` its service. */
export const isDenial = ({ what }: Lack): boolean => !FACTS.has(what);

/** What is told, where there is more than that. */
export const foremost = (lacks: readonly Lack[]): readonly Lack[] => lacks.slice(0, MOST_LACKS);

/** One sentence for people. */
export const lackProse = ({ child, what, name, reason }: Lack): string =>
  `${child}: ${what}${name === "" ? "" : ` ${name}`}: ${reason}`;
