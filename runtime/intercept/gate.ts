// Gate, intercepted: its place in the stream is its position.
import { Gate } from "../../lib/session/gate.ts";
import { GatePosition } from "../core/gate.ts";
import type { Interceptor } from "./interceptor.ts";
import { forget } from "./parent.ts";

export const gateInterceptor: Interceptor = {
  service: Gate.service,
  position: GatePosition,
  record: {
    close(ledger, { selector }) {
      forget(ledger, selector);
    },
  },
};
