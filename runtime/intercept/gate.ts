// Gate, intercepted: its place in the stream is its position.
import { Gate } from "../../lib/session/gate.ts";
import { GatePosition, keptQuestion } from "../core/gate.ts";
import type { Message, News } from "../provider/gate/gate-provider.ts";
import { Conversation, newConversation } from "../provider/gate/conversation.ts";
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

/** What has become unread by the time that a call was answered, where the gate says so. */
const arrivedBy = (position: GatePosition, place: unknown): GatePosition => {
  const { count, last, parted } = (place ?? {}) as Partial<News>;
  if (count === undefined || last === undefined) return position;
  const news = count - position.received - position.unread.length;
  const { parted: _, ...rest } = position;
  const unread = news > 0 ? [...position.unread, ...last.slice(-news)] : position.unread;
  return { ...rest, unread, ...(parted === null || parted === undefined ? {} : { parted }) };
};

/** What was sent and nothing was received after: the question that a foreign peer has still to answer. */
const asking = (position: GatePosition, method: string, [message]: readonly unknown[]): GatePosition => {
  const { asked: _, ...rest } = position;
  if (method !== "send" || position.conversation !== undefined) return rest;
  const asked = keptQuestion(message as Message);
  return asked === null ? rest : { ...rest, asked };
};

/** Another conversation begins once the owner has heard that the one before is over. */
const begunAnew = (position: GatePosition, place: unknown): GatePosition => {
  const { begun } = (place ?? {}) as { readonly begun?: unknown };
  const conversation = typeof begun === "string" ? { ...newConversation(), self: begun } : null;
  if (conversation === null || !Conversation.is(conversation)) return position;
  return { ...position, unread: [], conversation };
};

export const gateInterceptor = interceptor(Gate, {
  position: GatePosition,
  outside: { send: "effect", close: "ordered" },
  moves: {
    from: { sent: 0, received: 0, unread: [], partial: new Uint8Array() },
    by: (before: GatePosition, { method, args, place }) => {
      if (method !== "send" && method !== "receive") return before;
      const position = asking(arrivedBy(before, place), method, args);
      const moved = { ...position, ...said(position, method, args) };
      if (method === "send") return { ...moved, sent: position.sent + 1 };
      return { ...moved, received: position.received + 1, unread: position.unread.slice(1) };
    },
    failed: begunAnew,
  },
  unsure(position: GatePosition, methods) {
    const { conversation } = position;
    const repeats = methods.filter((method) => method === "send").length;
    if (conversation !== undefined) return { ...position, conversation: { ...conversation, repeats } };
    // What is to be sent still comes after the question, and is one itself.
    const { asked: _, ...rest } = position;
    return repeats === 0 ? position : rest;
  },
  record: {
    close(ledger, { selector }) {
      forget(ledger, selector);
    },
  },
});
