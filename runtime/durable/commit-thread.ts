// A thread that writes large commits of the store: putting so much into place takes a processor some time, and the disk more,
// in which whoever asked for it goes on.
import { Worker } from "node:worker_threads";
import type { Either } from "../../lib/fp.ts";
import type { Changes, GroundError } from "./store/ground.ts";

/** The bundled one, wherever this module lies. */
const THREAD = new URL("../../bin/store/main.js", import.meta.url);

/** What the thread is told. `path`: where the ground lies that it writes to. */
export interface CommitData {
  readonly path: string;
}
/** Changes to be written; null: there are no more. */
export type ToCommitThread = Changes | null;
export type FromCommitThread = Either<GroundError, void>;

/** One at a time is written. It comes up when the first one is. */
export class CommitThread {
  readonly #worker: Worker;
  readonly #over: Promise<void>;
  #answer: ((answer: FromCommitThread | null) => void) | null = null;
  #isOver = false;

  constructor(path: string) {
    const workerData: CommitData = { path };
    this.#worker = new Worker(THREAD, { workerData });
    this.#worker.unref();
    this.#worker.on("message", (answer: FromCommitThread) => this.#answered(answer));
    this.#worker.on("error", () => {});
    this.#over = new Promise((resolve) =>
      this.#worker.once("exit", () => {
        this.#isOver = true;
        this.#answered(null);
        resolve();
      }),
    );
  }

  /** All of them or none, durable when it answers; null: the thread has ended, and nobody knows. To write the same once more
   *  does no harm. Bytes that threads share must not change meanwhile; the others are copied. */
  write(changes: Changes): Promise<FromCommitThread | null> {
    if (this.#isOver) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#tell(changes);
    });
  }

  /** Nothing is being written. */
  async close(): Promise<void> {
    this.#tell(null);
    await this.#over;
  }

  /** Whoever waits for the answer is not gone before it is there. */
  #tell(said: ToCommitThread): void {
    this.#worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(said);
  }

  #answered(answer: FromCommitThread | null): void {
    this.#worker.unref();
    this.#answer?.(answer);
    this.#answer = null;
  }
}
