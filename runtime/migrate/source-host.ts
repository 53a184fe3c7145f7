// What a host does for travelers that leave it. The protocol is above this and knows nothing of how children are
// stopped or kept; whoever implements it knows nothing of the link.
import type { Either } from "../../lib/fp.ts";
import type { ChildManifest } from "../image/image.ts";
import type { Cargo } from "./container.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Overtaken, Trails } from "./trails.ts";
import type { Requirements } from "./requirements.ts";

/** A memory as it was between two turns. */
export interface MemoryView {
  /** Valid until the next `round`, `hold` or `close` of the departure; nobody changes it meanwhile. */
  readonly memory: Uint8Array;
  /** Numbers of its pages (`pageBytes` each) that may differ from the last round's, in order; null: any may. */
  readonly changed: readonly number[] | null;
}

/** Travelers that stand still, in the order of their names. */
export interface Held {
  readonly travelers: readonly (MemoryView & { readonly manifest: ChildManifest })[];
  readonly cargo: readonly Cargo[];
  /** `performance.now()` when the first of them stopped. */
  readonly since: number;
}

/** Some travelers that are to leave. While it is open no other command acts on them. */
export interface Departure {
  readonly names: readonly string[];
  /** What they need of a target; they run on. */
  survey(): Promise<Either<MigrateError, readonly Requirements[]>>;
  /** Their memories now, each between two turns; they run on. Resolves with Left when one of them has ended. */
  round(): Promise<Either<MigrateError, readonly MemoryView[]>>;
  /**
   * Stops all in one cut and takes down what they are. `deadline` in ms, for the turns that run and the calls that
   * must drain. On Left all run on; on Right they stand still until `resume` or `release`.
   */
  hold(deadline: number): Promise<Either<MigrateError, Held>>;
  /** Durably notes that the task's container is about to go to the host with this key. It decides nothing. */
  offer(task: string, to: string): Promise<Either<MigrateError, void>>;
  /** They run on, as if nothing had been. */
  resume(): void;
  /**
   * The point of decision: durably records, in one write together with the end of what is kept of them here, that the
   * task's travelers are the host's with the key `to`; then gives back all that they held, and they have ended here.
   * On Left nothing was decided, and they still stand.
   */
  release(task: string, to: string): Promise<Either<MigrateError, void>>;
  /** Lets other commands act on them again, and gives up buffers. After `hold` one of the two above must come first. */
  close(): void;
}

/** What a source answers a sink that is in doubt. `kept`: it did not decide, and never will. */
export type Verdict = "released" | "kept";

export interface SourceHost {
  /** Opens a departure to the host with the key `to`. Left: one of them is not there, does not run, or something else is being done with it. */
  depart(names: readonly string[], to: string): Either<MigrateError, Departure>;
  /** What was decided of a task towards this sink; durable. It is the caller's to ask only when the task is not under
   *  way any more. */
  verdict(task: string, to: string): Promise<Either<MigrateError, Verdict>>;
  /**
   * The sink of this task has taken the travelers by its operator's word, who said that this host is gone: they live there,
   * of these generations at least. Whoever of them lives here is ended, for good. False: that can't be done now, and is to
   * be said again.
   */
  overtaken(task: string, by: string, generations: readonly number[]): Promise<boolean>;
  /** As `overtaken`, of tasks of other hosts: the one that the travelers came from passes the word on. */
  overtakenBefore(task: string, by: string, travelers: readonly Overtaken[]): Promise<boolean>;
  /** How such a word follows those who have gone on. */
  readonly trails: Trails;
  /** The sink has heard what was decided and acted on it: what is kept of the task may go. */
  confirmed(task: string): Promise<void>;
  /** Tasks that were offered or decided and not confirmed, with the key of their sink; those under way too. */
  unsettled(): Promise<readonly { readonly task: string; readonly to: string }[]>;
}
