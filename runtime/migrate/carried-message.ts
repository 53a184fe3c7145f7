// What two hosts say to each other of sessions that are carried between them. Each message is what somebody who lives at
// the sender's says to somebody who lives at the receiver's, as a child of the receiver's own would say it. All of it is
// hostile until its codec has passed it.
import * as t from "io-ts";
import { bytes, natural, struct, text } from "../../lib/codec.ts";
import { SessionFacts } from "../../lib/facts.ts";
import { E, type Either } from "../../lib/fp.ts";
import { encode, tryEncode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import { uuid } from "../image/fields.ts";
import { imageProse } from "../image/image-error.ts";
import { bounded } from "./bounded.ts";
import { linkName as name, MOST_CARRIED_LINKS } from "./carried-cargo.ts";

/** Version of these messages; a peer of another one is refused. */
export const CARRIED = 3;
/** Bytes of one message: what a component may ask or answer at once, and what goes around that. */
export const MOST_CARRIED_BYTES = (64 << 20) + (1 << 16);
/** Children that one host expects at another. */
export const MOST_CARRIED = 4096;

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

const identities = bounded(uuid, MOST_CARRIED_LINKS, "identities");

/** Whom the receiver is taken to have, and since which generation; `others`: who has links with it at the sender's. */
const Expected = struct({ identity: uuid, child: name, epoch: natural, others: identities }, {}, "Expected");
export type Expected = t.TypeOf<typeof Expected>;

const messages = {
  /** Asks to be told of these children from now on. */
  expects: kind("expects", { children: bounded(Expected, MOST_CARRIED, "children") }),
  /** Such a child lives here, serves this, and has these links with those who live at the receiver's. `expects`: how many
   *  of those the sender has heard over this connection; it may not know yet of whom a later one names. */
  here: kind("here", {
    identity: uuid,
    generation: natural,
    expects: natural,
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

  // --- where three hosts have to do with one another
  /** It has left the sender's for the host with this key, where it is of this generation at least. `others`: who has links
   *  with it and is taken to live at the receiver's. */
  moved: kind("moved", {
    ...{ identity: uuid, to: text, epoch: natural },
    others: bounded(struct({ identity: uuid, child: name }), MOST_CARRIED_LINKS, "others"),
  }),
  /** That is noted at the sender's, durably, where these of the others live. */
  follows: kind("follows", { identity: uuid, epoch: natural, others: identities }),
  /** Asks whether the host with this key is among the receiver's peers. */
  knows: kind("knows", { key: text }),
  known: kind("known", { key: text, known: t.boolean }),

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
