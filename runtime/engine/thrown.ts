// What a guest has thrown and nobody caught, as faults that tell of it: exceptions, and rejections that no handler came
// for until the turn was over.
import type { Fault } from "./fault.ts";
import type { GuestValues } from "./guest-values.ts";
import type { LinearMemory } from "./linear-memory.ts";
import { PAGE_BYTES, type EngineExports } from "./wasm-module.ts";

export const OUT_OF_MEMORY: Fault = { reason: "out of memory: the RAM quota is used up", stack: "" };
export const BUDGET_SPENT = "the turn's budget is used up: it ran too long without an await that waits";

/** A memory is full when it could grow by no more than this. */
const LAST_BYTES = 4 * PAGE_BYTES;

export class Thrown {
  readonly #exports: EngineExports;
  readonly #memory: LinearMemory;
  readonly #values: GuestValues;
  /** Boxes of reasons, by the addresses of their promises. */
  readonly #rejected = new Map<number, number>();

  constructor(exports: EngineExports, memory: LinearMemory, values: GuestValues) {
    this.#exports = exports;
    this.#memory = memory;
    this.#values = values;
  }

  /** The memory is another guest's from now on. */
  clear(): void {
    this.#rejected.clear();
  }

  /** A promise was rejected and has no handler yet, or has got one after all. */
  rejection(promise: number, reason: number, handled: boolean): void {
    const key = this.#exports.qjs_get_value_ptr(promise);
    this.#exports.qjs_free_value(promise);
    const known = this.#rejected.get(key);
    if (known !== undefined) {
      this.#exports.qjs_free_value(known);
      this.#rejected.delete(key);
    }
    if (handled) this.#exports.qjs_free_value(reason);
    else this.#rejected.set(key, reason);
  }

  /** The first rejection that nobody has handled. `spent`: the turn's budget is used up, here as in `exception`. */
  unhandled(spent: boolean): Fault | null {
    if (this.#rejected.size === 0) return null;
    const [reason] = this.#rejected.values();
    return spent ? this.#spent(reason!) : this.#described(reason!, "uncaught ");
  }

  /** The exception that ended what ran. */
  exception(spent: boolean): Fault {
    const exception = this.#exports.qjs_get_exception();
    return spent ? this.#spent(exception) : this.#described(exception, "");
  }

  #spent(box: number): Fault {
    return { reason: BUDGET_SPENT, stack: this.#values.property(box, "stack") };
  }

  /** Tells what was thrown. This may run the guest's code, within what is left of its budget. */
  #described(box: number, prefix: string): Fault {
    if (this.#exports.qjs_is_error(box) === 0) {
      const text = this.#values.text(box);
      const { maximum, bytes } = this.#memory;
      // What is thrown when there is no memory left for an error.
      const out = text === "null" && (prefix === "" || bytes.length + LAST_BYTES > maximum);
      return out ? OUT_OF_MEMORY : { reason: `${prefix}${text}`, stack: "" };
    }
    const name = this.#values.property(box, "name");
    const message = this.#values.property(box, "message");
    // What the engine's errors say when there is no memory left for what they mean to say.
    if (name === "InternalError" && message === "Invalid error message") return OUT_OF_MEMORY;
    return { reason: `${prefix}${name}: ${message}`, stack: this.#values.property(box, "stack") };
  }
}
