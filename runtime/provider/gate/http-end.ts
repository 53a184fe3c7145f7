// One owner's end of an HTTP gate. Requests go out one after the other, so that their answers arrive in order. A send
// is answered when the answer has arrived and is unread: a freeze, which waits for sends, finds nothing under way but
// bodies that go in pieces, and those it cuts and says so.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { Answers, type Answer } from "./answers.ts";
import { Fifo } from "./fifo.ts";
import type { GateEnd, GateState, Message, News } from "./gate-provider.ts";
import { exchange, failureOf } from "./http-exchange.ts";
import { requestOf, type HttpRequest } from "./http-request.ts";
import { HttpStream, type Answered, type Inbox } from "./http-stream.ts";
import { connectionsOf, passes, type Connections, type Failure, type HttpSetting } from "./http-wire.ts";
import { byteLength, MessageQueue, type QueueBound } from "./message-queue.ts";
import { messageTooLarge } from "./message-room.ts";
import { retried } from "./retry.ts";

/** A request, or a piece of the one before it. */
interface Waiting {
  readonly request: HttpRequest | null;
  readonly message: Message;
  readonly answer: Answer<void>;
}

const done: Either<SessionError, void> = E.right(undefined);

const exceeded = (
  resource: "calls" | "ram",
  wanted: number,
  available: number,
): Either<SessionError, never> => E.left({ tag: "QuotaExceeded", resource, wanted, available });

