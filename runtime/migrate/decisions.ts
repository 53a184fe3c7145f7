// Where a source writes down what it offered and what it decided.
import { E, type Either } from "../../lib/fp.ts";
import type { Leaver } from "../host/roll.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { OpenOffer } from "./open-offer.ts";
import { noTrails, type Trails } from "./trails.ts";
import type { Verdict } from "./source-host.ts";
import type { Whereabouts } from "./whereabouts.ts";

export interface Decisions {
  /** Right: tasks in which some of them were offered elsewhere, and which are not settled. */
  offer(
    task: string,
    to: string,
    leavers: readonly Leaver[],
  ): Promise<Either<MigrateError, readonly OpenOffer[]>>;
  /** The point of decision: in one durable write the task is released, and nothing of its travelers is kept here. */
  release(
    task: string,
    to: string,
    leavers: readonly Leaver[],
    /** In the same write: where they are, for those who stay behind and have sessions with them. */
    carried: readonly Whereabouts[],
  ): Promise<Either<MigrateError, void>>;
  verdict(task: string, to: string): Promise<Either<MigrateError, Verdict>>;
  confirmed(task: string): Promise<void>;
  /** Who was offered in a task to this host, where that did not become a decision; null where there is no such task. */
  offered(task: string, to: string): Promise<Either<MigrateError, readonly Leaver[] | null>>;
  /** As `release`, when the sink has decided in this host's place. Not `isOwn`: the sink of another host, which has said
   *  so to `by`, where they came from. Whoever has gone on from here is to hear of it there. */
  concede(
    task: string,
    by: string,
    leavers: readonly Leaver[],
    isOwn: boolean,
  ): Promise<Either<MigrateError, void>>;
  unsettled(): Promise<readonly { readonly task: string; readonly to: string }[]>;
  readonly trails: Trails;
}

/** For hosts that end with their process. */
export class MemoryDecisions implements Decisions {
  readonly trails = noTrails;
  readonly #tasks = new Map<
    string,
    { readonly to: string; readonly released: boolean; readonly leavers: readonly Leaver[] }
  >();

  offer(task: string, to: string, leavers: readonly Leaver[]): ReturnType<Decisions["offer"]> {
    this.#tasks.set(task, { to, released: false, leavers });
    return Promise.resolve(E.right([]));
  }

  release(task: string, to: string): Promise<Either<MigrateError, void>> {
    this.#tasks.set(task, { to, released: true, leavers: [] });
    return Promise.resolve(E.right(undefined));
  }

  offered(task: string, to: string): Promise<Either<MigrateError, readonly Leaver[] | null>> {
    const known = this.#tasks.get(task);
    return Promise.resolve(E.right(known?.to === to && !known.released ? known.leavers : null));
  }

  concede(task: string, to: string): Promise<Either<MigrateError, void>> {
    return this.release(task, to);
  }

  verdict(task: string, to: string): Promise<Either<MigrateError, Verdict>> {
    const known = this.#tasks.get(task);
    return Promise.resolve(E.right(known?.to === to && known.released ? "released" : "kept"));
  }

  confirmed(task: string): Promise<void> {
    this.#tasks.delete(task);
    return Promise.resolve();
  }

  unsettled(): Promise<readonly { readonly task: string; readonly to: string }[]> {
    return Promise.resolve([...this.#tasks].map(([task, { to }]) => ({ task, to })));
  }
}
