// The contract between the tally's server and its clients, declared once for both.
import * as t from "io-ts";
import { method, session } from "cryonode";

export const Counter = session("Counter", {
  next: method({ args: t.tuple([t.number]), result: t.number }),
});
