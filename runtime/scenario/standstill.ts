// Which children stand still, and which is watched so that it will. The child of the next waiting step is
// watched as early as may be, in its own thread: it stops in the very turn that writes what is waited for. None
// is watched beyond a waiting step, for what that one waits for might need the child to go on.
import type { Child } from "../host/child.ts";
import { logMatch } from "./text-match.ts";
import type { Wait } from "./wait.ts";

export class Standstill {
  readonly #living: (name: string) => Child | null;
  readonly #held = new Set<string>();
  #next: Wait | null = null;

  /** `living` finds the living incarnation of a child. */
  constructor(living: (name: string) => Child | null) {
    this.#living = living;
  }

  /** What the next waiting step waits for, or null where there is none. */
  get next(): Wait | null {
    return this.#next;
  }

  /** Looks ahead to the next waiting step. */
  await(wait: Wait | null): void {
    if (wait?.step === this.#next?.step) return;
    this.#disarm();
    this.#next = wait;
    const child = wait === null ? null : this.#living(wait.step.child);
    if (child !== null && !this.#arm(child)) this.#halt(child);
  }

  /** Whether the child may go on: not where what is waited for has happened already. */
  #arm(child: Child): boolean {
    const wait = this.#next;
    if (wait === null || wait.step.child !== child.name) return true;
    if (wait.holds) return false;
    if (wait.step.event.kind === "log") child.watch(logMatch(wait.step.event.matches));
    return true;
  }

  #disarm(): void {
    const wait = this.#next;
    this.#next = null;
    if (wait?.step.event.kind !== "log" || wait.holds) return;
    // The watch may have caught the child in this moment, for a step that no longer waits.
    const child = this.#living(wait.step.child);
    child?.watch(null, () => {
      if (!this.#held.has(child.name)) child.go();
    });
  }

  /** A child is about to take its first turn; `hold` where it may not take it yet. */
  born(child: Child): "hold" | void {
    this.#held.delete(child.name);
    if (this.#arm(child)) return;
    this.#held.add(child.name);
    return "hold";
  }

  /** Something happened to a child: stops it where that is what is waited for. */
  happened(name: string): void {
    const wait = this.#next;
    if (wait === null || wait.step.child !== name || !wait.holds || this.#held.has(name)) return;
    const child = this.#living(name);
    if (child !== null) this.#halt(child);
  }

  #halt(child: Child): void {
    this.#held.add(child.name);
    child.hold();
    child.watch(null);
  }

  /** Lets all go on that stand still. */
  release(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const name of held) this.#living(name)?.go();
  }
}
