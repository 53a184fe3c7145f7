// Gate, served: one end of a provider's gate, with the rights that the route left.
import * as t from "io-ts";
import { bytes, natural, struct } from "../../lib/codec.ts";
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Conversation } from "../provider/gate/conversation.ts";
import type { Fence } from "../provider/epoch/incarnation.ts";
import type { GateEnd, GateProvider, GateRight, Message } from "../provider/gate/gate-provider.ts";
import { byteLength } from "../provider/gate/message-queue.ts";
import type { Delivery } from "./route.ts";
import type { Answer, Effect, Life, Serving } from "./service.ts";

const messageCodec = t.union([t.string, bytes]);

/** A gate's place in the stream, as providers capture it. */
export const GatePosition = struct(
  { sent: natural, received: natural, unread: t.array(messageCodec), partial: bytes },
  {
    parted: t.string,
    conversation: Conversation,
    /** Of a gate that calls a foreign peer: the last message sent, where nothing was received since. */
    asked: messageCodec,
  },
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

/** What a durable host knows of a gate to a peer that takes a thing said twice for two things. */
export interface ForeignGate {
  readonly delivery: Delivery;
  /** Whether the same peer is at the other side for as long as the gate lives, so that its answers are waited for. */
  readonly calls: boolean;
}

/** Messages larger than that are not kept for being sent again, in bytes. */
const MOST_ASKED = 1 << 16;

export const keptQuestion = (message: Message): Message | null => {
  if (byteLength(message) > MOST_ASKED) return null;
  return typeof message === "string" ? message : new Uint8Array(message);
};

/** What was sent last and is not answered. Where the host ended meanwhile, and the connection with it, whoever waits for an
 *  answer has it said again, or hears that none will come, as the route chose. */
class Question {
  readonly #name: string;
  readonly #end: GateEnd;
  readonly #foreign: ForeignGate | null;
  #asked: Message | null;
  /** It went out by a connection that is no more. */
  #doubted: boolean;

  constructor(name: string, end: GateEnd, foreign: ForeignGate | null, position: GatePosition | null) {
    this.#name = name;
    this.#end = end;
    this.#foreign = foreign?.calls === true ? foreign : null;
    this.#asked = this.#foreign === null ? null : (position?.asked ?? null);
    this.#doubted = this.#asked !== null;
  }

  /** What was sent is a question until something is received. */
  sent(message: Message): void {
    if (this.#foreign === null) return;
    this.#asked = keptQuestion(message);
    this.#doubted = false;
  }
  received(): void {
    this.#asked = null;
    this.#doubted = false;
  }

  /** Somebody waits for what has not arrived; what to tell him instead, or null. */
  awaited(receive: Promise<Answer<Message>>): Answer<never> | null {
    if (this.#foreign === null) return null;
    void receive.then((answer) => E.isRight(answer) && this.received());
    if (!this.#doubted || this.#asked === null) return null;
    this.#doubted = false;
    if (this.#foreign.delivery === "at-most-once") return E.left(doubtful(this.#name));
    void this.#end.send(this.#asked);
    return null;
  }

  get position(): Partial<GatePosition> {
    return this.#asked === null ? {} : { asked: this.#asked };
  }
}

const doubtful = (gate: string): SessionError => ({
  tag: "Disconnected",
  gate,
  reason: "the host ended meanwhile; whether the other side has heard the last message is unknown",
});

const begunWith = (end: GateEnd, answer: Answer<unknown>): unknown => {
  const begun = E.isLeft(answer) ? (end.begun?.() ?? null) : null;
  return begun === null ? null : { begun };
};

/** It is over when the other side has all that was sent, and knows it. */
const parted = async (end: GateEnd): Promise<Answer<void>> => {
  end.dismissed?.();
  await end.close();
  return E.right(undefined);
};

/** Opens a provider's gate. What two Cryonode ends have agreed on is no use elsewhere: `Denied`. */
export const openGate = (provider: GateProvider, position: GatePosition | null): Promise<Answer<GateEnd>> => {
  if (position?.conversation === undefined || provider.pairs === true) return provider.open(position);
  const reason =
    "it was in a conversation with another Cryonode end, and the gate of that name is none for one";
  return Promise.resolve(E.left({ tag: "Denied", service: "Gate", label: provider.name, reason }));
};

/** `name`: the provider's, for errors; `position`: where it was opened; `fence`: asked before each message; `foreign`:
 *  under a durable host, where its peer is no other Cryonode end. */
export const makeGate = (
  name: string,
  end: GateEnd,
  rights: ReadonlySet<GateRight>,
  position: GatePosition | null = null,
  fence: Fence | null = null,
  foreign: ForeignGate | null = null,
): Serving<typeof Gate> & { readonly life: Life } => {
  const orphans = new Orphans();
  const kept = new Kept(end, position?.received ?? 0);
  const question = new Question(name, end, foreign, position);
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
      if (!(sent instanceof Promise)) {
        if (E.isRight(sent)) question.sent(content);
        return sent;
      }
      question.sent(content);
      return counted(byteLength(content), sent);
    },
    receive: () => {
      if (!rights.has("receive")) return denied("receive");
      const orphan = orphans.take();
      if (orphan !== undefined) return orphan;
      const stale = fence?.check() ?? null;
      if (stale !== null) return stale;
      const message = end.receive();
      if (!(message instanceof Promise)) {
        if (E.isRight(message)) question.received();
        return message;
      }
      const receive = orphans.seen(message);
      const told = question.awaited(receive);
      if (told === null) return receive;
      orphans.add(receive);
      return told;
    },
    close: () => (end.parts === true ? parted(end) : E.right(undefined)),
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
        const unread = [...arrived, ...state.unread];
        return E.right({ ...state, ...question.position, received: taken, unread });
      },
      ...(end.news === undefined ? {} : { place: () => end.news?.() }),
      ...(end.begun === undefined ? {} : { place: (answer) => begunWith(end, answer) }),
      ...(end.noted === undefined ? {} : { noted: () => end.noted?.() }),
      ...(end.parts === true ? { parts: true as const } : {}),
      ...(foreign === null
        ? {}
        : {
            foreign: {
              again: foreign.delivery === "at-least-once",
              // Where answers come with the send, there is none to come.
              doubtful: () => (end.news === undefined ? E.right(undefined) : E.left(doubtful(name))),
            },
          }),
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
