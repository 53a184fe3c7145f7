// A gate end that takes messages and does nothing with them, for measuring the way there.
import { E, type Either } from "../lib/fp.ts";
import type { SessionError } from "../lib/error.ts";
import type { GateEnd, Message } from "../runtime/provider/gate/gate-provider.ts";

const SENT: Either<SessionError, void> = E.right(undefined);

/** Takes every message as an ordinary end must, by copying it, and counts. */
export class SinkEnd implements GateEnd {
  readonly reconnected = 0;
  readonly dropped = 0;
  readonly #into = new Uint8Array(65536);
  #taken = 0;
  #until = Infinity;
  #reached = (): void => {};

  /** Messages so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Calls back in the turn of the `count`th message from now. */
  after(count: number, reached: () => void): void {
    this.#until = this.#taken + count;
    this.#reached = reached;
  }

  send(message: Message): Either<SessionError, void> {
    if (typeof message !== "string") this.#into.set(message);
    if (++this.#taken >= this.#until) {
      this.#until = Infinity;
      this.#reached();
    }
    return SENT;
  }
  receive(): Promise<Either<SessionError, Message>> {
    return new Promise(() => {});
  }
  suspend(): void {}
  resume(): void {}
  capture() {
    return { sent: this.#taken, received: 0, unread: [], partial: new Uint8Array() };
  }
  close(): void {}
}
