// Where those live who have sessions with children of this host, and do not live here: they left from here, or they are
// where somebody came from who lives here now. What a host believes of that decides whom a peer may speak for.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import type { Either } from "../../lib/fp.ts";
import type { HostError } from "../host/host-error.ts";

export const Whereabouts = struct(
  {
    identity: text,
    child: text,
    /** The peer's key; between hosts of one process, its name. */
    at: text,
    /** No earlier generation of it is heard. */
    epoch: natural,
    /** Sessions that it held when it left: what they are with, as this host knew it. */
    sessions: t.readonlyArray(struct({ link: text, service: text, label: text })),
  },
  {
    /** Identities of those who had links with it when that was noted, wherever they live; left out where that is not
     *  known. */
    others: t.readonlyArray(text),
    /** It left from here, and those of them who live on a third host that has not said yet that it knows where this one
     *  went: it hears of that from here. */
    untold: t.readonlyArray(text),
  },
  "Whereabouts",
);
export type Whereabouts = t.TypeOf<typeof Whereabouts>;

export interface WhereaboutsBook {
  /** What former hosts of this state directory have noted. */
  all(): Promise<readonly Whereabouts[]>;
  note(whereabouts: Whereabouts): Promise<Either<HostError, void>>;
  drop(identity: string): Promise<Either<HostError, void>>;
}
