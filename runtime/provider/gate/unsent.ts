// Encoded messages that wait for a connection being made, each for so long at most.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { Fifo } from "./fifo.ts";

type Answer = (answer: Either<SessionError, void>) => void;

interface Waiting {
  readonly bytes: Uint8Array;
  /** Null when its sender has been told already. */
  answer: Answer | null;
  timer: NodeJS.Timeout | undefined;
}

export class Unsent {
  readonly #gate: string;
  /** ms, Infinity for no limit. */
  readonly #patience: number;
  readonly #waiting = new Fifo<Waiting>();

  constructor(gate: string, patience: number) {
    this.#gate = gate;
    this.#patience = patience;
  }

  /** The bytes are kept, not copied. */
  push(bytes: Uint8Array): Promise<Either<SessionError, void>> {
    return new Promise((answer) => {
      const waiting: Waiting = { bytes, answer, timer: undefined };
      this.#waiting.push(waiting);
      if (this.#patience === Infinity) return;
      const reason = `nobody has connected within ${this.#patience} ms`;
      waiting.timer = setTimeout(() => {
        waiting.answer = null;
        this.#discard();
        answer(E.left({ tag: "Disconnected", gate: this.#gate, reason }));
      }, this.#patience);
    });
  }

  /** Gives all of them to `forward`, in order. */
  drain(forward: (bytes: Uint8Array, answer: Answer) => void): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      clearTimeout(next.timer);
      if (next.answer !== null) forward(next.bytes, next.answer);
    }
  }

  refuse(error: SessionError): void {
    this.drain((_, answer) => answer(E.left(error)));
  }

  /** Those at the front that nobody waits for are not kept until a connection comes. */
  #discard(): void {
    while (this.#waiting.first()?.answer === null) this.#waiting.shift();
  }
}
