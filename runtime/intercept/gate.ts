// Gate, intercepted: its place in the stream is its position.
import { Gate } from "../../lib/session/gate.ts";
import { GatePosition } from "../core/gate.ts";
import { interceptor } from "./interceptor.ts";
import { forget } from "./parent.ts";

export const gateInterceptor = interceptor(Gate, {
  position: GatePosition,
  outside: { send: "effect", close: "ordered" },
  moves: {
    from: { sent: 0, received: 0, unread: [], partial: new Uint8Array() },
    by: (position: GatePosition, { method }) => {
      if (method === "send") return { ...position, sent: position.sent + 1 };
      if (method !== "receive") return position;
      return { ...position, received: position.received + 1, unread: position.unread.slice(1) };
    },
  },
  record: {
    close(ledger, { selector }) {
      forget(ledger, selector);
    },
  },
});
