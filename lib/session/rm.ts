// RM: the region map, where dataspaces become memory that the component can touch.
import * as t from "io-ts";
import { args, natural, struct } from "../codec.ts";
import { returned, method, session, type Client } from "../contract.ts";
import { selectorOf } from "../selector.ts";
import { Dataspace } from "./ram.ts";

/** A dataspace attached at `address`. `bytes` is the memory itself; it stays where it is across revivals. */
export interface RegionView {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export const Region = session(
  "Region",
  {
    /** Makes what was written here seen in every other attachment, those of other components among them; up to 1 MiB
     *  the end of each turn does that by itself. The whole region is looked through, or `bytes` bytes from `at` on. */
    publish: method({ args: args([], [struct({}, { at: natural, bytes: natural })]), result: t.void }),
  },
  { cost: { ram: 0, caps: 1 }, guest: {} as RegionView },
);

export const Rm = session(
  "RM",
  {
    /** Attaches a dataspace, at the address `at` (bytes, a multiple of 4096 that is free), or where there is
     *  room. Each attachment takes memory of its own from the RAM quota. A dataspace of another component's may be
     *  attached like one's own, as long as its capability is held. */
    attach: method({
      args: args([selectorOf(Dataspace)], [struct({}, { at: natural })]),
      result: returned(Region),
    }),
    /** Takes a region away; its `bytes` become empty. */
    detach: method({ args: args([selectorOf(Region)]), result: t.void }),
  },
  { cost: { ram: 0, caps: 0 } },
);

export type Region = Client<typeof Region>;

export type Rm = Client<typeof Rm>;
