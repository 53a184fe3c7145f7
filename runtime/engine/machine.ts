// One instance of the engine: the machine that executes a protection domain. Its linear memory is the whole
// truth between turns; everything else here is derived from it or fixed in the base memory. It is driven by
// raw exports from boxes allocated before the base was taken, so that what the host does to the memory is the
// same for every schedule of freezes.
import { REPLY_VALUE } from "../../lib/guest/abi.ts";
import { NO_ANCHORS, type Anchors } from "./anchors.ts";
import type { Fault } from "./fault.ts";
import { GuestValues, type Held } from "./guest-values.ts";
import { LentFunctions } from "./lent-functions.ts";
import { LinearMemory } from "./linear-memory.ts";
import type { MachinePowers } from "./machine-powers.ts";
import { MemoryLoader } from "./memory-loader.ts";
import { MemoryState } from "./memory-state.ts";
import type { CallSink } from "./outbox.ts";
import type { Registers } from "./registers.ts";
import { BUDGET_SPENT, OUT_OF_MEMORY, Thrown } from "./thrown.ts";
import { FLOODED, TurnCalls } from "./turn-calls.ts";
import type { Engine, EngineExports } from "./wasm-module.ts";

const ERRNO_SUCCESS = 0;
const ERRNO_BADF = 8;
const ERRNO_NOSYS = 52;
const CLOCK_REALTIME = 0;
const EVAL_MODULE = 1;
const STRIP_SOURCE = 1 << 4;
/** Jobs that count as much as one interrupt poll, against an endless chain of short ones. */
const JOBS_A_POLL = 100;
/** Where, from the context on, Math.random keeps its 64-bit state in this build of the engine. */
export const RANDOM_STATE_OFFSET = 280;

/** Bytes of the engine's JSRuntime, from its beginning, in which it has what it knows of its memory. */
const RUNTIME_BYTES = 4096;

const BROKEN: Fault = { reason: "the engine trapped between turns", stack: "" };

/** WebAssembly traps (RuntimeError) and an exhausted native stack (RangeError) end the instance. */
const trapped = (trap: unknown): Fault => ({
  reason: `the engine trapped: ${trap instanceof Error ? trap.message : String(trap)}`,
  stack: "",
});

export class Machine {
  /** The raw exports: for building the base memory. */
  readonly exports: EngineExports;
  readonly #memory: LinearMemory;
  readonly #loader: MemoryLoader;
  readonly #values: GuestValues;
  readonly #thrown: Thrown;
  readonly #calls: TurnCalls;
  readonly #lent: LentFunctions;
  #powers: MachinePowers;
  #anchors = NO_ANCHORS;
  #context = 0;
  #polls = 0;
  #budget = Infinity;
  #jobs = 0;
  /** After how many changes of its memory it was loaded; -1: it was not. */
  #loaded = -1;
  #clockRead = false;
  #wallRead = -1;
  #monotonicRead = -1;

