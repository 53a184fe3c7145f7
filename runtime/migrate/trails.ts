// Travelers that were offered to one host, and went to another before the first had settled that: how an operator's word,
// by which the first has taken them, follows them from host to host. Nobody is believed but the sink of a task, by the host
// that offered it, and the host that they came from, by whoever has them since; and either only of the tasks that were
// written down when they were offered, or came.
import { E, type Either } from "../../lib/fp.ts";
import type { Leaver } from "../host/roll.ts";
import type { MigrateError } from "./migrate-error.ts";

/** One that was taken, as this generation. */
export interface Overtaken {
  readonly identity: string;
  readonly generation: number;
}

export interface Trails {
  /** Those who came from the host with the key `from`, which says that it had offered them in this task, each as the
   *  generation that was offered. */
  inherited(task: string, from: string): Promise<Either<MigrateError, readonly Leaver[]>>;
  /** What a host to which some of the task went is to hear of it: that it is settled and nobody was taken, nothing yet, or
   *  who was taken. */
  onward(task: string, to: string): Promise<Either<MigrateError, "settled" | "open" | readonly Overtaken[]>>;
  /** It has heard who was taken. */
  passed(task: string, to: string): Promise<void>;
  /** The host that they came from says that the task is settled, and nobody was taken. */
  settled(task: string, from: string): Promise<void>;
  /** What there is to tell to whom, and whom there is to ask. */
  open(): Promise<Either<MigrateError, OpenTrails>>;
}

export interface OpenTrails {
  readonly telling: readonly { readonly task: string; readonly to: string }[];
  readonly asking: readonly { readonly task: string; readonly from: string }[];
}

/** For hosts that end with their process. */
export const noTrails: Trails = {
  inherited: () => Promise.resolve(E.right([])),
  onward: () => Promise.resolve(E.right("settled")),
  passed: () => Promise.resolve(),
  settled: () => Promise.resolve(),
  open: () => Promise.resolve(E.right({ telling: [], asking: [] })),
};
