// RAM, intercepted: dataspaces, and quota that was handed on. Content that no attachment holds is carried as the
// dataspace's position, deflated.
import * as t from "io-ts";
import { bytes, struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { selectorBehind } from "../../lib/selector.ts";
import { Dataspace, Ram } from "../../lib/session/ram.ts";
import { makeDataspace } from "../core/dataspace.ts";
import { SharedCopy } from "../core/shared-message.ts";
import { inflate } from "../deflate.ts";
import { interceptor, type Replay } from "./interceptor.ts";
import { forget } from "./parent.ts";

export const DataspacePosition = struct(
  { deflated: t.union([bytes, t.null]) },
  {
    /** Where its content stands, for one that others know. */
    shared: SharedCopy,
  },
  "DataspacePosition",
);
export type DataspacePosition = t.TypeOf<typeof DataspacePosition>;

export const ramInterceptor = interceptor(Ram, {
  record: {
    alloc(ledger, { fresh, args: [size] }) {
      ledger.capabilities[String(fresh)] = { kind: "dataspace", bytes: size };
    },
    free(ledger, { args: [dataspace] }) {
      forget(ledger, selectorBehind(dataspace));
    },
    transfer(ledger, { args: [, ram] }) {
      ledger.quota.ram -= ram;
    },
  },
});

export const dataspaceInterceptor = interceptor(Dataspace, { position: DataspacePosition, record: {} });

export const dataspaceReplay: Replay<"dataspace"> = {
  kind: "dataspace",
  replay({ bytes: size }, position, world) {
    const { deflated, shared = null } = position as DataspacePosition;
    const content = deflated === null ? new Uint8Array(size) : inflate(deflated, size);
    if (content === null)
      return E.left({
        tag: "InvalidArgument",
        method: "revive",
        place: "a dataspace's content",
        expected: `${size} bytes, deflated`,
        actual: `${deflated?.length} bytes of something else`,
      });
    return E.right(makeDataspace(world.dataspace(content, shared)));
  },
};
