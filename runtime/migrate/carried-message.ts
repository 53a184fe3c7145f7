// What two hosts say to each other of sessions that are carried between them. Each message is what somebody who lives at
// the sender's says to somebody who lives at the receiver's, as a child of the receiver's own would say it. All of it is
// hostile until its codec has passed it.
import * as t from "io-ts";
import { bytes, natural, struct } from "../../lib/codec.ts";
import { SessionFacts } from "../../lib/facts.ts";
import { E, type Either } from "../../lib/fp.ts";
import { encode, tryEncode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import { uuid } from "../image/fields.ts";
import { imageProse } from "../image/image-error.ts";
import { bounded } from "./bounded.ts";

/** Version of these messages; a peer of another one is refused. */
export const CARRIED = 1;
/** Bytes of one message: what a component may ask or answer at once, and what goes around that. */
export const MOST_CARRIED_BYTES = (64 << 20) + (1 << 16);
/** Children that one host expects at another, and links of one of them. */
export const MOST_CARRIED = 4096;
const MOST_CARRIED_LINKS = 4096;

const name = new t.Type<string>(
  "a name",
  (u): u is string => typeof u === "string" && u.length > 0 && u.length <= 1024,
  (u, c) => (typeof u === "string" && u.length > 0 && u.length <= 1024 ? t.success(u) : t.failure(u, c)),
  t.identity,
);

/** Memory is not handed on over a carried session: no dataspace has a place here. */
const Passed = struct({ link: name, service: name, native: t.boolean }, {}, "Passed");
const Parcel = struct(
  { body: t.string, bytes: t.array(bytes), capabilities: bounded(Passed, 256, "capabilities") },
  {},
  "CarriedParcel",
);
const Answer = t.union([
  struct({ _tag: t.literal("Left"), left: SessionFacts }),
  struct({ _tag: t.literal("Right"), right: Parcel }),
]);
const ids = bounded(name, 8192, "ids");

const kind = <K extends string, F extends Readonly<Record<string, t.Mixed>>>(of: K, fields: F) =>
  struct({ kind: t.literal(of), ...fields }, {}, of);

/** Whom the receiver is taken to have, and since which generation. */
const Expected = struct({ identity: uuid, child: name, epoch: natural }, {}, "Expected");

const messages = {
  /** Asks to be told of these children from now on. */
  expects: kind("expects", { children: bounded(Expected, MOST_CARRIED, "children") }),
  /** Such a child lives here, serves this, and has these links with those who live at the receiver's. */
  here: kind("here", {
    identity: uuid,
    generation: natural,
    services: bounded(name, 256, "services"),
    owns: bounded(struct({ link: name, holder: uuid, open: t.boolean }), MOST_CARRIED_LINKS, "links"),
    holds: bounded(
      struct({ link: name, owner: uuid, service: t.string, label: t.string, opening: t.boolean }),
      MOST_CARRIED_LINKS,
      "links",
    ),
  }),
  /** It does not run just now. */
  away: kind("away", { identity: uuid }),
  /** It has ended, and never comes back. */
  ended: kind("ended", { identity: uuid }),

  // --- what somebody who lives at the sender's says, as a holder of a link
  connect: kind("connect", { link: name, holder: uuid, service: name, label: t.string, args: t.string }),
  call: kind("call", {
    ...{ link: name, holder: uuid, id: name, method: t.string, parcel: Parcel },
    ...{ received: ids, oldest: name },
  }),
  received: kind("received", { link: name, received: ids, oldest: name }),
  waits: kind("waits", { link: name, waiting: ids }),
  close: kind("close", { link: name }),
  // --- as its owner
  opened: kind("opened", { link: name, error: t.union([SessionFacts, t.null]) }),
  reply: kind("reply", { link: name, id: name, answer: Answer }),
  revoke: kind("revoke", { link: name, error: SessionFacts }),
} as const;

type Messages = typeof messages;
export type CarriedMessage = { [K in keyof Messages]: t.TypeOf<Messages[K]> }[keyof Messages];
export type CarriedOf<K extends CarriedMessage["kind"]> = Extract<CarriedMessage, { readonly kind: K }>;

const LIMITS = { depth: 8, items: 200_000 };

/** Halves of surrogate pairs, which a component may write, have no encoding; nor has what is not there. */
const encodable = (value: unknown): unknown => {
  if (typeof value === "string") return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(encodable);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([key, field]) => [key, encodable(field)]));
};

export const encodeCarried = (message: CarriedMessage): Uint8Array => {
  const encoded = tryEncode(message, "what is carried", LIMITS);
  return E.isRight(encoded) ? encoded.right : encode(encodable(message));
};

/** A message, or what is wrong with it. */
export const decodeCarried = (encoded: Uint8Array): Either<string, CarriedMessage> => {
  const value = decode(encoded, "what is carried", LIMITS);
  if (E.isLeft(value)) return E.left(imageProse(value.left));
  const { kind: of } = (value.right ?? {}) as { readonly kind?: unknown };
  if (typeof of !== "string" || !Object.hasOwn(messages, of))
    return E.left(`no message of this kind is known`);
  const read = (messages[of as keyof Messages] as t.Type<CarriedMessage, unknown>).decode(value.right);
  return E.isRight(read) ? read : E.left(`${of} is not what the protocol says`);
};

/** A session or capability that a traveler has with somebody who stays behind, as its container says. */
const Tie = struct(
  {
    link: name,
    /** The other one: identity, name, and its generation. */
    identity: uuid,
    child: name,
    generation: natural,
    /** It lives at the sink's: they meet again. */
    there: t.boolean,
    /** Whether it is the other one that serves. */
    serves: t.boolean,
    /** What the session is with; null for what was handed over. */
    session: t.union([t.null, struct({ service: name, label: t.string })]),
  },
  {},
  "CarriedTie",
);
export type CarriedTie = t.TypeOf<typeof Tie>;

export const CarriedTies = bounded(Tie, MOST_CARRIED_LINKS, "links");
/** The kind of cargo that they are, and the version of its form. */
export const CARRIED_CARGO = { kind: "carried", version: 1 } as const;

export const encodeTies = (ties: readonly CarriedTie[]): Uint8Array => encode(ties);

/** What a container says of them; null where it is something else. */
export const decodeTies = (encoded: Uint8Array): readonly CarriedTie[] | null => {
  const value = decode(encoded, "carried sessions", LIMITS);
  const read = E.isLeft(value) ? null : CarriedTies.decode(value.right);
  return read === null || E.isLeft(read) ? null : read.right;
};
