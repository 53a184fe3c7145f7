// What a protection domain serves to others, as a snapshot keeps it.
import * as t from "io-ts";
import { natural, struct, text, time } from "../../lib/codec.ts";
import { SessionFacts } from "../../lib/facts.ts";
import { Sender } from "../core/link.ts";
import { Parcel } from "../core/parcel.ts";

const Left = struct({ _tag: t.literal("Left"), left: SessionFacts });
const Right = struct({ _tag: t.literal("Right"), right: Parcel });

/** A link that it owns. */
export const ServedRecord = struct(
  {
    link: text,
    /** Identity of the child that holds it. */
    holder: text,
    /** What is behind it: an object by the component's own number, or one that it holds by its selector; neither,
     *  while its root has not answered. */
    object: t.union([natural, t.null]),
    selector: t.union([natural, t.null]),
    /** The selector is there for this link alone. */
    lent: t.boolean,
    /** The key under which the component was asked to open it. */
    opening: t.union([natural, t.null]),
    /** The key of its request, for a session. */
    session: t.union([natural, t.null]),
    /** Calls without an answer: asked of the component under their key, to be asked, or passed on. `bytes`: of their
     *  message. */
    running: t.array(
      struct({
        id: text,
        key: natural,
        passedOn: t.union([
          t.null,
          struct({ method: t.string, parcel: Parcel, from: Sender, own: time, wall: time }),
        ]),
        asked: t.union([t.null, struct({ method: t.string, parcel: Parcel, from: Sender })]),
        bytes: natural,
      }),
    ),
    /** Answers that may be asked for again. */
    kept: t.array(struct({ id: text, answer: t.union([Left, Right]) })),
    /** The highest call of each of the holder's incarnations. */
    seen: t.array(t.tuple([t.string, natural])),
  },
  {},
  "ServedRecord",
);
export type ServedRecord = t.TypeOf<typeof ServedRecord>;

export const ServiceRecord = struct(
  {
    /** Services that it announced. */
    announced: t.array(text),
    served: t.array(ServedRecord),
    /** How often each of its objects was handed out. */
    offers: t.array(t.tuple([natural, natural])),
    /** The next key, and the next selector for a capability that comes in. */
    nextKey: natural,
    nextGiven: natural,
  },
  {},
  "ServiceRecord",
);
export type ServiceRecord = t.TypeOf<typeof ServiceRecord>;
