// One command at a time for each child: two at once, and one of them hears that the child is busy, and with what.
import { E, type Either } from "../../lib/fp.ts";

export interface Busy {
  readonly tag: "Busy";
  readonly child: string;
  /** What is being done with it, as an infinitive: `freeze`. */
  readonly doing: string;
}

/** What the host does with a child by itself. Nobody has asked for it, so a command waits until it is done. */
export const OWN = {
  begin: "bring up",
  restart: "restart",
  examine: "examine",
  tryAgain: "try to bring back",
} as const;

const OWN_DEEDS: ReadonlySet<string> = new Set(Object.values(OWN));

export class OneAtATime {
  readonly #doing = new Map<string, { readonly what: string; readonly done: Promise<unknown> }>();

  /** What is being done with a child right now. */
  doing(child: string): string | null {
    return this.#doing.get(child)?.what ?? null;
  }

  /** Does it, unless something else is being done with the child. */
  async try<L, A>(
    child: string,
    what: string,
    act: () => Promise<Either<L, A>>,
  ): Promise<Either<L | Busy, A>> {
    const other = this.doing(child);
    if (other !== null) return E.left({ tag: "Busy", child, doing: other });
    return this.#do(child, what, act);
  }

  /** Resolves when the host does nothing with the child by itself. */
  async ownDone(child: string): Promise<void> {
    for (let own = this.#doing.get(child); own !== undefined; own = this.#doing.get(child)) {
      if (!OWN_DEEDS.has(own.what)) return;
      await own.done;
    }
  }

  /** Resolves when nothing is being done with the child. */
  async free(child: string): Promise<void> {
    for (let other = this.#doing.get(child); other !== undefined; other = this.#doing.get(child))
      await other.done;
  }

  /** Does it as soon as nothing else is being done with the child. */
  async whenFree<T>(child: string, what: string, act: () => Promise<T>): Promise<T> {
    // Two that have waited take their turns, too.
    while (this.doing(child) !== null) await this.free(child);
    return this.#do(child, what, act);
  }

  async #do<T>(child: string, what: string, act: () => Promise<T>): Promise<T> {
    const result = act();
    const done = result.then(
      () => void this.#doing.delete(child),
      () => void this.#doing.delete(child),
    );
    this.#doing.set(child, { what, done });
    return result;
  }
}
