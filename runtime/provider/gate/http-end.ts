// One owner's end of an HTTP gate. Requests go out one after the other, so that their answers arrive in order. A send
// is answered when the answer has arrived and is unread: a freeze, which waits for sends, finds nothing under way.

import { Agent } from "node:http";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { Fifo } from "./fifo.ts";
import type { GateEnd, GateState, Message } from "./gate-provider.ts";
import { exchange, type HttpSetting } from "./http-exchange.ts";
import { requestOf, type HttpRequest } from "./http-request.ts";
import { byteLength, MessageQueue, type QueueBound } from "./message-queue.ts";

type Answer<T> = (answer: Either<SessionError, T>) => void;

interface Waiting {
  readonly request: HttpRequest;
  /** Bytes of the message. */
  readonly bytes: number;
  readonly answer: Answer<void>;
}

const exceeded = (
  resource: "calls" | "ram",
  wanted: number,
  available: number,
): Either<SessionError, never> => E.left({ tag: "QuotaExceeded", resource, wanted, available });

export class HttpEnd implements GateEnd {
  readonly reconnected = 0;
  readonly dropped = 0;
  readonly #setting: HttpSetting;
  readonly #bound: QueueBound;
  readonly #released: (end: HttpEnd) => void;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #stop = new AbortController();
  readonly #closed: SessionError;
  /** Requests that wait for the one under way, which is among them. */
  readonly #requests = new Fifo<Waiting>();
  #requestBytes = 0;
  readonly #unread: MessageQueue;
  readonly #receivers = new Fifo<Answer<Message>>();
  #sent: number;
  #received: number;
  #busy = false;
  #suspended = false;
  #open = true;

  /** `bound`: requests that wait and answers that are unread, taken together. */
  constructor(
    setting: HttpSetting,
    bound: QueueBound,
    state: GateState | null,
    released: (end: HttpEnd) => void,
  ) {
    this.#setting = setting;
    this.#bound = bound;
    this.#released = released;
    this.#closed = { tag: "Closed", what: `gate ${setting.name}` };
    this.#unread = new MessageQueue(bound);
    this.#sent = state?.sent ?? 0;
    this.#received = state?.received ?? 0;
    for (const message of state?.unread ?? []) this.#unread.push(message);
  }

  send(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    if (!this.#open) return E.left(this.#closed);
    const { name, message: limit } = this.#setting;
    const request = requestOf(name, message, limit);
    if (E.isLeft(request)) return request;
    const bytes = byteLength(message);
    // To wait for room would be to wait for a receive, which may be just what comes after this send.
    const messages = this.#requests.length + this.#unread.length + 1;
    if (messages > this.#bound.messages) return exceeded("calls", messages, this.#bound.messages);
    const held = this.#requestBytes + this.#unread.bytes + bytes;
    if (held > this.#bound.bytes) return exceeded("ram", held, this.#bound.bytes);
    this.#requestBytes += bytes;
    return new Promise((answer) => {
      this.#requests.push({ request: request.right, bytes, answer });
      void this.#work();
    });
  }

  receive(): Promise<Either<SessionError, Message>> {
    if (!this.#open) return Promise.resolve(E.left(this.#closed));
    return new Promise((answer) => {
      this.#receivers.push(answer);
      this.#deliver();
    });
  }

  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
    this.#deliver();
  }

  /** A request that nobody waits for any more, as when its thread was killed, is not waited for either. */
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
    this.#stop.abort();
    this.#agent.destroy();
    for (let next = this.#requests.shift(); next !== undefined; next = this.#requests.shift())
      next.answer(E.left(this.#closed));
    for (let next = this.#receivers.shift(); next !== undefined; next = this.#receivers.shift())
      next(E.left(this.#closed));
    this.#released(this);
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let first = this.#requests.first(); first !== undefined; first = this.#requests.first()) {
      const answer = await exchange(this.#setting, first.request, this.#agent, this.#stop.signal);
      if (!this.#open) return;
      this.#requests.shift();
      this.#requestBytes -= first.bytes;
      if (E.isRight(answer)) {
        this.#sent += 1;
        this.#unread.push(answer.right);
      }
      first.answer(E.map(() => undefined)(answer));
      this.#deliver();
    }
    this.#busy = false;
  }

  #deliver(): void {
    while (!this.#suspended && this.#receivers.length > 0 && this.#unread.length > 0) {
      this.#received += 1;
      this.#receivers.shift()?.(E.right(this.#unread.shift() as Message));
    }
  }
}
