// Components become bytecode in machines of their own, so that the compiler leaves no trace in a child's memory.
import type { Base } from "../engine/base.ts";
import type { Fault } from "../engine/fault.ts";
import type { MachinePool } from "../engine/pool.ts";
import { BytecodeCache } from "./bytecode-cache.ts";

/** A component, and the sha256 by which it is known again. */
export interface Source {
  readonly code: string;
  readonly file: string;
  readonly hash: string;
}

export class Compiler {
  readonly #base: Base;
  readonly #pool: MachinePool;
  readonly #known = new BytecodeCache();

  constructor(base: Base, pool: MachinePool) {
    this.#base = base;
    this.#pool = pool;
  }

  /** `ram`: the quota of whom it is for, in bytes. What it can't compile comes back as a fault. */
  compile({ code, file, hash }: Source, ram: number): Uint8Array | Fault {
    const key = `${hash} ${file}`;
    const known = this.#known.find(key);
    if (known !== null) return known;
    const { memory, registers, anchors } = this.#base;
    const machine = this.#pool.take(memory.length, ram);
    machine.load(memory, registers, anchors);
    const bytecode = machine.compile(code, file);
    this.#pool.give(machine, ram);
    if (bytecode instanceof Uint8Array) this.#known.keep(key, bytecode);
    return bytecode;
  }
}
