// RM, intercepted: a region comes back at its address. Its memory is part of the machine's.
import { E } from "../../lib/fp.ts";
import { selectorBehind } from "../../lib/selector.ts";
import { Region, Rm } from "../../lib/session/rm.ts";
import { memoryBehind } from "../core/dataspace.ts";
import type { RegionObject } from "../core/region-map.ts";
import { interceptor, type Replay } from "./interceptor.ts";
import { forget } from "./parent.ts";

export const rmInterceptor = interceptor(Rm, {
  record: {
    attach(ledger, { fresh, args: [dataspace], result }) {
      const { address } = result as RegionObject;
      const of = selectorBehind(dataspace);
      ledger.capabilities[String(fresh)] = { kind: "region", dataspace: of, address, held: null };
    },
    detach(ledger, { args: [region] }) {
      forget(ledger, selectorBehind(region));
    },
  },
});

export const regionInterceptor = interceptor(Region, { record: {} });

export const regionReplay: Replay<"region"> = {
  kind: "region",
  replay({ dataspace, address }, _position, world) {
    const memory = memoryBehind(world.object(dataspace));
    if (memory === undefined || memory.content === null)
      return E.left({ tag: "Closed", what: "the dataspace of a region" });
    const place = world.regions.place(memory.bytes, address);
    return place === null
      ? E.left({
          tag: "InvalidArgument",
          method: "revive",
          place: "a region's address",
          expected: "one that is free",
          actual: String(address),
        })
      : E.right(world.regions.attach(memory, place));
  },
};
