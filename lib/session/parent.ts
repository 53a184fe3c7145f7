// Parent: the one capability that every component is born with, by which it asks for all others.
import * as t from "io-ts";
import { args, message, natural, struct, text } from "../codec.ts";
import { method, session } from "../contract.ts";
import { SessionFacts } from "../facts.ts";

/** A session request. `interfaces` are the method names of the session's type and of every type it hands out,
 *  in the order that the component's library numbers them. */
export const SessionRequest = struct(
  {
    service: text,
    label: text,
    interfaces: t.array(t.tuple([text, t.array(text)])),
  },
  {
    ram: natural,
    caps: natural,
    args: t.unknown,
    /** The type is the component's own declaration: calls are messages for whoever serves it. */
    declared: t.literal(true),
  },
  "SessionRequest",
);
export type SessionRequest = t.TypeOf<typeof SessionRequest>;

export const Parent = session(
  "Parent",
  {
    session: method({ args: args([SessionRequest]), result: t.void }),
    close: method({ args: args([natural]), result: t.void }),
    exit: method({ args: args([t.number]), result: t.void }),
    /** The component's function has returned. */
    returned: method({ args: args([]), result: t.void }),
    /** How many signal handlers it has; while there is one, it goes on living. */
    handlers: method({ args: args([natural]), result: t.void }),
    /** Completes the caller's own call in this slot now, where its method can wait (a timer that is cleared). */
    cancel: method({ args: args([natural]), result: t.void }),
    /** It provides a service of this name from now on. */
    announce: method({ args: args([text]), result: t.void }),
    /** Answers a call that it was asked to serve, by the call's key, with a message and the bytes in it. Nothing
     *  comes back. */
    answer: method({ args: message([natural, t.string]), result: t.void }),
    /** Rejects such a call, with a `SessionError`. Nothing comes back. */
    refuse: method({ args: args([natural, SessionFacts]), result: t.void }),
    /** Takes one of its served objects, by number, away from all who hold it. */
    revoke: method({ args: args([natural]), result: t.void }),
    /** It can't call a capability any more that came with a message. It is given up as soon as no call on it is under
     *  way and nobody has it from here. Nothing comes back. */
    lost: method({ args: args([natural]), result: t.void }),
  },
  { cost: { ram: 0, caps: 0 } },
);
