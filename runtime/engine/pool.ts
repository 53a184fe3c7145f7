// A few machines that were used before: their memory is there and touched, so that taking one over costs a copy
// and no page faults. Memory never shrinks and its size is state, so a machine serves only what is at least as
// large as it is.
import { Machine } from "./machine.ts";
import type { MachinePowers } from "./machine-powers.ts";
import { PAGE_BYTES, type Engine } from "./wasm-module.ts";

const KEPT = 4;

const idle: MachinePowers = { monotonic: () => 0, wall: () => 0, entropy: () => {}, poll: () => {} };

export class MachinePool {
  readonly #engine: Engine;
  #machines: { readonly machine: Machine; readonly maximum: number }[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A machine for a memory of `bytes` bytes that may grow to `quota` bytes. Its content is anything. */
  take(bytes: number, quota: number): Machine {
    const maximum = Math.min(65536, Math.floor(quota / PAGE_BYTES));
    let best = -1;
    for (const [at, kept] of this.#machines.entries())
      if (
        kept.maximum === maximum &&
        kept.machine.size <= bytes &&
        (best < 0 || kept.machine.size > this.#machines[best]!.machine.size)
      )
        best = at;
    if (best >= 0) return this.#machines.splice(best, 1)[0]!.machine;
    return new Machine(this.#engine, Math.max(maximum, this.#engine.initialPages), idle);
  }

  /** Takes a machine back that did not trap. */
  give(machine: Machine, quota: number): void {
    machine.lend(idle);
    machine.unprime();
    this.#machines.unshift({ machine, maximum: Math.min(65536, Math.floor(quota / PAGE_BYTES)) });
    this.#machines.length = Math.min(this.#machines.length, KEPT);
  }
}
