// One owner's end of a TCP gate. It outlives its connections: what was buffered when one breaks is still
// received, then those who wait hear `Disconnected`, and the next call connects anew.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { dial, type Dialled, type Peer, type Retry } from "./dial.ts";
import { Fifo } from "./fifo.ts";
import { framerFor, type Framer, type Framing } from "./framing.ts";
import type { GateEnd, GateState, Message } from "./gate-provider.ts";
import { MessageQueue, type QueueBound } from "./message-queue.ts";
import { TcpLink, type LinkOwner } from "./tcp-link.ts";

export interface TcpSetting {
  readonly name: string;
  readonly peer: Peer;
  readonly framing: Framing;
  /** Bytes of one message. */
  readonly message: number;
  /** What may have arrived without being received; past it the peer has to wait. */
  readonly unread: QueueBound;
  readonly retry: Retry;
}

/** What arrives in this many passes of the event loop in a row, none, had not arrived at the capture. */
const quietPasses = 3;

type Answer<T> = (answer: Either<SessionError, T>) => void;

export class TcpEnd implements GateEnd, LinkOwner {
  readonly #setting: TcpSetting;
  readonly #released: (end: TcpEnd) => void;
  readonly #stop = new AbortController();
  readonly #unread: MessageQueue;
  readonly #receivers = new Fifo<Answer<Message>>();
  /** Encoded messages that wait for the connection being made. */
  readonly #unsent = new Fifo<{ bytes: Uint8Array; answer: Answer<void> }>();
  #framer: Framer;
  #link: TcpLink | null = null;
  #dialling = false;
  /** Why there is no connection. */
  #lost: SessionError | null = null;
  /** Why there will be none any more. */
  #failure: SessionError | null = null;
  #sent: number;
  #received: number;
  #arrived = 0;
  #suspended = false;
  /** Captured, so nothing more is to arrive until `resume`. */
  #still = false;
  /** During a capture the bound on the unread is lifted. */
  #draining = false;
  #closing: Promise<void> | null = null;
  reconnected = 0;
  dropped = 0;

  constructor(
    setting: TcpSetting,
    dialled: Dialled,
    state: GateState | null,
    released: (end: TcpEnd) => void,
  ) {
    this.#setting = setting;
    this.#released = released;
    this.#unread = new MessageQueue(setting.unread);
    this.#framer = this.#newFramer();
    this.#sent = state?.sent ?? 0;
    this.#received = state?.received ?? 0;
    // A message that was begun on another connection is not continued by a new one: its bytes are dropped.
    this.dropped = state?.partial.byteLength ?? 0;
    for (const message of state?.unread ?? []) this.#unread.push(message);
    this.#join(dialled);
  }

