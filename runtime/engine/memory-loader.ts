// How a machine takes in the memory that it is loaded with: whole, or, where most of it was there before the rest was
// known, what has become otherwise since then.
import type { LinearMemory } from "./linear-memory.ts";
import { sparseCopy } from "./sparse-copy.ts";
import type { Engine } from "./wasm-module.ts";

/** What a machine holds of a memory that it will be loaded with. */
interface Primed {
  readonly bytes: number;
  readonly step: number;
  /** Null: not known yet. */
  readonly changed: readonly number[] | null;
}

export class MemoryLoader {
  readonly #memory: LinearMemory;
  /** What of the memory may be other than zero, in bytes; null once it has had a state. */
  #written: Engine["written"] | null;
  /** What it holds already of the memory that it will be loaded with; null: nothing. */
  #primed: Primed | null = null;

  constructor(memory: LinearMemory, written: Engine["written"]) {
    this.#memory = memory;
    this.#written = written;
  }

  /** Takes `memory` in as far as it is there; after the first time, where `expect` says and beyond the end of what it
   *  has. What it says before `load` is copied once more. False as for `load`. */
  prime(memory: Uint8Array): boolean {
    if (!this.load(memory)) return false;
    this.#primed = { bytes: memory.length, step: 1, changed: null };
    return true;
  }

  /** Where the memory that will be loaded may differ from what was primed: in these stretches of `step` bytes, by their
   *  numbers. */
  expect(step: number, changed: readonly number[]): void {
    if (this.#primed !== null) this.#primed = { ...this.#primed, step, changed };
  }

  /** Something else will be loaded. */
  unprime(): void {
    this.#primed = null;
  }

  /** `memory` is not smaller than the machine's. False where the maximum is too low for it: then nothing is changed. */
  load(memory: Uint8Array): boolean {
    if (!this.#memory.reach(memory.length)) return false;
    const { bytes: own } = this.#memory;
    const primed = this.#primed;
    this.#primed = null;
    if (primed === null || primed.changed === null) {
      this.#copy(memory, own);
      return true;
    }
    const { bytes, step, changed } = primed;
    for (const number of changed) own.set(memory.subarray(number * step, (number + 1) * step), number * step);
    own.set(memory.subarray(bytes), bytes);
    return true;
  }

  #copy(memory: Uint8Array, own: Uint8Array): void {
    if (this.#written === null) own.set(memory);
    else sparseCopy(memory, own, this.#written);
    this.#written = null;
  }
}
