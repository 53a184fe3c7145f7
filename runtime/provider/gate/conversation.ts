// What one Cryonode end of a gate knows of its conversation with another one: enough to go on with it after a freeze,
// in another process, or when a connection was cut, so that each message arrives once.

import { randomBytes } from "node:crypto";
import * as t from "io-ts";
import { bytes, natural, struct } from "../../../lib/codec.ts";
import { LAST_NUMBER, type Hello, type Refusal } from "./hello.ts";

const isId = (u: unknown): u is string => typeof u === "string" && /^(?!0{32})[0-9a-f]{32}$/.test(u);

/** Names an end for as long as the conversation lasts. Who knows it can speak in the end's name. */
const Id = new t.Type<string>("id", isId, (u, c) => (isId(u) ? t.success(u) : t.failure(u, c)), t.identity);

const Fields = struct(
  {
    self: Id,
    /** Incarnations of this end: 1 when it was first opened, one more with each revival. */
    epoch: natural,
    /** The end it talks to; null until they have met. `peerEpoch` is the latest incarnation that it has met. */
    peer: t.union([Id, t.null]),
    peerEpoch: natural,
    /** Messages sent in this conversation; the last of them are those unacknowledged. */
    sent: natural,
    unacknowledged: t.array(t.union([t.string, bytes])),
    /** Messages that arrived in this conversation, unread ones included. */
    received: natural,
    /** The other end has closed the gate, and the owner is still to hear of it. */
    over: t.boolean,
  },
  {
    /** So many sends that follow may have been made already, when a crash came: they are made again, as they were. */
    repeats: natural,
  },
  "Conversation",
);

const LAST_EPOCH = 2 ** 32 - 2;

const isSound = ({
  repeats = 0,
  epoch,
  peerEpoch,
  sent,
  received,
  unacknowledged,
}: t.TypeOf<typeof Fields>): boolean =>
  epoch <= LAST_EPOCH &&
  peerEpoch <= LAST_EPOCH &&
  sent + repeats <= LAST_NUMBER &&
  received <= LAST_NUMBER &&
  unacknowledged.length <= sent;

const isConversation = (u: unknown): u is t.TypeOf<typeof Fields> => Fields.is(u) && isSound(u);

export const Conversation = new t.Type<t.TypeOf<typeof Fields>>(
  Fields.name,
  isConversation,
  (u, c) => {
    const checked = Fields.validate(u, c);
    return checked._tag === "Left" || isSound(checked.right) ? checked : t.failure(u, c);
  },
  t.identity,
);
export type Conversation = t.TypeOf<typeof Conversation>;

/** One that begins. */
export const newConversation = (): Conversation => ({
  self: randomBytes(16).toString("hex"),
  epoch: 1,
  peer: null,
  peerEpoch: 0,
  sent: 0,
  unacknowledged: [],
  received: 0,
  over: false,
});

/** What an end says of itself when a connection begins. */
export type Standing = Pick<
  Hello,
  "self" | "epoch" | "peer" | "peerEpoch" | "sent" | "acknowledged" | "received"
>;

/**
 * Why an end that stands so can't talk to the one that says `hello`; null where it can. Nothing is lost or said twice as
 * long as each has sent what the other one received, and still has what the other one did not.
 */
export const refusalOf = (mine: Standing, message: number, hello: Hello): Refusal | null => {
  if (hello.self === mine.self) return "taken";
  if (hello.peer !== null && hello.peer !== mine.self) return "taken";
  if (mine.peer !== null && hello.self !== mine.peer) return "taken";
  if (hello.message !== message) return "size";
  if (hello.epoch < mine.peerEpoch) return "stale";
  if (hello.peerEpoch > mine.epoch || hello.received > mine.sent || hello.acknowledged > mine.received)
    return "ahead";
  if (hello.received < mine.acknowledged || hello.sent < mine.received) return "behind";
  return null;
};
