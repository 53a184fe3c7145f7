// What the runners of a relay are to one another, declared once for all of them.
import * as t from "io-ts";
import { capability, Dataspace, method, session } from "cryonode";

export const Runner = session("Runner", {
  /** Hands over the baton at the beginning of a lap, with the board that all runners write to. */
  take: method({ args: t.tuple([t.number, capability(Dataspace)]), result: t.void }),
});
