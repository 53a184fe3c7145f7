// Messages that wait, counted in pieces and bytes against a bound that its users mind.

import { Fifo } from "./fifo.ts";
import type { Message } from "./gate-provider.ts";

export interface QueueBound {
  readonly messages: number;
  /** UTF-8 for text. */
  readonly bytes: number;
}

export const byteLength = (message: Message): number =>
  typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;

export class MessageQueue {
  readonly #bound: QueueBound;
  readonly #messages = new Fifo<Message>();
  #bytes = 0;

  constructor(bound: QueueBound) {
    this.#bound = bound;
  }

  get length(): number {
    return this.#messages.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the bound is reached, so that whoever fills it should wait. */
  get full(): boolean {
    return this.#messages.length >= this.#bound.messages || this.#bytes >= this.#bound.bytes;
  }

  /** Whether `bytes` more fit below the bound. */
  fits(bytes: number): boolean {
    return this.#messages.length < this.#bound.messages && this.#bytes + bytes <= this.#bound.bytes;
  }

  push(message: Message): void {
    this.#messages.push(message);
    this.#bytes += byteLength(message);
  }

  shift(): Message | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#bytes -= byteLength(message);
    return message;
  }

  list(): Message[] {
    return this.#messages.list();
  }
}
