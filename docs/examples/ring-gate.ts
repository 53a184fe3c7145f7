// A gate that never makes its sender wait: a ring of the last messages. Where a measurement a second old is worth
// nothing, a component that was slow, or frozen, finds the newest ones and not the oldest.
//
// A whole provider, against the package's public types alone. `docs/providers.md` walks through it.
import {
  E,
  type Either,
  type GateEnd,
  type GateProvider,
  type GateState,
  type Message,
  type SessionError,
} from "cryonode/runtime";

export interface RingGate extends GateProvider {
  /** Sends to whoever holds the gate, now or later. */
  post(message: Message): void;
  /** What the holder sent last, oldest first, `keep` at most. */
  readonly sent: readonly Message[];
  /** Posted messages that newer ones have pushed out before anybody received them. */
  readonly forgotten: number;
}

/** `keep`: messages each way. */
export const ringGate = (name: string, keep: number): RingGate => new Ring(name, keep);

type Receiver = (answer: Either<SessionError, Message>) => void;

/** The caller may use its bytes again. */
const copied = (message: Message): Message =>
  typeof message === "string" ? message : new Uint8Array(message);

class Ring implements RingGate {
  readonly name: string;
  readonly #keep: number;
  readonly posted: Message[] = [];
  readonly sent: Message[] = [];
  forgotten = 0;
  #holder: RingEnd | null = null;
  #closed = false;

  constructor(name: string, keep: number) {
    this.name = name;
    this.#keep = keep;
  }

  get closed(): SessionError {
    return { tag: "Closed", what: `gate ${this.name}` };
  }

  post(message: Message): void {
    this.posted.push(copied(message));
    this.#holder?.deliver();
    if (this.posted.length <= this.#keep) return;
    this.posted.shift();
    this.forgotten += 1;
  }

  keepSent(message: Message): void {
    this.sent.push(copied(message));
    if (this.sent.length > this.#keep) this.sent.shift();
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    if (this.#closed) return E.left(this.closed);
    if (this.#holder !== null)
      return E.left({ tag: "Denied", service: "Gate", label: this.name, reason: "somebody holds it" });
    this.#holder = new RingEnd(this, state, () => (this.#holder = null));
    return E.right(this.#holder);
  }

  close(): void {
    this.#closed = true;
    this.#holder?.close();
  }
}

class RingEnd implements GateEnd {
  /** Nothing here can break. */
  readonly reconnected = 0;
  readonly dropped = 0;
  readonly #ring: Ring;
  readonly #released: () => void;
  /** What a state brought along that another provider had written; a state of ours brings nothing. */
  readonly #brought: Message[];
  readonly #receivers: Receiver[] = [];
  #sent: number;
  #received: number;
  #suspended = false;
  #open = true;

  constructor(ring: Ring, state: GateState | null, released: () => void) {
    this.#ring = ring;
    this.#released = released;
    this.#brought = [...(state?.unread ?? [])];
    this.#sent = state?.sent ?? 0;
    this.#received = state?.received ?? 0;
  }

  send(message: Message): Either<SessionError, void> {
    if (!this.#open) return E.left(this.#ring.closed);
    this.#ring.keepSent(message);
    this.#sent += 1;
    return E.right(undefined);
  }

  receive(): Promise<Either<SessionError, Message>> {
    if (!this.#open) return Promise.resolve(E.left(this.#ring.closed));
    return new Promise((receiver) => {
      this.#receivers.push(receiver);
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

  /** What was posted stays in the ring, not in the image. */
  capture(): GateState {
    if (!this.#suspended) throw new Error("a gate is captured while it is suspended");
    return {
      sent: this.#sent,
      received: this.#received,
      unread: [...this.#brought],
      partial: new Uint8Array(0),
    };
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const receiver of this.#receivers.splice(0)) receiver(E.left(this.#ring.closed));
    this.#released();
  }

  deliver(): void {
    while (!this.#suspended && this.#receivers.length > 0) {
      const message = this.#brought.shift() ?? this.#ring.posted.shift();
      if (message === undefined) return;
      this.#received += 1;
      this.#receivers.shift()?.(E.right(message));
    }
  }
}
