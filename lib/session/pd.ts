// PD: the figures of a protection domain's own quota, and handing unused quota on.
import * as t from "io-ts";
import { args, natural, struct } from "../codec.ts";
import { method, session, type Client } from "../contract.ts";

const Figures = struct({ quota: natural, used: natural });

export const Pd = session(
  "PD",
  {
    /** RAM in bytes: assigned and in use. */
    ram: method({ args: args([]), result: Figures }),
    /** Capabilities: assigned and in use. */
    caps: method({ args: args([]), result: Figures }),
    /** Hands unused quota to `to` (`"parent"`): `ram` in bytes, `caps` in capabilities. All of it or nothing. */
    transfer: method({
      args: args([t.string, struct({}, { ram: natural, caps: natural })]),
      result: t.void,
    }),
  },
  { cost: { ram: 0, caps: 0 } },
);

export type Pd = Client<typeof Pd>;
