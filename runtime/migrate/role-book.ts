// The role of each task on this host, by the names of its travelers: what is under way is remembered here, and where
// nothing is, whether somebody lives says it.
import { E, type Either } from "../../lib/fp.ts";
import {
  follow,
  roleOf,
  type Command,
  type Phase,
  type Role,
  type RoleEvent,
  type WrongState,
} from "./role.ts";

interface UnderWay {
  readonly phase: Phase;
  /** Null until it has an id. */
  readonly task: string | null;
}

export class RoleBook {
  readonly #populated: (name: string) => boolean;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(populated: (name: string) => boolean) {
    this.#populated = populated;
  }

  #phase(name: string): Phase {
    return this.#underWay.get(name)?.phase ?? (this.#populated(name) ? "populated" : "empty");
  }

  of(name: string): { readonly role: Role; readonly phase: Phase } {
    const phase = this.#phase(name);
    return { role: roleOf(phase), phase };
  }

  /** Whether all of a task's travelers are where this may be said. */
  would(names: readonly string[], said: Command | RoleEvent): Either<WrongState, readonly Phase[]> {
    const next: Phase[] = [];
    for (const name of names) {
      const phase = follow(this.#phase(name), said);
      if (E.isLeft(phase)) return phase;
      next.push(phase.right);
    }
    return E.right(next);
  }

  /** Says it of all of a task's travelers, or of none. */
  follow(names: readonly string[], task: string | null, said: Command | RoleEvent): Either<WrongState, void> {
    const next = this.would(names, said);
    if (E.isLeft(next)) return next;
    for (const [i, name] of names.entries()) {
      const phase = next.right[i]!;
      if (phase === "empty" || phase === "populated") this.#underWay.delete(name);
      else this.#underWay.set(name, { phase, task });
    }
    return E.right(undefined);
  }

  /** What a crash left. */
  set(names: readonly string[], task: string, phase: Phase): void {
    for (const name of names) this.#underWay.set(name, { phase, task });
  }

  /** Nothing is under way with them any more. */
  settle(names: readonly string[]): void {
    for (const name of names) this.#underWay.delete(name);
  }

  /** The sink of a task has heard what was decided. */
  confirmed(task: string): void {
    for (const [name, underWay] of this.#underWay)
      if (underWay.task === task && underWay.phase === "released") this.#underWay.delete(name);
  }
}
