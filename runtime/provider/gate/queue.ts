// The gate inside the host: two queues, and whoever holds the provider plays the outside world. What nobody
// has received stays here, not with the end, so it survives the end's freeze without being in the image.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { Fifo } from "./fifo.ts";
import type { GateEnd, GateProvider, GateState, Message } from "./gate-provider.ts";
import { byteLength, MessageQueue, type QueueBound } from "./message-queue.ts";

export interface QueueOptions {
  /** The name routes and errors know the gate by. */
  readonly name: string;
  /** Each way. Default 10,000 messages, 16 MiB. Beyond it whoever sends waits; one message over it is `TooLarge`. */
  readonly bound?: QueueBound;
}

export interface QueueGate extends GateProvider {
  /** What the owner sent and nobody took, in order. A copy. */
  readonly sent: readonly Message[];
  /** How many messages wait to be received. */
  readonly waiting: number;
  /** Calls `then` once, as soon as a message waits that nobody is there to receive: at once, where one does. The result
   *  takes that back. */
  whenWaiting(then: () => void): () => void;
  /** Sends to the owner, present or future. Answers when there is room for it. */
  inject(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void>;
  /** Removes the first of `sent`, which makes room; undefined when there is none. */
  take(): Message | undefined;
}

type Answer<T> = (answer: Either<SessionError, T>) => void;

export const queueGate = (options: QueueOptions): QueueGate =>
  new Queue(options.name, options.bound ?? { messages: 10_000, bytes: 16 * 1024 * 1024 });

const done: Either<SessionError, void> = E.right(undefined);

/** One direction: a bounded queue, and those who wait for room in it. */
class Direction {
  readonly #gate: string;
  readonly #bound: QueueBound;
  readonly #queue: MessageQueue;
  readonly #waiting = new Fifo<{ message: Message; bytes: number; put: () => void; answer: Answer<void> }>();

  constructor(gate: string, bound: QueueBound) {
    this.#gate = gate;
    this.#bound = bound;
    this.#queue = new MessageQueue(bound);
  }

  get length(): number {
    return this.#queue.length;
  }

  list(): Message[] {
    return this.#queue.list();
  }

  /** Calls `put` in the moment the message is in the queue, before anybody can hear of it. */
  push(message: Message, put: () => void): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    const bytes = byteLength(message);
    if (bytes > this.#bound.bytes) {
      const what = `a message of gate ${this.#gate}`;
      return E.left({ tag: "TooLarge", what, bytes, limit: this.#bound.bytes });
    }
    const kept = typeof message === "string" ? message : new Uint8Array(message);
    if (this.#waiting.length === 0 && this.#queue.fits(bytes)) {
      this.#queue.push(kept);
      put();
      return done;
    }
    return new Promise((answer) => this.#waiting.push({ message: kept, bytes, put, answer }));
  }

  shift(): Message | undefined {
    const message = this.#queue.shift();
    let next = this.#waiting.first();
    while (next !== undefined && this.#queue.fits(next.bytes)) {
      this.#waiting.shift();
      this.#queue.push(next.message);
      next.put();
      next.answer(done);
      next = this.#waiting.first();
    }
    return message;
  }

  /** Sends nobody away but those without room. */
  refuseWaiting(error: SessionError): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      next.answer(E.left(error));
  }
}

class Queue implements QueueGate {
  readonly name: string;
  readonly #inward: Direction;
  readonly #outward: Direction;
  #owner: QueueEnd | null = null;
  readonly #callers = new Set<() => void>();
  #closed = false;

  constructor(name: string, bound: QueueBound) {
    this.name = name;
    this.#inward = new Direction(name, bound);
    this.#outward = new Direction(name, bound);
  }

  get sent(): readonly Message[] {
    return this.#outward.list();
  }

  get waiting(): number {
    return this.#inward.length;
  }

  inject(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    if (this.#closed) return E.left({ tag: "Closed", what: `gate ${this.name}` });
    const answer = this.#inward.push(message, () => {});
    this.#owner?.deliver();
    this.#call();
    return answer;
  }

  whenWaiting(then: () => void): () => void {
    this.#callers.add(then);
    this.#call();
    return () => void this.#callers.delete(then);
  }

  #call(): void {
    if (this.#owner !== null || this.waiting === 0) return;
    const callers = [...this.#callers];
    this.#callers.clear();
    for (const then of callers) then();
  }

  take(): Message | undefined {
    return this.#outward.shift();
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    if (this.#closed) return E.left({ tag: "Closed", what: `gate ${this.name}` });
    if (this.#owner !== null)
      return E.left({ tag: "Denied", service: "Gate", label: this.name, reason: "it has an owner already" });
    const released = (): void => {
      this.#owner = null;
    };
    this.#owner = new QueueEnd(this.name, this.#inward, this.#outward, state, released);
    return E.right(this.#owner);
  }

  close(): void {
    this.#closed = true;
    this.#owner?.close();
    this.#inward.refuseWaiting({ tag: "Closed", what: `gate ${this.name}` });
  }
}

class QueueEnd implements GateEnd {
  readonly reconnected = 0;
  readonly dropped = 0;
  readonly #closed: SessionError;
  readonly #inward: Direction;
  readonly #outward: Direction;
  readonly #released: () => void;
  /** What a state from another provider brought along; comes before the queue. */
  readonly #unread = new Fifo<Message>();
  readonly #receivers = new Fifo<Answer<Message>>();
  readonly #count = (): void => {
    this.#sent += 1;
  };
  #sent: number;
  #received: number;
  #suspended = false;
  #open = true;

  constructor(
    name: string,
    inward: Direction,
    outward: Direction,
    state: GateState | null,
    released: () => void,
  ) {
    this.#closed = { tag: "Closed", what: `gate ${name}` };
    this.#inward = inward;
    this.#outward = outward;
    this.#released = released;
    this.#sent = state?.sent ?? 0;
    this.#received = state?.received ?? 0;
    for (const message of state?.unread ?? []) this.#unread.push(message);
  }

  send(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    if (!this.#open) return E.left(this.#closed);
    return this.#outward.push(message, this.#count);
  }

  receive(): Promise<Either<SessionError, Message>> {
    if (!this.#open) return Promise.resolve(E.left(this.#closed));
    return new Promise((answer) => {
      this.#receivers.push(answer);
      this.deliver();
    });
  }

  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
    this.deliver();
  }

  capture(): GateState {
    if (!this.#suspended) throw new Error("a gate is captured while it is suspended");
    return {
      sent: this.#sent,
      received: this.#received,
      unread: this.#unread.list(),
      partial: new Uint8Array(0),
    };
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#released();
    this.#outward.refuseWaiting(this.#closed);
    for (let next = this.#receivers.shift(); next !== undefined; next = this.#receivers.shift())
      next(E.left(this.#closed));
  }

  deliver(): void {
    while (!this.#suspended && this.#receivers.length > 0) {
      const message = this.#unread.shift() ?? this.#inward.shift();
      if (message === undefined) return;
      this.#received += 1;
      this.#receivers.shift()?.(E.right(message));
    }
  }
}
