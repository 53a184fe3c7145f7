// Children of a durable host that move to other hosts, one by one or all that run, and those that are had from there.
import { E, type Either } from "../../lib/fp.ts";
import type { Migrated, Progress, TravelOptions } from "../migrate/progress.ts";
import { isOver, isRunning, type Admission, type Fit } from "./admission.ts";
import { MOST_MOVES } from "./control-protocol.ts";
import { durableProse, type DurableError } from "./durable-error.ts";
import type { DurableEvent } from "./durable-event.ts";
import type { Drained } from "./durable-host.ts";
import type { EntryReports } from "./entry-reports.ts";
import type { KeptLives } from "./kept-lives.ts";
import type { Migration } from "./migration.ts";
import { tiedGroups } from "./tied-groups.ts";

type Moved = Promise<Either<DurableError, readonly DurableEvent[]>>;

const mayMove: Fit = (state) => isRunning(state) || state === "stranded";

export interface MovesOptions {
  readonly lives: KeptLives;
  readonly reports: EntryReports;
  readonly admission: Admission;
  readonly migration: Migration;
}

export class Moves {
  readonly #options: MovesOptions;
  /** Moves of all that are under way: what stops them, and where to. */
  readonly #drains = new Map<AbortController, string>();

  constructor(options: MovesOptions) {
    this.#options = options;
  }

  async migrate(
    names: readonly string[],
    to: string,
    options: TravelOptions,
    signal: AbortSignal,
    told: (progress: Progress) => void,
  ): Moved {
    const { lives, admission, migration } = this.#options;
    const unfit = await admission.unfitOf(names, "migrated", mayMove);
    if (unfit !== null) return E.left(unfit);
    await lives.live.wake(names);
    const migrated = await migration.migrate(names, to, options, signal, told);
    return E.map((moved: Migrated) => this.tell(moved))(migrated);
  }

  /** Tells of children that have gone. */
  tell({ children, generations, event, ...facts }: Migrated): readonly DurableEvent[] {
    const events = children.map((child, i) => ({
      event,
      child,
      generation: generations?.[i] ?? null,
      ...facts,
    }));
    for (const each of events) this.#options.lives.emit(each);
    return events;
  }

  async fetch(names: readonly string[], from: string, signal: AbortSignal): Moved {
    const { admission, migration } = this.#options;
    const unfit = await admission.unfitOf(names, "fetched", isOver);
    if (unfit !== null) return E.left(unfit);
    const fetched = await migration.fetch(names, from, signal);
    if (E.isLeft(fetched)) return fetched;
    const { children, from: peer } = fetched.right;
    return E.right(
      children.map(({ child, generation }) => ({ event: "arrived", child, from: peer, generation }) as const),
    );
  }

  async drain(
    to: string,
    most: number,
    signal: AbortSignal,
    told: (event: unknown) => void,
  ): Promise<Either<DurableError, Drained>> {
    const { lives, reports, migration } = this.#options;
    const known = migration.knows(to);
    if (E.isLeft(known)) return known;
    const moved: string[] = [];
    const left: { child: string; reason: string }[] = [];
    const stop = new AbortController();
    this.#drains.set(stop, to);
    const stopped = AbortSignal.any([signal, stop.signal]);
    const running = reports.names.filter((name) => isRunning(reports.stateOf(name)));
    await lives.live.wake(running);
    const waiting = tiedGroups(running, (name) => lives.live.ties(name).map(({ child }) => child));
    const moveNext = async (): Promise<void> => {
      for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
        if (stopped.aborted) {
          for (const child of group)
            left.push({ child, reason: "it was stopped before it was its turn; nothing has changed" });
          continue;
        }
        const done = await this.migrate(group, to, {}, stopped, told);
        if (E.isRight(done)) {
          moved.push(...group);
          for (const event of done.right) told(event);
        } else for (const child of group) left.push({ child, reason: durableProse(done.left) });
      }
    };
    await Promise.all(Array.from({ length: Math.min(Math.max(1, most), MOST_MOVES) }, moveNext));
    this.#drains.delete(stop);
    return E.right({ moved, left });
  }

  /** Stops moving all to a host: who has moved stays there. */
  halt(to: string): Either<DurableError, void> {
    let any = false;
    for (const [stop, peer] of this.#drains) {
      if (peer !== to) continue;
      any = true;
      stop.abort();
    }
    return any ? E.right(undefined) : E.left({ tag: "NotDraining", to });
  }
}
