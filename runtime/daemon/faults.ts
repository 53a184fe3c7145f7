// Which faults of which child are forgiven.
import type { RestartPolicy } from "../host/restart-policy.ts";
import { isStuck, recentFaults } from "../host/restart-policy.ts";
import type { EntryBook } from "./entry-book.ts";

export class Faults {
  readonly #book: EntryBook;
  readonly #policyOf: (child: string) => RestartPolicy | null;
  /** Those of this host that the record does not have yet, with those that it had. */
  readonly #known = new Map<string, readonly number[]>();

  constructor(book: EntryBook, policyOf: (child: string) => RestartPolicy | null) {
    this.#book = book;
    this.#policyOf = policyOf;
  }

  /** It has faulted `now`, in ms since 1970: whether it is to be brought back. `unsaid`: what holds where its entry says
   *  nothing; null: that it is not. */
  forgives(child: string, now: number, unsaid: RestartPolicy | null = null): boolean {
    const policy = this.#policyOf(child) ?? unsaid;
    if (policy === null) return false;
    const faults = [...recentFaults(this.#book.get(child)?.faults ?? [], policy, now), now];
    this.#known.set(child, faults);
    return !isStuck(faults, policy, now);
  }

  of(child: string): { readonly faults: readonly number[]; readonly policy: RestartPolicy | null } {
    return { faults: this.#known.get(child) ?? [], policy: this.#policyOf(child) };
  }
}
