// Calls that wait for their answers, first come, first served.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { Fifo } from "./fifo.ts";

export type Answer<T> = (answer: Either<SessionError, T>) => void;

export class Answers<T> {
  readonly #waiting = new Fifo<Answer<T>>();

  get length(): number {
    return this.#waiting.length;
  }

  /** What a call is answered when its turn has come. */
  wait(): Promise<Either<SessionError, T>> {
    return new Promise((answer) => this.#waiting.push(answer));
  }

  /** Answers the one that has waited longest. */
  give(value: T): void {
    this.#waiting.shift()?.(E.right(value));
  }

  refuse(error: SessionError): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      next(E.left(error));
  }
}
