// Gate, intercepted: its place in the stream is its position.
import { Gate } from "../../lib/session/gate.ts";
import { GatePosition } from "../core/gate.ts";
import { interceptor } from "./interceptor.ts";
import { forget } from "./parent.ts";

export const gateInterceptor = interceptor(Gate, {
  position: GatePosition,
  record: {
    close(ledger, { selector }) {
      forget(ledger, selector);
    },
  },
});