  constructor(engine: Engine, maximumPages: number, powers: MachinePowers) {
    this.#powers = powers;
    this.#memory = new LinearMemory(engine.initialPages, maximumPages);
    const instance = new WebAssembly.Instance(engine.module, {
      env: {
        memory: this.#memory.wasm,
        host_get_timezone_offset: () => 0,
        host_interrupt: () => this.#interrupt(),
        host_promise_rejection: (promise: number, reason: number, handled: number) =>
          this.#thrown.rejection(promise, reason, handled !== 0),
        host_module_normalize: () => 0,
        host_module_load: () => 0,
        host_call: (name: number, _length: number, _self: number, count: number, argv: number) =>
          this.#lent.call(name, count, argv),
      },
      wasi_snapshot_preview1: {
        clock_time_get: (id: number, _precision: bigint, at: number) => this.#clock(id, at),
        random_get: (at: number, length: number) => {
          this.#memory.sync();
          this.#powers.entropy(this.#memory.bytes.subarray(at, at + length));
          return ERRNO_SUCCESS;
        },
        fd_close: () => ERRNO_NOSYS,
        fd_fdstat_get: () => ERRNO_BADF,
        fd_seek: () => ERRNO_NOSYS,
        fd_write: () => ERRNO_BADF,
      },
    });
    this.exports = instance.exports as unknown as EngineExports;
    this.#loader = new MemoryLoader(this.#memory, engine.written);
    this.#values = new GuestValues(this.exports, this.#memory);
    this.#thrown = new Thrown(this.exports, this.#memory, this.#values);
    this.#calls = new TurnCalls(this.#memory);
    this.#lent = new LentFunctions(this.exports, this.#memory, this.#values, this.#calls, {
      entropy: (into) => this.#powers.entropy(into),
      called: (selector, text) => this.#powers.called?.(selector, text),
      spend: () => this.#spend(),
    });
  }

  // --- its memory

  /** Bytes of linear memory; it grows and never shrinks. */
  get size(): number {
    this.#memory.sync();
    return this.#memory.bytes.length;
  }

  /** As long as this is the same its memory is, too, but for what `load`'s caller sets before anything runs. */
  get version(): number {
    return this.#memory.changes;
  }

  /** The whole linear memory, until the machine runs again. */
  get bytes(): Uint8Array {
    this.#memory.changes += 1;
    this.#memory.sync();
    return this.#memory.bytes;
  }

  /** Its state between turns, until it runs again. */
  get state(): MemoryState {
    this.#memory.sync();
    const stackPointer = this.exports.__stack_pointer.value as number;
    return new MemoryState(this.#memory.bytes, stackPointer, this.#anchors.outbox);
  }

  registers(): Registers {
    return {
      stackPointer: this.exports.__stack_pointer.value as number,
      runtime: this.exports.qjs_get_runtime_ptr(),
      context: this.exports.qjs_get_context_ptr(),
    };
  }

  /** Takes in a memory that it will be loaded with, as far as it is there; after the first time, where `expect` says and
   *  beyond the end of what it has. What it says before `load` is copied once more. False as for `load`. */
  prime(memory: Uint8Array): boolean {
    this.#memory.changes += 1;
    return this.#loader.prime(memory);
  }

  /** Where the memory that it will be loaded with may differ from what it was primed with: in these stretches of `step`
   *  bytes, by their numbers. */
  expect(step: number, changed: readonly number[]): void {
    this.#loader.expect(step, changed);
  }

  /** It will be loaded with something else. */
  unprime(): void {
    this.#loader.unprime();
  }

  /** Makes `memory`, which must not be smaller than the machine's, its whole state. False where the machine's
   *  maximum is too low for it. */
  load(memory: Uint8Array, registers: Registers, anchors: Anchors): boolean {
    if (!this.#loader.load(memory)) return false;
    this.exports.__stack_pointer.value = registers.stackPointer;
    this.exports.qjs_set_runtime_and_context(registers.runtime, registers.context);
    this.adopt(registers, anchors);
    this.#loaded = ++this.#memory.changes;
    return true;
  }

  /** Takes the memory as it is for that of a protection domain with these anchors. */
  adopt(registers: Registers, anchors: Anchors): void {
    this.#memory.sync();
    this.#anchors = anchors;
    this.#context = registers.context;
    this.#calls.adopt(anchors.outbox);
    this.#values.adopt(registers.context, anchors);
    this.#thrown.clear();
    this.#lent.adopt(anchors);
    this.#clockRead = false;
  }

  /** Where its state may be otherwise than what it was loaded with, in bytes, from and to, because nothing has run in it
   *  since then; null: anywhere. */
  get touched(): readonly (readonly [number, number])[] | null {
    if (this.#loaded !== this.#memory.changes) return null;
    // The word of the outbox that counts, and what `limit` sets: among the engine's own data, or in its JSRuntime.
    const { outbox } = this.#anchors;
    const { stackPointer, runtime } = this.registers();
    return [
      [outbox, outbox + 4],
      [stackPointer, runtime + RUNTIME_BYTES],
    ];
  }

  // --- what its domain sets

  /** Serves another protection domain from now on. */
  lend(powers: MachinePowers): void {
    this.#powers = powers;
  }

  /** Bytes that guest allocations may take before they fail with a JavaScript error. */
  limit(bytes: number): void {
    this.exports.qjs_set_memory_limit(bytes);
  }

  /** Sets the state of Math.random; any two words will do, it is never left at zero. */
  seed(low: number, high: number): void {
    this.#memory.changes += 1;
    this.#memory.sync();
    const { words } = this.#memory;
    const at = (this.#context + RANDOM_STATE_OFFSET) >> 2;
    words[at] = low | 1;
    words[at + 1] = high;
  }

  /** Allocates memory of the guest's heap for a region; null where there is none left. */
  allocate(bytes: number): number | null {
    return this.#values.allocate(bytes);
  }

  free(pointer: number): void {
    this.#values.free(pointer);
  }

  /** An ArrayBuffer that is the memory at `pointer` itself. Held until `detach`. */
  hold(pointer: number, bytes: number): Held | null {
    return this.#values.hold(pointer, bytes);
  }

  /** Takes the memory away from a held ArrayBuffer, which becomes empty, and lets go of it. */
  detach(held: Held): void {
    this.#values.detach(held);
  }

  // --- its turns

  /** Compiles to bytecode without the source; what it can't compile comes back as a fault. */
  compile(code: string, name: string, kind: "module" | "script" = "module"): Uint8Array | Fault {
    this.#memory.changes += 1;
    const text = this.#values.cstring(code);
    const file = this.#values.cstring(name);
    const { length } = this.#anchors;
    const flags = kind === "module" ? EVAL_MODULE : 0;
    const at =
      text === 0 || file === 0
        ? 0
        : this.exports.qjs_compile(text, Buffer.byteLength(code), file, flags, STRIP_SOURCE, length);
    this.#memory.sync();
    const { bytes, words } = this.#memory;
    return at === 0 ? this.#exception() : bytes.slice(at, at + words[length >> 2]!);
  }

  /** A turn that runs a compiled module. `budget` in interrupt polls. */
  evaluate(bytecode: Uint8Array, budget: number): Fault | null {
    this.#begin(budget);
    if (this.#values.broken) return BROKEN;
    try {
      return this.#bounded(this.#run(bytecode));
    } catch (trap) {
      return trapped(trap);
    }
  }

  /**
   * A turn that delivers one event: the machine runs until its job queue is empty. `extra` is a whole number
   * below 2^31, `budget` is in interrupt polls. After a fault the machine is finished.
   */
  deliver(slot: number, form: number, value: unknown, extra: number, budget: number): Fault | null {
    this.#begin(budget);
    if (this.#values.broken) return BROKEN;
    try {
      return this.#bounded(this.#handOver(slot, form, value, extra));
    } catch (trap) {
      return trapped(trap);
    }
  }

  /** Whether the clock was read since this was last asked. */
  takeClockRead(): boolean {
    const read = this.#clockRead;
    this.#clockRead = false;
    return read;
  }

  /** Tells the calls of the turn from others: their records, and the sizes of what they carry. Takes nothing. */
  callDigest(): number {
    this.#memory.sync();
    return this.#calls.digest();
  }

  /** Takes the calls of the turn out, whether it ended well or was aborted. */
  takeCalls(sink: CallSink): void {
    this.#memory.sync();
    this.#calls.take(sink);
  }

  #begin(budget: number): void {
    this.#memory.changes += 1;
    this.#memory.sync();
    this.#calls.begin();
    this.#polls = 0;
    this.#jobs = 0;
    this.#budget = budget;
    this.#wallRead = -1;
    this.#monotonicRead = -1;
  }

  #run(bytecode: Uint8Array): Fault | null {
    const at = this.#values.allocate(bytecode.length);
    if (at === null) return OUT_OF_MEMORY;
    this.#memory.bytes.set(bytecode, at);
    const result = this.exports.qjs_eval_bytecode(at, bytecode.length);
    this.#values.free(at);
    return this.#finished(result);
  }

  #handOver(slot: number, form: number, value: unknown, extra: number): Fault | null {
    const { argv, boxes, deliver, undefined: nothing } = this.#anchors;
    const first = boxes >> 2;
    if (value === undefined && form === REPLY_VALUE) {
      const { words } = this.#memory;
      words[first] = slot;
      words[first + 1] = 0;
      return this.#finished(this.exports.qjs_call(deliver, nothing, 1, argv));
    }
    const box = this.#values.box(value);
    if (box === 0) return OUT_OF_MEMORY;
    // Making the value may have made the memory grow.
    this.#memory.sync();
    const { words } = this.#memory;
    words[first] = slot;
    words[first + 1] = 0;
    words[first + 2] = form;
    words[first + 3] = 0;
    words[first + 6] = extra;
    words[first + 7] = 0;
    words[(argv >> 2) + 2] = box;
    const result = this.exports.qjs_call(deliver, nothing, 4, argv);
    if (typeof value === "string" || value instanceof Uint8Array) this.exports.qjs_free_value(box);
    return this.#finished(result);
  }

  #bounded(fault: Fault | null): Fault | null {
    return this.#calls.flooded ? { reason: FLOODED, stack: fault?.stack ?? "" } : fault;
  }

  #finished(result: number): Fault | null {
    if (this.exports.qjs_is_exception(result) !== 0) return this.#exception();
    this.exports.qjs_free_value(result);
    for (;;) {
      const ran = this.exports.qjs_execute_pending_job();
      if (ran === 0) break;
      if (ran < 0) return this.#exception();
      if (++this.#jobs % JOBS_A_POLL === 0 && this.#interrupt() !== 0)
        return { reason: BUDGET_SPENT, stack: "" };
    }
    const unhandled = this.#thrown.unhandled(this.#isSpent);
    if (unhandled !== null) return unhandled;
    this.#memory.sync();
    return null;
  }

  #exception(): Fault {
    return this.#thrown.exception(this.#isSpent);
  }

  get #isSpent(): boolean {
    return this.#polls > this.#budget;
  }

  #interrupt(): 0 | 1 {
    this.#powers.poll();
    if (this.#powers.givenUp?.() === true) this.#spend();
    return ++this.#polls > this.#budget ? 1 : 0;
  }

  /** The turn is over at its next poll. */
  #spend(): void {
    this.#polls = this.#budget;
  }

  #clock(id: number, at: number): number {
    this.#memory.sync();
    const { values } = this.#memory;
    this.#clockRead = true;
    // Time stands still within a turn.
    if (id === CLOCK_REALTIME) {
      if (this.#wallRead < 0) this.#wallRead = this.#powers.wall();
      values[at >> 3] = BigInt(Math.round(this.#wallRead * 1e6));
    } else {
      if (this.#monotonicRead < 0) this.#monotonicRead = this.#powers.monotonic();
      values[at >> 3] = BigInt(Math.round(this.#monotonicRead * 1e6));
    }
    return ERRNO_SUCCESS;
  }
}
