// A few threads for all children, the least loaded one for the next: thousands may be active. A child that is stuck
// takes those of its thread with it, and a host that has their state elsewhere brings them back.
import type { Worker } from "node:worker_threads";
import type { Placement } from "./placement.ts";
import type { Lodger, Residence } from "./residence.ts";
import { ShardThread, type ThreadOptions } from "./shard-thread.ts";

export class SharedThreads implements Placement {
  readonly #options: ThreadOptions;
  readonly #threads: (ShardThread | null)[];

  /** `count` threads at most; each is started when it is first needed. */
  constructor(count: number, options: ThreadOptions) {
    this.#options = options;
    this.#threads = Array.from({ length: count }, () => null);
  }

  /** How many children each thread has. */
  get load(): readonly number[] {
    return this.#threads.map((thread) => (thread === null || thread.gone ? 0 : thread.residents));
  }

  warm(spare: Worker | null = null): void {
    this.#thread(0, spare);
  }

  settle(lodger: Lodger): Residence {
    const { load } = this;
    const least = load.indexOf(Math.min(...load));
    return this.#thread(least).lodge(lodger, { alone: false, left: () => {} });
  }

  #thread(at: number, spare: Worker | null = null): ShardThread {
    const known = this.#threads[at];
    if (known !== null && known !== undefined && !known.gone) return known;
    const thread = new ShardThread(this.#options, spare);
    this.#threads[at] = thread;
    return thread;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread?.terminate() ?? Promise.resolve()));
  }
}
