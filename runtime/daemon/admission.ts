// When a command may be carried out on an entry of a durable host: where it is known, in a state that fits, and nothing
// else is being done with it.
import { E, type Either } from "../../lib/fp.ts";
import type { MigrateError } from "../migrate/migrate-error.ts";
import type { DurableError } from "./durable-error.ts";
import type { EntryBook } from "./entry-book.ts";
import type { EntryState } from "./entry-report.ts";
import type { EntryReports } from "./entry-reports.ts";
import type { Done, KeptLives } from "./kept-lives.ts";
import type { OneAtATime } from "./one-at-a-time.ts";

/** Whether an entry in this state is one that a command can be carried out on. */
export type Fit = (state: EntryState) => boolean;

/** Nothing of it is kept, or nothing that it could go on from. */
export const isOver: Fit = (state) =>
  ["waiting", "exited", "faulted", "killed", "stuck", "fenced", "departed"].includes(state);
export const isRunning: Fit = (state) => state === "running" || state === "resting";
export const isFrozen: Fit = (state) => state === "frozen";
export const isThere: Fit = (state) => isRunning(state) || isFrozen(state);
export const isOurs: Fit = (state) => isThere(state) || state === "stranded";

export interface AdmissionOptions {
  /** The host's configuration, which names the entries. */
  readonly file: string;
  readonly book: EntryBook;
  readonly lives: KeptLives;
  readonly commands: OneAtATime;
  readonly reports: EntryReports;
}

export class Admission {
  readonly #options: AdmissionOptions;
  #closed = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** The host comes to its end: no command is carried out any more. */
  close(): void {
    this.#closed = true;
  }
  get closed(): boolean {
    return this.#closed;
  }

  /** Why a child can't be what it shall become: there is none of the name, or it is in another state. */
  unfit(name: string, wanted: string, fit: Fit): DurableError | null {
    const { book, lives, reports, file } = this.#options;
    if (this.#closed) return { tag: "Closing" };
    const isKnown = lives.entries.has(name);
    if (!isKnown && book.get(name) === undefined)
      return { tag: "NoSuchEntry", child: name, known: reports.names };
    const state = reports.stateOf(name);
    // To live it needs what the file says; to be dropped or copied it does not.
    const needsFile = wanted !== "killed" && wanted !== "exported";
    if (!isKnown && needsFile) return { tag: "NotInFile", child: name, file };
    return fit(state) ? null : { tag: "Unfit", child: name, wanted, state };
  }

  /** The same, of several, when the host has done with each what it does by itself. Who is busy is in between: what it is
   *  good for shows later. */
  async unfitOf(names: readonly string[], wanted: string, fit: Fit): Promise<DurableError | null> {
    const { commands } = this.#options;
    for (const name of names) {
      await commands.ownDone(name);
      const unfit = this.unfit(name, wanted, fit);
      if (unfit !== null && commands.doing(name) === null) return unfit;
    }
    return null;
  }

  /** `what` is done, as an infinitive; `wanted`: what the child shall be then, as a participle. */
  async admit(name: string, what: string, wanted: string, fit: Fit, act: () => Promise<Done>): Promise<Done> {
    if (this.#closed) return E.left({ tag: "Closing" });
    const unfit = await this.unfitOf([name], wanted, fit);
    if (unfit !== null) return E.left(unfit);
    const { commands, lives } = this.#options;
    return commands.try(name, what, async () => {
      // To be dropped it need not be woken.
      if (wanted !== "killed") await lives.live.wake([name]);
      return act();
    });
  }

  /** Takes hold of children until the answer is called. */
  reserve(names: readonly string[], what: string): Either<MigrateError, () => void> {
    const { commands } = this.#options;
    const busy = names.find((name) => commands.doing(name) !== null);
    if (this.#closed)
      return E.left({ tag: "Unfit", child: names.join(", "), reason: "is about to be frozen" });
    if (busy !== undefined)
      return E.left({
        tag: "Unfit",
        child: busy,
        reason: `is busy: another command is about to ${commands.doing(busy)} it`,
      });
    const frees: (() => void)[] = [];
    for (const name of names)
      void commands.try(
        name,
        what,
        () => new Promise<Either<never, void>>((resolve) => frees.push(() => resolve(E.right(undefined)))),
      );
    return E.right(() => {
      for (const free of frees) free();
    });
  }
}
