// Commits that are asked for in one turn of the event loop, written together: one sync serves them all. Each is drawn
// up upon the ones before it, and one that fails leaves them as they are.
import { E, type Either } from "../../../lib/fp.ts";
import { Draft } from "./draft.ts";
import type { Ground } from "./ground.ts";
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
  #queue: Request[] = [];
  #idle = Promise.resolve();

  constructor(ground: Ground, latest: Latest) {
    this.#ground = ground;
    this.#latest = latest;
  }

  /** Answers when the changes are durable, or why they are not made. */
  commit<A>(draw: Draw<A>): Promise<Either<StoreError, A>> {
    return new Promise((resolve) => {
      const answer = (result: Either<StoreError, unknown>): void => resolve(result as Either<StoreError, A>);
      if (this.#queue.push({ draw, answer }) > 1) return;
      this.#idle = new Promise((done) => {
        setImmediate(() => {
          const requests = this.#queue;
          this.#queue = [];
          this.#write(requests);
          done();
        });
      });
    });
  }

  /** When all that was asked for is answered. */
  idle(): Promise<void> {
    return this.#idle;
  }

  #write(requests: readonly Request[]): void {
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
    const written = together.changes.size === 0 ? E.right(undefined) : this.#ground.write(together.changes);
    this.#latest.refresh();
    if (E.isRight(written)) return drawn.forEach(({ request, result }) => request.answer(result));
    const { path } = this.#ground;
    // What is too much together may go well one by one.
    if (drawn.length > 1) for (const { request } of drawn) this.#write([request]);
    else for (const { request } of drawn) request.answer(E.left({ ...written.left, path }));
  }
}
