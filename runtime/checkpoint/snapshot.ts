// What a freeze knows of a child beside its memory: the ledger, and everything that moves. It travels in the
// image's manifest, and is a stranger's until this codec has checked it.
import * as t from "io-ts";
import { bytes, duration, natural, struct, text, time } from "../../lib/codec.ts";
import { ServiceRecord } from "../domain/service-record.ts";
import { Ledger } from "../intercept/ledger.ts";

/** A call in flight that did not drain. */
const CallRecord = struct(
  {
    slot: natural,
    selector: natural,
    method: text,
    thread: natural,
    args: t.array(t.unknown),
    /** When it was issued, in ms: on its child's own clock, and on the wall. */
    own: time,
    wall: time,
    rule: t.union([t.literal("reissue"), t.literal("fail")]),
  },
  {
    /** The selector of its result: a session with another child that was not there yet. */
    fresh: natural,
    /** The link of that session. */
    link: text,
    /** The part of that link's call ids that is the incarnation's. */
    epoch: text,
    /** The turn that made it. */
    turn: natural,
    /** It is completed, whatever its method says: a crash came between. `plan`: what its effect was to be. */
    complete: struct({ plan: t.unknown }),
  },
  "CallRecord",
);

/** A reply that waits to be delivered. */
const EventRecord = struct(
  {
    slot: t.number,
    form: natural,
    value: t.union([t.string, t.number, bytes, t.null]),
    thread: natural,
    region: natural,
  },
  {
    withheld: t.literal(true),
    /** Of a call that the component is asked to serve. */
    key: natural,
    /** Of an event that is no turn's. */
    about: text,
    number: natural,
  },
);

export const Snapshot = struct(
  {
    ledger: Ledger,
    /** The child's own clock at the freeze, in ms. */
    elapsed: duration,
    /** Turns taken so far, over all incarnations. */
    turn: natural,
    /** Pairs of selector and position; the position's shape is its interceptor's. */
    positions: t.array(t.tuple([natural, t.unknown])),
    calls: t.array(CallRecord),
    inbox: t.array(EventRecord),
  },
  {
    /** What it serves to other children, where it ever did. */
    services: ServiceRecord,
    /** It was ending with this code, and its last calls go out. */
    exiting: natural,
  },
  "Snapshot",
);
export type Snapshot = t.TypeOf<typeof Snapshot>;
