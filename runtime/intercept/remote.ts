// Objects that another child serves, intercepted: what they hand out is a delegation, and `close` gives them up. The
// link and the calls without a reply are their position.
import type { Contract } from "../../lib/contract.ts";
import { returnedContract } from "../../lib/contract.ts";
import { RemotePosition } from "../core/remote.ts";
import { remoteBehind } from "../core/remote-object.ts";
import type { CoreObject } from "../core/service.ts";
import type { Interceptor, Replay } from "./interceptor.ts";
import { forget } from "./parent.ts";

const made = new WeakMap<Contract, Interceptor>();

export const remoteInterceptor = (contract: Contract): Interceptor => {
  const known = made.get(contract);
  if (known !== undefined) return known;
  const record: Record<string, Interceptor["record"][string]> = {};
  for (const [name, method] of Object.entries(contract.methods)) {
    const returned = returnedContract(method);
    if (returned !== undefined)
      record[name] = (ledger, { selector, fresh, result }) => {
        const from = ledger.capabilities[String(selector)];
        const interfaces = from?.kind === "session" || from?.kind === "delegated" ? from.interfaces : [];
        const child = remoteBehind(result as CoreObject)?.child ?? "";
        const { service } = returned;
        ledger.capabilities[String(fresh)] = { kind: "delegated", service, native: true, child, interfaces };
      };
    else if (name === "close")
      record[name] = (ledger, { selector }) => {
        forget(ledger, selector);
      };
  }
  const interceptor: Interceptor = { service: contract.service, record, position: RemotePosition };
  made.set(contract, interceptor);
  return interceptor;
};

export const delegatedReplay: Replay<"delegated"> = {
  kind: "delegated",
  replay: (record, position, world) => world.delegated(record, position),
};
