// A place in a thread for a child that is on its way from another host: what has come of its memory is taken in there before
// the child stops at its source, so that coming to life costs what has changed since then.
import type { Expected, FromResident } from "../shard/protocol.ts";
import type { Placement } from "./placement.ts";
import type { Lodger, Residence } from "./residence.ts";

export class Berth implements Lodger {
  readonly name: string;
  readonly #residence: Residence;
  #lodger: Lodger | null = null;
  readonly #ram: number;
  #expected: Expected | null = null;

  /** `ram`: bytes that the child's memory may come to. */
  constructor(name: string, placement: Placement, ram: number) {
    this.name = name;
    this.#ram = ram;
    this.#residence = placement.settle(this);
  }

  /** Takes in what there is of its memory, which may change meanwhile as long as `expect` says where. */
  prime(memory: Uint8Array): void {
    if (this.gone) return;
    this.#residence.post({ kind: "prime", memory, ram: this.#ram, expected: this.#expected });
    this.#expected = null;
  }

  /** The memory is otherwise, since it was taken in last, in these stretches of `step` bytes, by their numbers, or beyond
   *  its end. */
  expect(step: number, changed: readonly number[]): void {
    this.#expected = { step, changed };
  }

  /** What was said so; null: all of it may be otherwise. */
  get expected(): Expected | null {
    return this.#expected;
  }

  /** Whether nobody can come to live there any more. */
  get gone(): boolean {
    return this.#residence.gone || this.#lodger !== null;
  }

  /** The child has come. */
  take(lodger: Lodger): Residence {
    this.#lodger = lodger;
    return this.#residence;
  }

  /** Nobody comes; without effect where somebody has. */
  giveUp(): void {
    if (this.gone) return;
    this.#residence.post({ kind: "release" });
    this.#residence.leave();
  }

  // --- what the thread says

  message(message: FromResident): void {
    this.#lodger?.message(message);
  }
  log(text: string): void {
    this.#lodger?.log(text);
  }
  died(reason: string): void {
    this.#lodger?.died(reason);
  }
  lost(reason: string): void {
    this.#lodger?.lost(reason);
  }
}
