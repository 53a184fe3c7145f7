// One owner's end of a gate over TCP or a Unix socket. It outlives its connections: what was buffered when one
// breaks is still received, then those who wait hear `Disconnected`, and the next call has another connection.

import { prose, type SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Connection } from "./dial.ts";
import { Answers, type Answer } from "./answers.ts";
import type { GateEnd, GateState, Message } from "./gate-provider.ts";
import { Inward, type StreamSetting } from "./inward.ts";
import type { Peers } from "./peers.ts";
import { StreamLink, type LinkOwner } from "./stream-link.ts";
import { Unsent } from "./unsent.ts";

/** What arrives in this many passes of the event loop in a row, none, had not arrived at the capture. */
const quietPasses = 3;

/** What a component hears that asks what has become of its gate. */
const reconnection = ({ strangers }: Peers, dropped: number): string =>
  (strangers ? "reconnected: whoever calls next is served" : "reconnected") +
  (dropped === 0 ? "" : `; ${dropped} bytes of a message begun were dropped`);

export class StreamEnd implements GateEnd, LinkOwner {
  readonly changed?: string;
  readonly #setting: StreamSetting;
  readonly #peers: Peers;
  readonly #released: (end: StreamEnd) => void;
  readonly #stop = new AbortController();
  readonly #inward: Inward;
  readonly #receivers = new Answers<Message>();
  readonly #unsent: Unsent;
  readonly #partings = new Set<Promise<void>>();
  #link: StreamLink | null = null;
  #seeking = false;
  /** Why there is no connection. */
  #lost: SessionError | null = null;
  /** How the connection of a stranger ended, which the owner is still to hear before there is another one. */
  #untold: SessionError | null = null;
  /** Whether a connection's owner and peer have exchanged anything; if not, its end is nobody's concern. */
  #touched = false;
  /** Why there will be no connection any more. */
  #failure: SessionError | null = null;
  #sent: number;
  #connections = 0;
  #suspended = false;
  /** Captured, so nothing more is to arrive until `resume`. */
  #still = false;
  /** During a capture the bound on the unread is lifted. */
  #draining = false;
  #closing: Promise<void> | null = null;

