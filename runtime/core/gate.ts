// Gate, served: one end of a provider's gate, with the rights that the route left.
import * as t from "io-ts";
import { bytes, natural, struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Conversation } from "../provider/gate/conversation.ts";
import type { Fence } from "../provider/epoch/incarnation.ts";
import type { GateEnd, GateProvider, GateRight, Message } from "../provider/gate/gate-provider.ts";
import { byteLength } from "../provider/gate/message-queue.ts";
import type { Answer, Effect, Life, Serving } from "./service.ts";

const messageCodec = t.union([t.string, bytes]);

/** A gate's place in the stream, as providers capture it. */
export const GatePosition = struct(
  { sent: natural, received: natural, unread: t.array(messageCodec), partial: bytes },
  { parted: t.string, conversation: Conversation },
  "GatePosition",
);

export type GatePosition = t.TypeOf<typeof GatePosition>;

/** A receive that nobody waits for any more, as when its thread was killed; the next one takes it over. */
class Orphans {
  /** Which calls were receives at all. */
  readonly #receives = new WeakSet<Promise<unknown>>();
  #waiting: Promise<Answer<Message>>[] = [];
  #arrived: Message[] = [];

  /** Messages that arrived for nobody. */
  get arrived(): readonly Message[] {
    return this.#arrived;
  }

  /** Remembers a receive. */
  seen(receive: Promise<Answer<Message>>): Promise<Answer<Message>> {
    this.#receives.add(receive);
    return receive;
  }

  /** Whether it is a receive: a send that nobody waits for goes on and brings nothing. */
  add(call: Promise<unknown>): boolean {
    if (!this.#receives.has(call)) return false;
    const receive = call as Promise<Answer<Message>>;
    this.#waiting.push(receive);
    void receive.then((answer) => {
      const at = this.#waiting.indexOf(receive);
      if (at < 0) return;
      void this.#waiting.splice(at, 1);
      if (E.isRight(answer)) this.#arrived.push(answer.right);
    });
    return true;
  }

  /** What a new receive gets instead of asking the gate. */
  take(): Answer<Message> | Promise<Answer<Message>> | undefined {
    const message = this.#arrived.shift();
    return message === undefined ? this.#waiting.shift() : E.right(message);
  }
}

/** Bytes of messages that wait to be handed over, in all sends of one session: beyond them, a component that does not
 *  wait for its sends is refused further ones. */
const MOST_WAITING = 16 << 20;

/** The gate is the revived incarnation's; what two ends have told each other is settled once nobody can go back to the
 *  image. */
const coming = (end: GateEnd, fence: Fence | null): Effect => ({
  enact: () => fence?.raise() ?? E.right(undefined),
  retract: () => fence?.lower() ?? E.right(undefined),
  confirm: () => end.revived?.(),
});

/** Messages that a durable host has written down, counted as the end counts what is received. */
class Kept {
  readonly #end: GateEnd;
  #count: number;
  /** Receives that nobody waits for any more are written down as well, and what they bring is received again. */
  #void = 0;

  constructor(end: GateEnd, received: number) {
    this.#end = end;
    this.#count = received;
  }

  cancelled(): void {
    this.#void += 1;
  }

  confirm(): void {
    if (this.#void > 0) this.#void -= 1;
    else this.#end.acknowledge?.(++this.#count);
  }
}

/** Opens a provider's gate. What two Cryonode ends have agreed on is no use elsewhere: `Denied`. */
export const openGate = (provider: GateProvider, position: GatePosition | null): Promise<Answer<GateEnd>> => {
  if (position?.conversation === undefined || provider.pairs === true) return provider.open(position);
  const reason =
    "it was in a conversation with another Cryonode end, and the gate of that name is none for one";
  return Promise.resolve(E.left({ tag: "Denied", service: "Gate", label: provider.name, reason }));
};

/** `name`: the provider's, for errors; `received`: messages that had been received when it was opened; `fence`: asked
 *  before each message. */
export const makeGate = (
  name: string,
  end: GateEnd,
  rights: ReadonlySet<GateRight>,
  received = 0,
  fence: Fence | null = null,
): Serving<typeof Gate> & { readonly life: Life } => {
  const orphans = new Orphans();
  const kept = new Kept(end, received);
  let waiting = 0;
  const denied = (right: GateRight): Answer<never> =>
    E.left({ tag: "Denied", service: "Gate", label: name, right });
  const exceeded = (wanted: number): Answer<never> =>
    E.left({ tag: "QuotaExceeded", resource: "ram", wanted, available: 0 });
  const counted = (size: number, sent: Promise<Answer<void>>): Promise<Answer<void>> => {
    waiting += size;
    void sent.then(() => (waiting -= size));
    return sent;
  };
  return {
    contract: Gate,
    send: (content) => {
      if (!rights.has("send")) return denied("send");
      if (waiting > MOST_WAITING) return exceeded(byteLength(content));
      const stale = fence?.check() ?? null;
      if (stale !== null) return stale;
      const sent = end.send(content);
      return sent instanceof Promise ? counted(byteLength(content), sent) : sent;
    },
    receive: () => {
      if (!rights.has("receive")) return denied("receive");
      const orphan = orphans.take();
      if (orphan !== undefined) return orphan;
      const stale = fence?.check() ?? null;
      if (stale !== null) return stale;
      const message = end.receive();
      return message instanceof Promise ? orphans.seen(message) : message;
    },
    close: () => E.right(undefined),
    life: {
      cancel: (call) => {
        if (orphans.add(call)) kept.cancelled();
      },
      suspend: () => end.suspend(),
      resume: () => end.resume(),
      async capture(): Promise<Answer<GatePosition>> {
        const state = await end.capture();
        const { arrived } = orphans;
        const taken = state.received - arrived.length;
        return E.right({ ...state, received: taken, unread: [...arrived, ...state.unread] });
      },
      ...(end.opened === undefined ? {} : { opened: end.opened }),
      ...(end.acknowledge === undefined
        ? {}
        : { kept: { method: "receive", confirm: () => kept.confirm() } }),
      ...(end.changed === undefined ? {} : { changed: end.changed }),
      ...(end.revived === undefined && fence === null ? {} : { effect: coming(end, fence) }),
      hasten: () => end.hasten?.(),
      dismissed: () => end.dismissed?.(),
      release: () => end.close(),
    },
  };
};
