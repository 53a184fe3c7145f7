// Parent, intercepted: sessions as they are requested and closed, and what keeps the component alive.
import { Parent, type SessionRequest } from "../../lib/session/parent.ts";
import { serviceContract } from "../core/services.ts";
import type { Interceptor, Replay } from "./interceptor.ts";
import { dependentsOf, type Ledger, type RecordOf } from "./ledger.ts";

/** What a session costs: its contract's price, or what the request donates if that is more. */
export const sessionRecord = (request: SessionRequest): RecordOf<"session"> => {
  const cost = serviceContract(request.service)?.cost ?? { ram: 0, caps: 1 };
  return {
    kind: "session",
    service: request.service,
    label: request.label,
    args: JSON.stringify(request.args ?? {}),
    ram: Math.max(cost.ram, request.ram ?? 0),
    caps: Math.max(cost.caps, request.caps ?? 0),
    interfaces: request.interfaces,
  };
};

/** Takes a capability and all that depends on it out of the ledger. */
export const forget = (ledger: Ledger, selector: number): void => {
  for (const each of dependentsOf(ledger, selector))
    delete (ledger.capabilities as Record<string, unknown>)[String(each)];
};

export const parentInterceptor: Interceptor = {
  service: Parent.service,
  record: {
    session(ledger, { args, fresh }) {
      ledger.capabilities[String(fresh)] = sessionRecord(args[0] as SessionRequest) as never;
    },
    close(ledger, { args }) {
      forget(ledger, args[0] as number);
    },
    returned(ledger) {
      ledger.returned = true;
    },
    handlers(ledger, { args }) {
      ledger.handlers = args[0] as number;
    },
  },
};

export const sessionReplay: Replay<"session"> = {
  kind: "session",
  replay: (record, position, world) => world.session(record, position),
};
