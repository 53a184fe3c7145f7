// What arrives at a stream gate's end: bytes, the messages cut from them, and a bound on those nobody has received.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { framerFor, type Framer, type Framing } from "./framing.ts";
import type { GateState, Message } from "./gate-provider.ts";
import { MessageQueue, type QueueBound } from "./message-queue.ts";

export interface StreamSetting {
  readonly name: string;
  readonly framing: Framing;
  /** Bytes of one message. */
  readonly message: number;
  /** What may have arrived without being received; past it the peer has to wait. */
  readonly unread: QueueBound;
}

export class Inward {
  readonly #setting: StreamSetting;
  readonly #unread: MessageQueue;
  #framer: Framer;
  /** Messages that were received. */
  received: number;
  /** Bytes that came over all connections. */
  arrived = 0;
  /** Bytes of messages begun on connections that have ended: a new one begins at a message. */
  dropped: number;

  constructor(setting: StreamSetting, state: GateState | null) {
    this.#setting = setting;
    this.#unread = new MessageQueue(setting.unread);
    this.#framer = framerFor(setting.framing, setting.name, setting.message);
    this.received = state?.received ?? 0;
    this.dropped = state?.partial.byteLength ?? 0;
    for (const message of state?.unread ?? []) this.#unread.push(message);
  }

  /** Messages that wait to be received. */
  get length(): number {
    return this.#unread.length;
  }
  /** Whether the peer has to wait. */
  get full(): boolean {
    return this.#unread.full;
  }
  /** What a state says of this side; copies. */
  get state(): Pick<GateState, "received" | "unread" | "partial"> {
    return { received: this.received, unread: this.#unread.list(), partial: this.#framer.partial() };
  }

  /** So many bytes may come in addition before a capture takes them for an endless stream. */
  get most(): number {
    return this.arrived + this.#setting.unread.bytes + this.#setting.message;
  }

  encode(message: Message): Either<SessionError, Uint8Array> {
    return this.#framer.encode(message);
  }

  push(chunk: Uint8Array): void {
    this.arrived += chunk.byteLength;
    this.#framer.push(chunk);
  }

  /** Cuts messages from what arrived, up to the bound or all of it; why the stream can't be understood any further. */
  fill(all: boolean): SessionError | null {
    for (;;) {
      if (!all && this.#unread.full) return null;
      const message = this.#framer.next();
      if (E.isLeft(message)) return message.left;
      if (message.right === null) return null;
      this.#unread.push(message.right);
    }
  }

  next(): Message {
    this.received += 1;
    return this.#unread.shift() as Message;
  }

  /** The next bytes are another connection's; how many of the last one's are dropped. */
  restart(): number {
    const unfinished = this.#framer.buffered;
    this.dropped += unfinished;
    this.#framer = framerFor(this.#setting.framing, this.#setting.name, this.#setting.message);
    return unfinished;
  }

  clear(): void {
    while (this.#unread.shift() !== undefined);
  }
}
