// Gate, intercepted: its place in the stream is its position.
import { Gate } from "../../lib/session/gate.ts";
import { GatePosition } from "../core/gate.ts";
import { interceptor } from "./interceptor.ts";
import { forget } from "./parent.ts";

/** Between two Cryonode ends: what a call that was answered has done to what they agreed on. */
const said = (
  { conversation, unread }: GatePosition,
  method: string,
  [message]: readonly unknown[],
): Partial<GatePosition> => {
  if (conversation === undefined) return {};
  const { sent, received, unacknowledged, repeats: _, ...rest } = conversation;
  if (method === "send") {
    const kept = typeof message === "string" ? message : new Uint8Array(message as Uint8Array);
    const all = [...unacknowledged, kept];
    return { conversation: { ...rest, received, sent: sent + 1, unacknowledged: all } };
  }
  // What was unread had arrived before.
  const arrived = unread.length > 0 ? received : received + 1;
  return { conversation: { ...rest, sent, unacknowledged, received: arrived } };
};

export const gateInterceptor = interceptor(Gate, {
  position: GatePosition,
  outside: { send: "effect", close: "ordered" },
  moves: {
    from: { sent: 0, received: 0, unread: [], partial: new Uint8Array() },
    by: (position: GatePosition, { method, args }) => {
      if (method !== "send" && method !== "receive") return position;
      const moved = { ...position, ...said(position, method, args) };
      if (method === "send") return { ...moved, sent: position.sent + 1 };
      return { ...moved, received: position.received + 1, unread: position.unread.slice(1) };
    },
  },
  unsure(position: GatePosition, methods) {
    const { conversation } = position;
    const repeats = methods.filter((method) => method === "send").length;
    return conversation === undefined
      ? position
      : { ...position, conversation: { ...conversation, repeats } };
  },
  record: {
    close(ledger, { selector }) {
      forget(ledger, selector);
    },
  },
});
