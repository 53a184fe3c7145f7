// What the benchmark's server serves.
import * as t from "io-ts";
import { method, session } from "cryonode";

export const Adder = session("Adder", {
  add: method({ args: t.tuple([t.number]), result: t.number }),
});