export class HttpEnd implements GateEnd, Inbox {
  readonly reconnected = 0;
  readonly dropped = 0;
  readonly changed?: string;
  readonly news?: () => News;
  readonly #setting: HttpSetting;
  readonly #bound: QueueBound;
  readonly #released: (end: HttpEnd) => void;
  readonly #connections: Connections;
  readonly #stop = new AbortController();
  readonly #closed: SessionError;
  /** Requests and pieces that wait for the one under way, which is among them. */
  readonly #requests = new Fifo<Waiting>();
  #requestBytes = 0;
  readonly #unread: MessageQueue;
  /** What arrived since `news` was asked. */
  #news: Message[] = [];
  readonly #receivers = new Answers<Message>();
  /** The request that is under way in pieces, or whose answer is. */
  #stream: HttpStream | null = null;
  /** The next message is a piece of a request's body. */
  #uploading = false;
  /** Pieces of an answer are still to be received. */
  #downloading = false;
  /** What the owner is still to hear, once, after all that is unread. */
  #untold: SessionError | null = null;
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
    this.#connections = connectionsOf(setting);
    this.#closed = { tag: "Closed", what: `gate ${setting.name}` };
    this.#unread = new MessageQueue(bound);
    if (setting.tells) this.news = () => this.#tellNews();
    this.#sent = state?.sent ?? 0;
    this.#received = state?.received ?? 0;
    for (const message of state?.unread ?? []) this.#unread.push(message);
    if (state?.parted === undefined) return;
    this.#untold = { tag: "Disconnected", gate: setting.name, reason: state.parted };
    this.changed = state.parted;
  }

  send(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    if (!this.#open) return E.left(this.#closed);
    if (this.#untold !== null)
      return E.left(this.#unread.length > 0 ? this.#untold : this.#tell(this.#untold));
    return this.#uploading ? this.#sendPiece(message) : this.#sendRequest(message);
  }

  #sendRequest(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    const { name, message: limit } = this.#setting;
    if (this.#downloading)
      return E.left({
        tag: "InvalidArgument",
        method: "send",
        place: "message",
        expected: "no request before the body of the last answer was received to its end",
        actual: "a request",
      });
    const request = requestOf(name, message, limit);
    if (E.isLeft(request)) return request;
    // To wait for room would be to wait for a receive, which may be just what comes after this send.
    const messages = this.#requests.length + this.#unread.length + 1;
    if (messages > this.#bound.messages) return exceeded("calls", messages, this.#bound.messages);
    const held = this.#requestBytes + this.#unread.bytes + byteLength(message);
    if (held > this.#bound.bytes) return exceeded("ram", held, this.#bound.bytes);
    this.#uploading = request.right.upload !== null;
    this.#downloading = request.right.download;
    return this.#enqueue(request.right, message);
  }

  #sendPiece(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    const { name, message: limit } = this.#setting;
    const bytes = byteLength(message);
    if (bytes > limit) return E.left(messageTooLarge(name, bytes, limit));
    if (this.#requests.length >= this.#bound.messages)
      return exceeded("calls", this.#requests.length + 1, this.#bound.messages);
    const held = this.#requestBytes + bytes;
    if (held > this.#bound.bytes) return exceeded("ram", held, this.#bound.bytes);
    this.#uploading = bytes > 0;
    return this.#enqueue(null, typeof message === "string" ? message : new Uint8Array(message));
  }

  #enqueue(request: HttpRequest | null, message: Message): Promise<Either<SessionError, void>> {
    this.#requestBytes += byteLength(message);
    return new Promise((answer) => {
      this.#requests.push({ request, message, answer });
      void this.#work();
    });
  }

  receive(): Promise<Either<SessionError, Message>> {
    if (!this.#open) return Promise.resolve(E.left(this.#closed));
    const waiting = this.#receivers.wait();
    this.#deliver();
    return waiting;
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
    const parted = this.#parting("a freeze");
    return {
      sent: this.#sent,
      received: this.#received,
      unread: this.#unread.list(),
      partial: new Uint8Array(0),
      ...(parted === null ? {} : { parted }),
    };
  }

  #tellNews(): News {
    const last = this.#news;
    this.#news = [];
    const count = this.#received + this.#unread.length;
    return { count, last, parted: this.#parting("the end of the host") };
  }

  /** Why what is under way does not go on after that. */
  #parting(event: string): string | null {
    if (this.#untold?.tag === "Disconnected") return this.#untold.reason;
    if (this.#uploading)
      return `a request was cut by ${event} before it was whole; whether it was carried out is unknown`;
    if (this.#stream?.open !== true) return null;
    const cut = this.#stream.brokenOff(`it was cut by ${event}`);
    return cut.tag === "Disconnected" ? cut.reason : null;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stop.abort();
    this.#stream?.destroy();
    this.#connections.destroy();
    this.#refuseRequests(this.#closed);
    this.#receivers.refuse(this.#closed);
    this.#released(this);
  }

  // --- what comes back

  get full(): boolean {
    return this.#unread.full;
  }

  put(message: Message): void {
    this.#arrive(message);
    this.#deliver();
  }

  #arrive(message: Message): void {
    this.#unread.push(message);
    if (this.#setting.tells) this.#news.push(message);
  }

  broken(error: SessionError): void {
    this.#untold = error;
    this.#deliver();
  }

  #deliver(): void {
    if (this.#suspended) return;
    while (this.#receivers.length > 0 && this.#unread.length > 0) {
      const message = this.#unread.shift() as Message;
      this.#received += 1;
      if (byteLength(message) === 0) this.#downloading = false;
      this.#receivers.give(message);
    }
    this.#stream?.proceed();
    if (this.#receivers.length > 0 && this.#untold !== null) this.#receivers.refuse(this.#tell(this.#untold));
  }

  #tell(error: SessionError): SessionError {
    this.#untold = null;
    this.#uploading = this.#downloading = false;
    return error;
  }

  // --- what goes out

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let first = this.#requests.first(); first !== undefined; first = this.#requests.first()) {
      const answer = await this.#perform(first);
      if (!this.#open) return;
      this.#requests.shift();
      this.#requestBytes -= byteLength(first.message);
      if (E.isRight(answer)) this.#sent += 1;
      first.answer(answer);
      this.#deliver();
    }
    this.#busy = false;
  }

  async #perform({ request, message }: Waiting): Promise<Either<SessionError, void>> {
    if (request === null) return this.#performPiece(message);
    if (request.upload !== null || request.download) return this.#begin(request);
    const answer = await exchange(this.#setting, request, this.#connections, this.#stop.signal);
    if (E.isRight(answer) && this.#open) this.#arrive(answer.right);
    return E.map(() => undefined)(answer);
  }

  async #begin(request: HttpRequest): Promise<Either<SessionError, void>> {
    const attempt = async (): Promise<Failure | HttpStream> => {
      const stream = new HttpStream(this.#setting, request, this.#connections, this);
      this.#stream = stream;
      const outcome = await (request.upload === null ? stream.answered : stream.began);
      return outcome.kind === "connected" || outcome.kind === "answered" ? stream : outcome;
    };
    const again = (outcome: Failure | HttpStream): boolean =>
      !(outcome instanceof HttpStream) &&
      passes(outcome) &&
      ((request.upload === null && request.idempotent) || (outcome.kind === "failed" && !outcome.reached));
    const { result, tries } = await retried(this.#setting.retry, this.#stop.signal, attempt, again);
    if (result instanceof HttpStream) return done;
    return this.#abandon(failureOf(this.#setting, request, result, tries));
  }

  async #performPiece(message: Message): Promise<Either<SessionError, void>> {
    const stream = this.#stream;
    if (stream === null) return E.left({ tag: "Closed", what: "the request that this is a piece of" });
    if (byteLength(message) > 0) {
      const taken = await stream.piece(message);
      return E.isLeft(taken) ? this.#abandon(taken.left) : taken;
    }
    const wrong = stream.end();
    if (wrong !== null) return this.#abandon(wrong);
    const answered: Answered = await stream.answered;
    return answered.kind === "answered" ? done : this.#abandon(stream.failure(answered));
  }

  /** Nothing will come of the request in pieces. */
  #abandon(error: SessionError): Either<SessionError, never> {
    this.#stream?.destroy();
    this.#stream = null;
    this.#uploading = this.#downloading = false;
    return E.left(error);
  }

  #refuseRequests(error: SessionError): void {
    for (let next = this.#requests.shift(); next !== undefined; next = this.#requests.shift())
      next.answer(E.left(error));
  }
}