  /** `first`: null where the first connection is still to come. */
  constructor(
    setting: StreamSetting,
    peers: Peers,
    first: Connection | null,
    state: GateState | null,
    released: (end: StreamEnd) => void,
  ) {
    this.#setting = setting;
    this.#peers = peers;
    this.#released = released;
    this.#inward = new Inward(setting, state);
    this.#unsent = new Unsent(setting.name, peers.patience);
    this.#sent = state?.sent ?? 0;
    if (state !== null) this.changed = reconnection(peers, this.#inward.dropped);
    if (peers.strangers && state?.parted !== undefined) this.#untold = this.#disconnected(state.parted);
    else if (first === null) void this.#seek();
    else this.#join(first);
  }

  get reconnected(): number {
    return Math.max(0, this.#connections - 1);
  }
  get dropped(): number {
    return this.#inward.dropped;
  }

  send(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    if (this.#failure !== null) return E.left(this.#failure);
    const encoded = this.#inward.encode(message);
    if (E.isLeft(encoded)) return encoded;
    if (this.#link !== null) return this.#write(this.#link, encoded.right);
    // An answer to what that peer had sent must not go to the next one.
    if (this.#untold !== null)
      return E.left(this.#inward.length > 0 ? this.#untold : this.#tell(this.#untold));
    void this.#seek();
    return this.#unsent.push(encoded.right);
  }

  receive(): Promise<Either<SessionError, Message>> | Either<SessionError, Message> {
    if (!this.#suspended && this.#receivers.length === 0 && this.#inward.length > 0)
      return E.right(this.#next());
    if (this.#failure !== null && !this.#suspended) return E.left(this.#failure);
    if (this.#untold !== null && !this.#suspended) return E.left(this.#tell(this.#untold));
    if (!this.#suspended) void this.#seek();
    return this.#receivers.wait();
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
    const inward = this.#inward;
    const { most } = inward;
    for (let quiet = 0; quiet < quietPasses && this.#suspended && inward.arrived < most; quiet++) {
      const before = inward.arrived;
      await new Promise((pass) => setImmediate(pass));
      if (inward.arrived !== before) quiet = -1;
    }
    this.#draining = false;
    this.#still = this.#suspended;
    this.#fill();
    const parted = this.#parting;
    return { sent: this.#sent, ...inward.state, ...(parted === null ? {} : { parted }) };
  }

  /** A peer that had gone before the freeze: what it sent is not to be answered to the next one. */
  get #parting(): string | null {
    if (this.#untold === null) return null;
    return this.#untold.tag === "Disconnected" ? this.#untold.reason : prose(this.#untold);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#failure = { tag: "Closed", what: `gate ${this.#setting.name}` };
    this.#stop.abort();
    this.#inward.clear();
    this.#refuse(this.#failure);
    this.#part();
    await Promise.all([...this.#partings, this.#peers.close()]);
    this.#released(this);
  }

  arrived(chunk: Uint8Array): void {
    this.#touched = true;
    this.#inward.push(chunk);
    this.#deliver();
  }

  flushed(): void {
    this.#sent += 1;
  }

  ended(reason: string): void {
    const error = this.#cut(reason);
    if (this.#peers.strangers && this.#touched) this.#untold = error;
    else this.#part();
    this.#lost = error;
    this.#deliver();
  }

  lost(reason: string): void {
    this.#link = null;
    // Its half may have ended before.
    if (this.#untold === null) {
      this.#lost = this.#cut(reason);
      if (this.#peers.strangers && this.#touched) this.#untold = this.#lost;
    }
    this.#deliver();
  }

  /** All that came whole is kept; it is not more than what was read at once, over the bound. The rest is dropped. */
  #cut(reason: string): SessionError {
    const draining = this.#draining;
    this.#draining = true;
    this.#fill();
    this.#draining = draining;
    if (this.#untold !== null) return this.#untold;
    const unfinished = this.#inward.restart();
    const and = unfinished === 0 ? "" : `, in the middle of a message of which ${unfinished} bytes had come`;
    return this.#disconnected(reason + and);
  }

  #disconnected(reason: string): SessionError {
    return { tag: "Disconnected", gate: this.#setting.name, reason };
  }

  #join(connection: Connection): void {
    this.#lost = null;
    this.#touched = false;
    this.#connections += 1;
    this.#link = new StreamLink(this.#setting.name, connection, this);
    this.#fill();
  }

  #write(
    link: StreamLink,
    bytes: Uint8Array,
  ): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    this.#touched = true;
    const answer = link.write(bytes);
    if (!(answer instanceof Promise) && E.isRight(answer)) this.#sent += 1;
    return answer;
  }

  /** For all who need a connection now: one series of tries, one answer. */
  async #seek(): Promise<void> {
    if (this.#seeking || this.#link !== null || this.#failure !== null) return;
    this.#seeking = true;
    const found = await this.#peers.next(this.#stop.signal);
    this.#seeking = false;
    if (this.#failure !== null) {
      if (E.isRight(found)) found.right.socket.destroy();
      return;
    }
    if (E.isLeft(found)) {
      this.#lost = found.left;
      this.#refuse(found.left);
      return;
    }
    this.#join(found.right);
    this.#unsent.drain((bytes, answer) => this.#forward(bytes, answer));
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
    const message = this.#inward.next();
    this.#fill();
    return message;
  }

  /** Gives out what can be given out, and when nothing will come any more, says so. */
  #deliver(): void {
    this.#fill();
    if (this.#suspended) return;
    while (this.#receivers.length > 0 && this.#inward.length > 0) this.#receivers.give(this.#next());
    if (this.#receivers.length > 0 && !this.#seeking) this.#disappoint();
    // A listener takes the next peer without being asked; a client dials when it is needed.
    if (this.#peers.strangers && this.#untold === null) void this.#seek();
  }

  #disappoint(): void {
    if (this.#failure !== null) this.#receivers.refuse(this.#failure);
    else if (this.#untold !== null) this.#receivers.refuse(this.#tell(this.#untold));
    else if (!this.#peers.strangers && this.#link === null && this.#lost !== null)
      this.#receivers.refuse(this.#lost);
  }

  /** The owner hears how a connection ended, so the next one may begin. */
  #tell(error: SessionError): SessionError {
    this.#untold = null;
    this.#part();
    void this.#seek();
    return error;
  }

  /** Lets go of the connection; what was written still goes out. */
  #part(): void {
    const parting = this.#link?.part();
    this.#link = null;
    if (parting === undefined) return;
    this.#partings.add(parting);
    void parting.then(() => this.#partings.delete(parting));
  }

  /** Cuts messages from what arrived, up to the bound; past it the connection is not read. */
  #fill(): void {
    const error = this.#failure === null ? this.#inward.fill(this.#draining) : null;
    if (error !== null) this.#fail(error);
    this.#link?.read(this.#draining || (!this.#still && !this.#inward.full));
  }

  /** The stream can't be understood any further, and what came before is still received. It ends the gate of a
   *  client; at a listener it ends the one connection. */
  #fail(error: SessionError): void {
    this.#link?.destroy(`the gate has closed it: ${error.tag}`);
    this.#link = null;
    if (this.#peers.strangers) {
      this.#inward.restart();
      this.#lost = this.#untold = error;
    } else this.#failure = error;
  }

  /** Nobody is left waiting; a suspended end tells its receivers at its resumption. */
  #refuse(error: SessionError): void {
    this.#unsent.refuse(error);
    if (!this.#suspended || error.tag === "Closed") this.#receivers.refuse(error);
  }
}
