// Commits that are asked for in one turn of the event loop, or while others are being written, written together: one sync
// serves them all. Each is drawn up upon the ones before it, and one that fails leaves them as they are.
import { E, type Either } from "../../../lib/fp.ts";
import { Draft } from "./draft.ts";
import { valueBytes, type Changes, type Ground, type GroundError } from "./ground.ts";
import { indexKey } from "./keys.ts";
import type { Latest } from "./latest.ts";
import type { StoreError } from "./store-error.ts";

/** Draws changes up; may be called again, upon another draft. */
type Draw<A> = (draft: Draft) => Either<StoreError, A>;

interface Request {
  readonly draw: Draw<unknown>;
  readonly answer: (result: Either<StoreError, unknown>) => void;
}

export class Committer {
  readonly #ground: Ground;
  readonly #latest: Latest;
  readonly #queue: Request[] = [];
  #idle = Promise.resolve();
  #isIdle = true;

  constructor(ground: Ground, latest: Latest) {
    this.#ground = ground;
    this.#latest = latest;
  }

  /** Answers when the changes are durable, or why they are not made. */
  commit<A>(draw: Draw<A>): Promise<Either<StoreError, A>> {
    return new Promise((resolve) => {
      const answer = (result: Either<StoreError, unknown>): void => resolve(result as Either<StoreError, A>);
      this.#queue.push({ draw, answer });
      if (this.#isIdle) this.#idle = this.#run();
    });
  }

  /** When all that was asked for is answered. */
  idle(): Promise<void> {
    return this.#idle;
  }

  async #run(): Promise<void> {
    this.#isIdle = false;
    while (this.#queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#write(this.#queue.splice(0));
    }
    this.#isIdle = true;
  }

  async #write(requests: readonly Request[]): Promise<void> {
    const together = new Draft(this.#latest);
    const drawn: { readonly request: Request; readonly result: Either<StoreError, unknown> }[] = [];
    for (const request of requests) {
      const draft = new Draft(together);
      const result = request.draw(draft);
      if (E.isLeft(result)) {
        request.answer(result);
        continue;
      }
      together.take(draft);
      drawn.push({ request, result });
    }
    const written = await this.#put(together.changes);
    this.#latest.refresh();
    if (E.isRight(written)) return drawn.forEach(({ request, result }) => request.answer(result));
    const { path } = this.#ground;
    // What is too much together may go well one by one.
    if (drawn.length > 1) for (const { request } of drawn) await this.#write([request]);
    else for (const { request } of drawn) request.answer(E.left({ ...written.left, path }));
  }

  #put(changes: Changes): Either<GroundError, void> | Promise<Either<GroundError, void>> {
    if (changes.size === 0) return E.right(undefined);
    return this.#ground.writeBeside === undefined || !canWait(changes)
      ? this.#ground.write(changes)
      : this.#ground.writeBeside(changes);
  }
}

/** Bytes from which it pays to write them beside. */
const LARGE_BYTES = 1 << 20;
const INDEX = indexKey("").charAt(0);

/** Whether others may go on by what was there before until this is written: nobody must rely meanwhile on chunks that go. */
const canWait = (changes: Changes): boolean => {
  let bytes = 0;
  for (const [key, value] of changes) {
    if (value !== null) bytes += valueBytes(value);
    else if (key.startsWith(INDEX)) return false;
  }
  return bytes >= LARGE_BYTES;
};
