// What a program says about a move to another host, and what it hears of it.
import type { Progress } from "../migrate/progress.ts";
import type { Child } from "./child.ts";
import type { Duration, EntryOptions } from "./host-options.ts";

export interface MigrateOptions {
  /** Quota and routes there, by child. Default: what each had there before, or else what it has here. */
  readonly entries?: Readonly<Record<string, EntryOptions>>;
  /** Whether memory goes over while they run. Default true. */
  readonly precopy?: boolean;
  /** How long the turns that run, and calls that must complete, are waited for. Default 5s. */
  readonly deadline?: Duration;
  /** Whether they wait there for `go` or `until` before they go on. Default false. */
  readonly held?: boolean;
  /** Stops it in every phase before the decision; they run on then. */
  readonly signal?: AbortSignal;
  /** Told how far it is. */
  readonly progress?: (progress: Progress) => void;
}

/** What became of a child that moved. */
export interface Moved {
  /** On the other host. */
  readonly child: Child;
  /** How long it stood still, and how long all of it took, in ms. */
  readonly pauseMs: number;
  readonly totalMs: number;
  /** Bytes that went over, and rounds of memory before it stopped. */
  readonly bytes: number;
  readonly rounds: number;
}