  send(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    if (this.#failure !== null) return E.left(this.#failure);
    const encoded = this.#framer.encode(message);
    if (E.isLeft(encoded)) return encoded;
    if (this.#link !== null) return this.#write(this.#link, encoded.right);
    void this.#dial();
    return new Promise((answer) => this.#unsent.push({ bytes: encoded.right, answer }));
  }

  receive(): Promise<Either<SessionError, Message>> {
    if (!this.#suspended && this.#receivers.length === 0 && this.#unread.length > 0)
      return Promise.resolve(E.right(this.#next()));
    if (this.#failure !== null && !this.#suspended) return Promise.resolve(E.left(this.#failure));
    if (this.#link === null && !this.#suspended) void this.#dial();
    return new Promise((answer) => this.#receivers.push(answer));
  }

  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
    this.#still = false;
    this.#deliver();
  }

  async capture(): Promise<GateState> {
    if (!this.#suspended) throw new Error("a gate is captured while it is suspended");
    // The connection will be closed, and what the kernel holds would be lost with it.
    this.#draining = true;
    this.#still = false;
    this.#fill();
    const most = this.#arrived + this.#setting.unread.bytes + this.#setting.message;
    for (let quiet = 0; quiet < quietPasses && this.#suspended && this.#arrived < most; quiet++) {
      const before = this.#arrived;
      await new Promise((pass) => setImmediate(pass));
      if (this.#arrived !== before) quiet = -1;
    }
    this.#draining = false;
    this.#still = this.#suspended;
    this.#fill();
    return {
      sent: this.#sent,
      received: this.#received,
      unread: this.#unread.list(),
      partial: this.#framer.partial(),
    };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#failure = { tag: "Closed", what: `gate ${this.#setting.name}` };
    this.#stop.abort();
    while (this.#unread.shift() !== undefined);
    this.#refuse(this.#failure);
    const link = this.#link;
    this.#link = null;
    await link?.part();
    this.#released(this);
  }

  arrived(chunk: Uint8Array): void {
    this.#arrived += chunk.byteLength;
    this.#framer.push(chunk);
    this.#deliver();
  }

  flushed(): void {
    this.#sent += 1;
  }

  lost(reason: string): void {
    this.#link = null;
    // All that came whole is kept; it is not more than what was read at once, over the bound.
    const draining = this.#draining;
    this.#draining = true;
    this.#fill();
    this.#draining = draining;
    const unfinished = this.#framer.buffered;
    this.dropped += unfinished;
    this.#framer = this.#newFramer();
    const and = unfinished === 0 ? "" : `, in the middle of a message of which ${unfinished} bytes had come`;
    this.#lost = { tag: "Disconnected", gate: this.#setting.name, reason: reason + and };
    this.#deliver();
  }

  #newFramer(): Framer {
    return framerFor(this.#setting.framing, this.#setting.name, this.#setting.message);
  }

  #join(dialled: Dialled): void {
    this.#lost = null;
    this.#link = new TcpLink(this.#setting.name, dialled, this);
    this.#fill();
  }

  #write(link: TcpLink, bytes: Uint8Array): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    const answer = link.write(bytes);
    if (!(answer instanceof Promise) && E.isRight(answer)) this.#sent += 1;
    return answer;
  }

  /** For all who need a connection now: one series of tries, one answer. */
  async #dial(): Promise<void> {
    if (this.#dialling) return;
    this.#dialling = true;
    const { name, peer, retry } = this.#setting;
    const dialled = await dial(name, peer, retry, this.#stop.signal);
    this.#dialling = false;
    if (this.#failure !== null) {
      if (E.isRight(dialled)) dialled.right.socket.destroy();
      return;
    }
    if (E.isLeft(dialled)) {
      this.#lost = dialled.left;
      this.#refuse(dialled.left);
      return;
    }
    this.reconnected += 1;
    this.#join(dialled.right);
    for (let next = this.#unsent.shift(); next !== undefined; next = this.#unsent.shift())
      this.#forward(next.bytes, next.answer);
  }

  #forward(bytes: Uint8Array, answer: Answer<void>): void {
    if (this.#link === null) {
      answer(E.left(this.#lost as SessionError));
      return;
    }
    const written = this.#write(this.#link, bytes);
    if (written instanceof Promise) void written.then(answer);
    else answer(written);
  }

  #next(): Message {
    const message = this.#unread.shift() as Message;
    this.#received += 1;
    this.#fill();
    return message;
  }

  /** Gives out what can be given out, and when nothing will come any more, says so. */
  #deliver(): void {
    this.#fill();
    if (this.#suspended) return;
    while (this.#receivers.length > 0 && this.#unread.length > 0)
      this.#receivers.shift()?.(E.right(this.#next()));
    if (this.#receivers.length === 0 || this.#dialling) return;
    const error = this.#failure ?? (this.#link === null ? this.#lost : null);
    if (error !== null) this.#refuseReceivers(error);
  }

  /** Cuts messages from what arrived, up to the bound; past it the connection is not read. */
  #fill(): void {
    while (this.#failure === null && (this.#draining || !this.#unread.full)) {
      const message = this.#framer.next();
      if (E.isLeft(message)) this.#fail(message.left);
      else if (message.right === null) break;
      else this.#unread.push(message.right);
    }
    this.#link?.read(this.#draining || (!this.#still && !this.#unread.full));
  }

  /** The stream can't be understood any further: the end is finished once what came before is received. */
  #fail(error: SessionError): void {
    this.#failure = error;
    this.#link?.destroy(`the gate has closed it: ${error.tag}`);
    this.#link = null;
  }

  /** Nobody is left waiting; a suspended end tells its receivers at its resumption. */
  #refuse(error: SessionError): void {
    for (let next = this.#unsent.shift(); next !== undefined; next = this.#unsent.shift())
      next.answer(E.left(error));
    if (!this.#suspended || error.tag === "Closed") this.#refuseReceivers(error);
  }

  #refuseReceivers(error: SessionError): void {
    for (let next = this.#receivers.shift(); next !== undefined; next = this.#receivers.shift())
      next(E.left(error));
  }
}
