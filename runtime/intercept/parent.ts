// Parent, intercepted: sessions as they are requested and closed, and what keeps the component alive.
import { Parent, type SessionRequest } from "../../lib/session/parent.ts";
import { serviceContract } from "../core/services.ts";
import { castDraft, type Draft } from "immer";
import { interceptor, type Replay } from "./interceptor.ts";
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
    ...(request.declared === undefined ? {} : { declared: true as const }),
  };
};

/** Takes a capability and all that depends on it out of the ledger. */
export const forget = (ledger: Draft<Ledger>, selector: number): void => {
  for (const each of dependentsOf(ledger, selector)) delete ledger.capabilities[String(each)];
};

export const parentInterceptor = interceptor(Parent, {
  record: {
    session(ledger, { args: [request], fresh }) {
      ledger.capabilities[String(fresh)] = castDraft(sessionRecord(request));
    },
    close(ledger, { args: [selector] }) {
      forget(ledger, selector);
    },
    lost(ledger, { args: [selector] }) {
      const record = ledger.capabilities[String(selector)];
      if (record?.kind === "delegated") record.lost = true;
    },
    returned(ledger) {
      ledger.returned = true;
    },
    handlers(ledger, { args: [count] }) {
      ledger.handlers = count;
    },
  },
});

export const sessionReplay: Replay<"session"> = {
  kind: "session",
  replay: (record, position, world) => world.session(record, position),
};
