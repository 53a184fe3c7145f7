// How much of what others ask lies in a component's memory at once. A call that is not answered keeps its message there;
// what comes beyond that waits outside, in the order that it came.
import { Allowance } from "./allowance.ts";

interface Queue {
  readonly waiting: { readonly bytes: number; readonly enter: () => boolean }[];
}

export class Intake {
  readonly #limit: () => number;
  readonly #inside = new Allowance(0);
  readonly #queues = new Map<string, Queue>();

  /** `limit`: bytes, for each of those who ask. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Lets a call of `whom` in by `enter`, now or when there is room. What is larger than the limit comes alone. `enter`
   *  answers false where the call is gone. */
  ask(whom: string, bytes: number, enter: () => boolean): void {
    const queue = this.#queues.get(whom);
    if (queue !== undefined) queue.waiting.push({ bytes, enter });
    else if (this.#hasRoom(whom, bytes)) this.#enter(whom, bytes, enter);
    else this.#queues.set(whom, { waiting: [{ bytes, enter }] });
  }

  /** A call that was let in before a freeze. */
  inside(whom: string, bytes: number): void {
    this.#inside.take(whom, bytes);
  }

  /** A call that was let in is answered, or nobody wants its answer. */
  leave(whom: string, bytes: number): void {
    this.#inside.give(whom, bytes);
    const queue = this.#queues.get(whom);
    if (queue === undefined) return;
    while (queue.waiting.length > 0 && this.#hasRoom(whom, queue.waiting[0]!.bytes)) {
      const { bytes: next, enter } = queue.waiting.shift()!;
      this.#enter(whom, next, enter);
    }
    if (queue.waiting.length === 0) this.#queues.delete(whom);
  }

  #hasRoom(whom: string, bytes: number): boolean {
    const used = this.#inside.usedBy(whom);
    return used === 0 || used + bytes <= this.#limit();
  }

  #enter(whom: string, bytes: number, enter: () => boolean): void {
    if (enter()) this.#inside.take(whom, bytes);
  }
}
