// Who runs the job of `bench/component/worker.ts`, in processes of its own that can be killed: workers of 1 MB of live
// state, each of which appends the lines 1, 2, 3… to its file in `out/`, every step recorded durably before the next.

export interface Job {
  /** Everything lies in it: `out/`, and what the contender keeps. */
  readonly folder: string;
  readonly workers: number;
  /** A process kills itself with `kill -9` when so many lines have been appended by it, before the last one of them is
   *  recorded; null: never. For one worker. */
  readonly crashAfter: number | null;
}

export interface Contender {
  readonly name: string;
  /** What ought to be known about how it is run. */
  readonly note?: string;
  /** Why it can't be run here; null where it can. */
  absent(): string | null;
  /** Begins the job, or goes on with it after a kill. */
  start(job: Job): Promise<Running>;
  /** Paths in the folder that its disk use is counted by; or `bytes` says it. */
  readonly keeps: readonly string[];
  bytes?(folder: string): Promise<number>;
  /** Ends what outlives a kill. */
  end?(folder: string): Promise<void>;
}

export interface Running {
  /** `kill -9` to all its processes; resolves when they are gone. */
  kill(): Promise<void>;
  /** Nothing of it runs until `proceed`. */
  pause(): void;
  proceed(): void;
  /** Resolves when a process that does the steps is gone, with what it said. */
  readonly ended: Promise<string>;
}
