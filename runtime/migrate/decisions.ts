// Where a source writes down what it offered and what it decided.
import { E, type Either } from "../../lib/fp.ts";
import type { Leaver } from "../host/roll.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Verdict } from "./source-host.ts";
import type { Whereabouts } from "./whereabouts.ts";

export interface Decisions {
  offer(task: string, to: string, leavers: readonly Leaver[]): Promise<Either<MigrateError, void>>;
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
  /** As `release`, when the sink has decided in this host's place. */
  concede(task: string, to: string, leavers: readonly Leaver[]): Promise<Either<MigrateError, void>>;
  unsettled(): Promise<readonly { readonly task: string; readonly to: string }[]>;
}

/** For hosts that end with their process. */
export class MemoryDecisions implements Decisions {
  readonly #tasks = new Map<
    string,
    { readonly to: string; readonly released: boolean; readonly leavers: readonly Leaver[] }
  >();

  offer(task: string, to: string, leavers: readonly Leaver[]): Promise<Either<MigrateError, void>> {
    this.#tasks.set(task, { to, released: false, leavers });
    return Promise.resolve(E.right(undefined));
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
