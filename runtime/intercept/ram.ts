// RAM, intercepted: dataspaces, and quota that was handed on. Content that no attachment holds is carried as the
// dataspace's position, deflated.
import { inflateRawSync } from "node:zlib";
import * as t from "io-ts";
import { bytes, struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { Dataspace, Ram } from "../../lib/session/ram.ts";
import { makeDataspace } from "../core/ram.ts";
import type { Interceptor, Replay } from "./interceptor.ts";
import { forget } from "./parent.ts";

const DataspacePosition = struct({ deflated: t.union([bytes, t.null]) }, {}, "DataspacePosition");
type DataspacePosition = t.TypeOf<typeof DataspacePosition>;

export const ramInterceptor: Interceptor = {
  service: Ram.service,
  record: {
    alloc(ledger, { fresh, args: [size] }) {
      ledger.capabilities[String(fresh)] = { kind: "dataspace", bytes: size };
    },
    free(ledger, { args: [dataspace] }) {
      forget(ledger, dataspace);
    },
    transfer(ledger, { args: [, ram] }) {
      ledger.quota.ram -= ram as number;
    },
  },
};

export const dataspaceInterceptor: Interceptor = {
  service: Dataspace.service,
  position: DataspacePosition,
  record: {},
};

export const dataspaceReplay: Replay<"dataspace"> = {
  kind: "dataspace",
  replay({ bytes: size }, { deflated }: DataspacePosition) {
    const dataspace = makeDataspace(size);
    if (deflated !== null) {
      try {
        const content = inflateRawSync(deflated, { maxOutputLength: Math.max(size, 1) });
        if (content.length !== size) throw new RangeError();
        dataspace.content.set(content);
      } catch {
        return E.left({
          tag: "InvalidArgument",
          method: "revive",
          place: "a dataspace's content",
          expected: `${size} bytes, deflated`,
          actual: `${deflated.length} bytes of something else`,
        });
      }
    }
    return E.right(dataspace);
  },
};
