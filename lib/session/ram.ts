// RAM: the quota of bytes that a protection domain lives on, and dataspaces allocated from it.
import * as t from "io-ts";
import { args, natural } from "../codec.ts";
import { returned, method, session, type Client } from "../contract.ts";
import { selectorOf } from "../selector.ts";

/** A container of memory, charged to the RAM session that allocated it until it is freed. It can be handed to other
 *  components, which may attach it but not free it. When whoever allocated it frees it or ends, it is gone: it is
 *  attached nowhere any more, and its capabilities are `Closed`. */
export const Dataspace = session(
  "Dataspace",
  {
    /** Its size in bytes. */
    size: method({ args: args([]), result: natural }),
  },
  { cost: { ram: 0, caps: 1 } },
);

export const Ram = session(
  "RAM",
  {
    /** A dataspace of `bytes` bytes, all zero. Rejects with `QuotaExceeded`, and then nothing is charged. */
    alloc: method({ args: args([natural]), result: returned(Dataspace) }),
    /** Gives a dataspace back; its regions are detached. */
    free: method({ args: args([selectorOf(Dataspace)]), result: t.void }),
    /** Bytes assigned to this protection domain. */
    quota: method({ args: args([]), result: natural }),
    /** Bytes of it in use: the machine's memory, dataspaces, and what sessions cost. */
    used: method({ args: args([]), result: natural }),
    /** Hands `bytes` of unused quota to `to`; `"parent"` is the one every component knows. */
    transfer: method({ args: args([t.string, natural]), result: t.void }),
  },
  { cost: { ram: 0, caps: 0 } },
);

export type Dataspace = Client<typeof Dataspace>;

export type Ram = Client<typeof Ram>;
