// A thread for each child: one that is stuck costs nobody else anything.
import type { Worker } from "node:worker_threads";
import type { Placement } from "./placement.ts";
import type { Lodger, Residence } from "./residence.ts";
import { ShardThread, type ThreadOptions } from "./shard-thread.ts";

/** Threads kept for later children; each holds some 20 MB. */
const MOST_IDLE = 8;

export class OneEach implements Placement {
  readonly #options: ThreadOptions;
  #idle: ShardThread[] = [];
  #closed = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Threads that wait for a child. */
  get idle(): readonly ShardThread[] {
    return this.#idle;
  }

  warm(spare: Worker | null = null): void {
    if (this.#idle.length === 0) this.#idle.push(new ShardThread(this.#options, spare));
  }

  settle(lodger: Lodger): Residence {
    const thread = this.#take();
    return thread.lodge(lodger, { alone: true, left: () => this.#give(thread) });
  }

  #take(): ShardThread {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) return new ShardThread(this.#options);
      if (!idle.gone) return idle;
    }
  }

  #give(thread: ShardThread): void {
    if (thread.gone) return;
    if (this.#closed || this.#idle.length >= MOST_IDLE) void thread.terminate();
    else this.#idle.push(thread);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const idle = this.#idle;
    this.#idle = [];
    await Promise.all(idle.map((thread) => thread.terminate()));
  }
}
