// What a container says of the sessions that its travelers left behind: links, each with who is at the other end and where
// that one lives. Hostile until its codec has passed it.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { encode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import { uuid } from "../image/fields.ts";
import { bounded } from "./bounded.ts";
import type { Cargo } from "./container.ts";

/** Links of one traveler. */
export const MOST_CARRIED_LINKS = 4096;
const LIMITS = { depth: 8, items: 200_000 };

export const linkName = new t.Type<string>(
  "a name",
  (u): u is string => typeof u === "string" && u.length > 0 && u.length <= 1024,
  (u, c) => (typeof u === "string" && u.length > 0 && u.length <= 1024 ? t.success(u) : t.failure(u, c)),
  t.identity,
);

/** A session or capability that a traveler has with somebody who does not travel with it. */
const Tie = struct(
  {
    link: linkName,
    /** The other one: identity, name, and its generation. */
    identity: uuid,
    child: linkName,
    generation: natural,
    /** It lives at the sink's: they meet again. */
    there: t.boolean,
    /** Whether it is the other one that serves. */
    serves: t.boolean,
    /** What the session is with; null for what was handed over. */
    session: t.union([t.null, struct({ service: linkName, label: t.string })]),
  },
  {
    /** It lives on a third host, which has this key, and this name at the source. Left out: at the source's. */
    at: struct({ key: text, name: text }),
  },
  "CarriedTie",
);
export type CarriedTie = t.TypeOf<typeof Tie>;

export const CarriedTies = bounded(Tie, MOST_CARRIED_LINKS, "links");
/** Of each traveler, by its name. */
export type Ties = ReadonlyMap<string, readonly CarriedTie[]>;

/** The kind of cargo that they are, and the version of its form. */
export const CARRIED_CARGO = { kind: "carried", version: 1 } as const;

const encodeTies = (ties: readonly CarriedTie[]): Uint8Array => encode(ties);

/** What a container says of them; null where it is something else. */
export const decodeTies = (encoded: Uint8Array): readonly CarriedTie[] | null => {
  const value = decode(encoded, "carried sessions", LIMITS);
  const read = E.isLeft(value) ? null : CarriedTies.decode(value.right);
  return read === null || E.isLeft(read) ? null : read.right;
};

export const cargoOf = (ties: Ties): readonly Cargo[] =>
  [...ties].flatMap(([child, carried]) =>
    carried.length === 0 ? [] : [{ ...CARRIED_CARGO, child, bytes: encodeTies(carried) }],
  );

/** What was judged when it came in. */
export const tiesIn = (cargo: readonly Cargo[]): Ties =>
  new Map(
    cargo
      .filter(({ kind }) => kind === CARRIED_CARGO.kind)
      .map(({ child, bytes }) => [child, decodeTies(bytes) ?? []]),
  );
