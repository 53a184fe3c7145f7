// One instance of the engine: the machine that executes a protection domain. Its linear memory is the whole
// truth between turns; everything else here is derived from it or fixed in the base memory. It is driven by
// raw exports from boxes allocated before the base was taken, so that what the host does to the memory is the
// same for every schedule of freezes.
import { isUtf8 } from "node:buffer";
import { FIRST_RECORD, OUTBOX_BYTES, REPLY_VALUE } from "../../lib/guest/abi.ts";
import type { Fault } from "./fault.ts";
import { Attachments, digestOutbox, readOutbox, type CallSink, type OutboxViews } from "./outbox.ts";
import { sparseCopy } from "./sparse-copy.ts";
import { urlParts } from "./url.ts";
import { PAGE_BYTES, type Engine, type EngineExports } from "./wasm-module.ts";

/** Addresses, in bytes, of what the base memory holds for the host's use. */
export interface Anchors {
  readonly outbox: number;
  /** Boxes of the library's `deliver` function and of `undefined`. */
  readonly deliver: number;
  readonly undefined: number;
  /** Four pointers to the boxes of slot, form, value and extra, which lie behind it. */
  readonly argv: number;
  readonly boxes: number;
  /** Eight bytes for lengths that exports write. */
  readonly length: number;
}

/** What is not in the memory but belongs to its state. All are addresses in bytes. */
export interface Registers {
  readonly stackPointer: number;
  readonly runtime: number;
  readonly context: number;
}

/** What a machine needs from outside while it runs. */
export interface MachinePowers {
  /** Monotonic milliseconds of this protection domain. */
  monotonic(): number;
  /** Wall-clock milliseconds since 1970. */
  wall(): number;
  entropy(into: Uint8Array): void;
  /** Told at every interrupt poll, so that a watchdog sees that the machine still polls. */
  poll(): void;
  /** Asked at every interrupt poll: whether nobody wants the turn that runs any more. */
  givenUp?(): boolean;
  /** Told of a call with one text while the turn that makes it still runs. It takes effect when the turn ends. */
  called?(selector: number, text: string): void;
}

/** A guest value that the host holds on to, by the address of its box. */
export interface Held {
  readonly box: number;
}

const ERRNO_SUCCESS = 0;
const ERRNO_BADF = 8;
const ERRNO_NOSYS = 52;
const CLOCK_REALTIME = 0;
/** What a NaN-boxed float64's high word is off by: JS_FLOAT64_TAG_ADDEND of quickjs.h, a 32-bit target. */
const FLOAT_ADDEND = 0x7ff8000a;
const BOX_BYTES = 8;
const EVAL_MODULE = 1;
const STRIP_SOURCE = 1 << 4;
/** Jobs that count as much as one interrupt poll, against an endless chain of short ones. */
const JOBS_A_POLL = 100;
/** Where, from the context on, Math.random keeps its 64-bit state in this build of the engine. */
export const RANDOM_STATE_OFFSET = 280;

/** Bytes of the engine's JSRuntime, from its beginning, in which it has what it knows of its memory. */
const RUNTIME_BYTES = 4096;

/** What a machine holds of a memory that it will be loaded with. */
interface Primed {
  readonly bytes: number;
  readonly step: number;
  /** Null: not known yet. */
  readonly changed: readonly number[] | null;
}

const OUT_OF_MEMORY: Fault = { reason: "out of memory: the RAM quota is used up", stack: "" };
/** What the calls of one turn may carry beside their records, in bytes, before the turn is ended. */
const MOST_CARRIED_BYTES = 64 << 20;
const FLOODED = `the calls of one turn carry more than ${MOST_CARRIED_BYTES} bytes`;
/** A memory is full when it could grow by no more than this. */
const LAST_BYTES = 4 * PAGE_BYTES;
const BROKEN: Fault = { reason: "the engine trapped between turns", stack: "" };
const BUDGET_SPENT = "the turn's budget is used up: it ran too long without an await that waits";

const floats = new Float64Array(1);
const floatWords = new Int32Array(floats.buffer);

const ZEROS = new Uint8Array(1 << 18);

/** As `fill(0, from, to)`, which goes byte by byte where the memory is shared: some eight times as slow. */
const clear = (memory: Uint8Array, from: number, to: number): void => {
  for (let at = from; at < to; at += ZEROS.length) memory.set(ZEROS.subarray(0, to - at), at);
};

/** WebAssembly traps (RuntimeError) and an exhausted native stack (RangeError) end the instance. */
const trapped = (trap: unknown): Fault => ({
  reason: `the engine trapped: ${trap instanceof Error ? trap.message : String(trap)}`,
  stack: "",
});

/** Bytes that are compared at once before a difference in them is looked for: calls cost more than comparing a page. */
const WINDOW_BYTES = 1 << 16;

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export class Machine {
  /** The raw exports: for building the base memory. */
  readonly exports: EngineExports;
  readonly #memory: WebAssembly.Memory;
  #powers: MachinePowers;
  #anchors: Anchors = { outbox: 0, deliver: 0, undefined: 0, argv: 0, boxes: 0, length: 0 };
  #context = 0;
  #bytes!: Uint8Array;
  #buffer!: Buffer;
  #words!: Int32Array;
  #values!: BigUint64Array;
  #views!: OutboxViews;
  readonly #attachments = new Attachments();
  #flushed: OutboxViews[] = [];
  #broken = false;
  readonly #rejected = new Map<number, number>();
  #polls = 0;
  #budget = Infinity;
  #jobs = 0;
  #carried = 0;
  readonly #maximum: number;
  /** What of its memory may be other than zero, in bytes; null once it has had a state. */
  #written: Engine["written"] | null;
  /** How often its memory may have changed: something ran in it, or somebody had a look at it who may write. */
  #changes = 0;
  /** After how many of them it was loaded; -1: it was not. */
  #loaded = -1;
  /** What it holds already of the memory that it will be loaded with; null: nothing. */
  #primed: Primed | null = null;
  #clockRead = false;
  #wallRead = -1;
  #monotonicRead = -1;

  constructor(engine: Engine, maximumPages: number, powers: MachinePowers) {
    this.#powers = powers;
    this.#maximum = maximumPages * PAGE_BYTES;
    this.#written = engine.written;
    this.#memory = new WebAssembly.Memory({ initial: engine.initialPages, maximum: maximumPages });
    this.#view();
    const instance = new WebAssembly.Instance(engine.module, {
      env: {
        memory: this.#memory,
        host_get_timezone_offset: () => 0,
        host_interrupt: () => this.#interrupt(),
        host_promise_rejection: (promise: number, reason: number, handled: number) =>
          this.#rejection(promise, reason, handled !== 0),
        host_module_normalize: () => 0,
        host_module_load: () => 0,
        host_call: (name: number, _length: number, _self: number, count: number, argv: number) =>
          this.#hostCall(name, count, argv),
      },
      wasi_snapshot_preview1: {
        clock_time_get: (id: number, _precision: bigint, at: number) => this.#clock(id, at),
        random_get: (at: number, length: number) => {
          this.#sync();
          this.#powers.entropy(this.#bytes.subarray(at, at + length));
          return ERRNO_SUCCESS;
        },
        fd_close: () => ERRNO_NOSYS,
        fd_fdstat_get: () => ERRNO_BADF,
        fd_seek: () => ERRNO_NOSYS,
        fd_write: () => ERRNO_BADF,
      },
    });
    this.exports = instance.exports as unknown as EngineExports;
  }

  /** Bytes of linear memory; it grows and never shrinks. */
  get size(): number {
    this.#sync();
    return this.#bytes.length;
  }

  /** As long as this is the same its memory is, too, but for what `load`'s caller sets before anything runs. */
  get version(): number {
    return this.#changes;
  }

  /** The whole linear memory, until the machine runs again. */
  get bytes(): Uint8Array {
    this.#changes += 1;
    this.#sync();
    return this.#bytes;
  }

  /** Its state between turns, part after part: `live` is the whole memory where the part counts, and null where it is
   *  dead, and so is zeros: the native stack below its pointer, and the outbox's records. */
  forEachPart(part: (from: number, to: number, live: Uint8Array | null) => void): void {
    this.#sync();
    const stack = this.exports.__stack_pointer.value as number;
    const records = this.#anchors.outbox + 4;
    const behind = this.#anchors.outbox + OUTBOX_BYTES;
    part(0, stack, null);
    part(stack, records, this.#bytes);
    part(records, behind, null);
    part(behind, this.#bytes.length, this.#bytes);
  }

  /** Copies its state between turns into `memory`, which is as large. */
  copyState(memory: Uint8Array): void {
    this.forEachPart((from, to, live) => {
      if (live === null) clear(memory, from, to);
      else memory.set(live.subarray(from, to), from);
    });
  }

  /** As `copyState`, where `memory` holds an earlier state: writes what differs, chunk by chunk of `step` bytes, and
   *  answers the numbers of these chunks. */
  copyChanges(memory: Uint8Array, step: number): number[] {
    this.#sync();
    const live = this.#bytes;
    const stack = this.exports.__stack_pointer.value as number;
    const records = this.#anchors.outbox + 4;
    const behind = this.#anchors.outbox + OUTBOX_BYTES;
    const isAllLive = (at: number, end: number): boolean => (at >= stack && end <= records) || at >= behind;
    const [now, before] = [bufferOf(live), bufferOf(memory)];
    const window = Math.max(step, WINDOW_BYTES - (WINDOW_BYTES % step));
    const scratch = new Uint8Array(step);
    const changed: number[] = [];
    for (let at = 0; at < live.length; at += step) {
      const far = Math.min(at + window, live.length);
      if (at % window === 0 && isAllLive(at, far) && before.compare(now, at, far, at, far) === 0) {
        at += window - step;
        continue;
      }
      const end = Math.min(at + step, live.length);
      let state = live.subarray(at, end);
      if (!isAllLive(at, end)) {
        state = scratch.subarray(0, end - at).fill(0);
        for (const [from, to] of [
          [Math.max(at, stack), Math.min(end, records)],
          [Math.max(at, behind), end],
        ] as const)
          if (from < to) state.set(live.subarray(from, to), from - at);
      }
      if (Buffer.compare(state, memory.subarray(at, end)) === 0) continue;
      memory.set(state, at);
      changed.push(at / step);
    }
    return changed;
  }

  /** Whether the clock was read since this was last asked. */
  takeClockRead(): boolean {
    const read = this.#clockRead;
    this.#clockRead = false;
    return read;
  }

  /** Serves another protection domain from now on. */
  lend(powers: MachinePowers): void {
    this.#powers = powers;
  }

  registers(): Registers {
    return {
      stackPointer: this.exports.__stack_pointer.value as number,
      runtime: this.exports.qjs_get_runtime_ptr(),
      context: this.exports.qjs_get_context_ptr(),
    };
  }

  #fits(memory: Uint8Array): boolean {
    if (memory.length > this.size) {
      try {
        this.#memory.grow((memory.length - this.size) / PAGE_BYTES);
      } catch {
        return false;
      }
    }
    this.#view();
    return true;
  }

  #copyIn(memory: Uint8Array): void {
    if (this.#written === null) this.#bytes.set(memory);
    else sparseCopy(memory, this.#bytes, this.#written);
    this.#written = null;
  }

  /** Takes in a memory that it will be loaded with, as far as it is there; after the first time, where `expect` says and
   *  beyond the end of what it has. What it says before `load` is copied once more. False as for `load`. */
  prime(memory: Uint8Array): boolean {
    this.#changes += 1;
    if (!this.#fits(memory)) return false;
    this.#takeIn(memory);
    this.#primed = { bytes: memory.length, step: 1, changed: null };
    return true;
  }

  #takeIn(memory: Uint8Array): void {
    const primed = this.#primed;
    this.#primed = null;
    if (primed === null || primed.changed === null) return this.#copyIn(memory);
    const { bytes, step, changed } = primed;
    for (const number of changed)
      this.#bytes.set(memory.subarray(number * step, (number + 1) * step), number * step);
    this.#bytes.set(memory.subarray(bytes), bytes);
  }

  /** Where the memory that it will be loaded with may differ from what it was primed with: in these stretches of `step`
   *  bytes, by their numbers. */
  expect(step: number, changed: readonly number[]): void {
    if (this.#primed !== null) this.#primed = { ...this.#primed, step, changed };
  }

  /** It will be loaded with something else. */
  unprime(): void {
    this.#primed = null;
  }

  /** Makes `memory`, which must not be smaller than the machine's, its whole state. False where the machine's
   *  maximum is too low for it. */
  load(memory: Uint8Array, registers: Registers, anchors: Anchors): boolean {
    if (!this.#fits(memory)) return false;
    this.#takeIn(memory);
    this.exports.__stack_pointer.value = registers.stackPointer;
    this.exports.qjs_set_runtime_and_context(registers.runtime, registers.context);
    this.adopt(registers, anchors);
    this.#loaded = ++this.#changes;
    return true;
  }

  /** Where its state may be otherwise than what it was loaded with, in bytes, from and to, because nothing has run in it
   *  since then; null: anywhere. */
  get touched(): readonly (readonly [number, number])[] | null {
    if (this.#loaded !== this.#changes) return null;
    // The word of the outbox that counts, and what `limit` sets: among the engine's own data, or in its JSRuntime.
    const { outbox } = this.#anchors;
    const { stackPointer, runtime } = this.registers();
    return [
      [outbox, outbox + 4],
      [stackPointer, runtime + RUNTIME_BYTES],
    ];
  }

  /** Takes the memory as it is for that of a protection domain with these anchors. */
  adopt(registers: Registers, anchors: Anchors): void {
    this.#sync();
    this.#anchors = anchors;
    this.#context = registers.context;
    this.#words[anchors.outbox >> 2] = FIRST_RECORD;
    this.#attachments.clear();
    this.#flushed = [];
    this.#rejected.clear();
    this.#clockRead = false;
    this.#broken = false;
  }

  /** Bytes that guest allocations may take before they fail with a JavaScript error. */
  limit(bytes: number): void {
    this.exports.qjs_set_memory_limit(bytes);
  }

  /** Sets the state of Math.random; any two words will do, it is never left at zero. */
  seed(low: number, high: number): void {
    this.#changes += 1;
    this.#sync();
    const at = (this.#context + RANDOM_STATE_OFFSET) >> 2;
    this.#words[at] = low | 1;
    this.#words[at + 1] = high;
  }

  /** Allocates memory of the guest's heap for a region; null where there is none left. */
  allocate(bytes: number): number | null {
    const pointer = this.#tried(() => this.exports.wasm_malloc(bytes), 0);
    this.#sync();
    return pointer === 0 ? null : pointer;
  }

  free(pointer: number): void {
    this.#tried(() => this.exports.wasm_free(pointer), undefined);
  }

  /** A memory that an image brought along may be anything. Where the engine traps in it between turns, the
   *  machine is finished, and its next turn says so. */
  #tried<T>(run: () => T, otherwise: T): T {
    this.#changes += 1;
    try {
      return run();
    } catch {
      this.#broken = true;
      return otherwise;
    }
  }

  /** An ArrayBuffer that is the memory at `pointer` itself. Held until `detach`. */
  hold(pointer: number, bytes: number): Held | null {
    const box = this.allocate(BOX_BYTES);
    if (box === null) return null;
    const made = this.#tried(
      () => this.exports.JS_NewArrayBuffer(this.#context, pointer, bytes, 0, 0, 0),
      0n,
    );
    this.#sync();
    this.#values[box >> 3] = BigInt.asUintN(64, made);
    return { box };
  }

  /** Takes the memory away from a held ArrayBuffer, which becomes empty, and lets go of it. */
  detach({ box }: Held): void {
    this.#changes += 1;
    this.#sync();
    this.#tried(() => {
      this.exports.JS_DetachArrayBuffer(this.#context, this.#values[box >> 3]!);
      this.exports.qjs_free_value(box);
    }, undefined);
  }

  /** Compiles to bytecode without the source; what it can't compile comes back as a fault. */
  compile(code: string, name: string, kind: "module" | "script" = "module"): Uint8Array | Fault {
    this.#changes += 1;
    const text = this.#cstring(code);
    const file = this.#cstring(name);
    const { length } = this.#anchors;
    const flags = kind === "module" ? EVAL_MODULE : 0;
    const at =
      text === 0 || file === 0
        ? 0
        : this.exports.qjs_compile(text, Buffer.byteLength(code), file, flags, STRIP_SOURCE, length);
    this.#sync();
    return at === 0 ? this.#exception() : this.#bytes.slice(at, at + this.#words[length >> 2]!);
  }

  /** A turn that runs a compiled module. `budget` in interrupt polls. */
  evaluate(bytecode: Uint8Array, budget: number): Fault | null {
    this.#begin(budget);
    return this.#guarded(() => {
      const at = this.allocate(bytecode.length);
      if (at === null) return OUT_OF_MEMORY;
      this.#bytes.set(bytecode, at);
      const result = this.exports.qjs_eval_bytecode(at, bytecode.length);
      this.free(at);
      return this.#finished(result);
    });
  }

  /**
   * A turn that delivers one event: the machine runs until its job queue is empty. `extra` is a whole number
   * below 2^31, `budget` is in interrupt polls. After a fault the machine is finished.
   */
  deliver(slot: number, form: number, value: unknown, extra: number, budget: number): Fault | null {
    this.#begin(budget);
    if (this.#broken) return BROKEN;
    // As `#guarded` does, without a closure for every call there is.
    try {
      return this.#bounded(this.#handOver(slot, form, value, extra));
    } catch (trap) {
      return trapped(trap);
    }
  }

  #handOver(slot: number, form: number, value: unknown, extra: number): Fault | null {
    const { argv, boxes, deliver, undefined: nothing } = this.#anchors;
    const first = boxes >> 2;
    if (value === undefined && form === REPLY_VALUE) {
      this.#words[first] = slot;
      this.#words[first + 1] = 0;
      return this.#finished(this.exports.qjs_call(deliver, nothing, 1, argv));
    }
    const box = this.#box(value);
    if (box === 0) return OUT_OF_MEMORY;
    // Making the value may have made the memory grow.
    this.#sync();
    const words = this.#words;
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

  /** Tells the calls of the turn from others: their records, and the sizes of what they carry. Takes nothing. */
  callDigest(): number {
    this.#sync();
    let digest = this.#attachments.digest(0);
    for (const views of this.#flushed) digest = digestOutbox(views, 0, digest);
    return digestOutbox(this.#views, this.#anchors.outbox, digest);
  }

  /** Takes the calls of the turn out, whether it ended well or was aborted. */
  takeCalls(sink: CallSink): void {
    this.#sync();
    if (this.#flushed.length > 0) {
      const flushed = this.#flushed;
      this.#flushed = [];
      for (const views of flushed) readOutbox(views, 0, this.#attachments, sink);
    }
    const { outbox } = this.#anchors;
    if (this.#words[outbox >> 2] !== FIRST_RECORD) {
      readOutbox(this.#views, outbox, this.#attachments, sink);
      this.#words[outbox >> 2] = FIRST_RECORD;
    }
    this.#attachments.clear();
  }

  // --- a turn

  #begin(budget: number): void {
    this.#changes += 1;
    this.#sync();
    this.#polls = 0;
    this.#jobs = 0;
    this.#carried = 0;
    this.#budget = budget;
    this.#wallRead = -1;
    this.#monotonicRead = -1;
  }

  #guarded(run: () => Fault | null): Fault | null {
    if (this.#broken) return BROKEN;
    try {
      return this.#bounded(run());
    } catch (trap) {
      return trapped(trap);
    }
  }

  #bounded(fault: Fault | null): Fault | null {
    return this.#carried > MOST_CARRIED_BYTES ? { reason: FLOODED, stack: fault?.stack ?? "" } : fault;
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
    if (this.#rejected.size > 0) return this.#unhandled();
    this.#sync();
    return null;
  }

  #interrupt(): 0 | 1 {
    this.#powers.poll();
    if (this.#powers.givenUp?.() === true) this.#polls = this.#budget;
    return ++this.#polls > this.#budget ? 1 : 0;
  }

  #rejection(promise: number, reason: number, handled: boolean): void {
    const key = this.exports.qjs_get_value_ptr(promise);
    this.exports.qjs_free_value(promise);
    const known = this.#rejected.get(key);
    if (known !== undefined) {
      this.exports.qjs_free_value(known);
      this.#rejected.delete(key);
    }
    if (handled) this.exports.qjs_free_value(reason);
    else this.#rejected.set(key, reason);
  }

  #unhandled(): Fault {
    const [reason] = this.#rejected.values();
    if (this.#polls > this.#budget) return { reason: BUDGET_SPENT, stack: this.#property(reason!, "stack") };
    return this.#describe(reason!, "uncaught ");
  }

  #exception(): Fault {
    const exception = this.exports.qjs_get_exception();
    if (this.#polls > this.#budget)
      return { reason: BUDGET_SPENT, stack: this.#property(exception, "stack") };
    return this.#describe(exception, "");
  }

  /** Tells what was thrown. This may run the guest's code, within what is left of its budget. */
  #describe(box: number, prefix: string): Fault {
    if (this.exports.qjs_is_error(box) === 0) {
      const text = this.#text(box);
      // What is thrown when there is no memory left for an error.
      const out = text === "null" && (prefix === "" || this.size + LAST_BYTES > this.#maximum);
      return out ? OUT_OF_MEMORY : { reason: `${prefix}${text}`, stack: "" };
    }
    const name = this.#property(box, "name");
    const message = this.#property(box, "message");
    // What the engine's errors say when there is no memory left for what they mean to say.
    if (name === "InternalError" && message === "Invalid error message") return OUT_OF_MEMORY;
    return { reason: `${prefix}${name}: ${message}`, stack: this.#property(box, "stack") };
  }

  #property(box: number, name: string): string {
    const key = this.#cstring(name);
    if (key === 0) return "";
    const value = this.exports.qjs_get_prop_string(box, key);
    return this.exports.qjs_is_exception(value) === 0 ? this.#text(value) : "";
  }

  // --- what the guest's library calls

  #hostCall(name: number, count: number, argv: number): number {
    this.#sync();
    const box = this.#words[argv >> 2]!;
    switch (String.fromCharCode(this.#bytes[name]!)) {
      case "a":
        this.#attach(box, count > 1 ? this.#words[this.#words[(argv >> 2) + 1]! >> 2]! : -1);
        return this.#nothing();
      case "f":
        this.#flush();
        return this.#nothing();
      case "d": {
        const at = this.#bytesAt(box);
        const length = this.#words[this.#anchors.length >> 2]!;
        const content = this.#bytes.subarray(at, at + length);
        // The engine's own decoder is quicker, but not WHATWG's on malformed sequences.
        return isUtf8(content)
          ? this.exports.qjs_new_string(at, length)
          : this.#string(new TextDecoder("utf-8", { ignoreBOM: true }).decode(content));
      }
      case "e": {
        const at = this.exports.qjs_get_string_len(box, this.#anchors.length);
        this.#sync();
        const made = this.exports.qjs_new_uint8_array(at, this.#words[this.#anchors.length >> 2]!);
        this.exports.qjs_free_cstring(at);
        return made;
      }
      case "u":
        return this.#string(urlParts(this.#text(box)));
      case "r": {
        const at = this.#bytesAt(box);
        const length = this.#words[this.#anchors.length >> 2]!;
        if (at !== 0) this.#powers.entropy(this.#bytes.subarray(at, at + length));
        return this.exports.qjs_dup_value(box);
      }
      default:
        return this.#nothing();
    }
  }

  #nothing(): number {
    return this.exports.qjs_dup_value(this.#anchors.undefined);
  }

  /** Leaves a string or bytes beside the record that follows, which is a call of this text on `selector`, or -1. */
  #attach(box: number, selector: number): void {
    // A box whose tag is JS_TAG_STRING (-7) or JS_TAG_STRING_ROPE (-6) holds text; anything else is bytes.
    const tag = this.#words[(box >> 2) + 1]!;
    if (tag === -7 || tag === -6) {
      if (this.#floods(0)) return;
      const text = this.#text(box);
      if (this.#floods(text.length)) return;
      this.#attachments.add(text);
      if (selector >= 0) this.#powers.called?.(selector, text);
    } else {
      const at = this.#bytesAt(box);
      const length = this.#words[this.#anchors.length >> 2]!;
      if (!this.#floods(length)) this.#attachments.add(this.#bytes.slice(at, at + length));
    }
  }

  /** Counts bytes that a call carries, which are the host's memory until the turn ends; past the bound, no more are
   *  taken and the turn is over at its next poll. */
  #floods(bytes: number): boolean {
    this.#carried += bytes;
    if (this.#carried <= MOST_CARRIED_BYTES) return false;
    this.#polls = this.#budget;
    return true;
  }

  #flush(): void {
    const { outbox } = this.#anchors;
    if (this.#floods(OUTBOX_BYTES)) {
      this.#words[outbox >> 2] = FIRST_RECORD;
      return;
    }
    const { buffer } = this.#bytes.slice(outbox, outbox + OUTBOX_BYTES);
    this.#flushed.push({
      words: new Int32Array(buffer),
      floats: new Float64Array(buffer),
      bytes: new Uint8Array(buffer),
    });
    this.#words[outbox >> 2] = FIRST_RECORD;
  }

  /** Address of a Uint8Array's bytes, its length left at the length anchor; 0 bytes where it is none. */
  #bytesAt(box: number): number {
    const { length } = this.#anchors;
    this.#words[length >> 2] = 0;
    const at = this.exports.JS_GetUint8Array(this.#context, length, this.#values[box >> 3]!);
    if (at === 0) this.#words[length >> 2] = 0;
    return at;
  }

  #clock(id: number, at: number): number {
    this.#sync();
    this.#clockRead = true;
    // Time stands still within a turn.
    if (id === CLOCK_REALTIME) {
      if (this.#wallRead < 0) this.#wallRead = this.#powers.wall();
      this.#values[at >> 3] = BigInt(Math.round(this.#wallRead * 1e6));
    } else {
      if (this.#monotonicRead < 0) this.#monotonicRead = this.#powers.monotonic();
      this.#values[at >> 3] = BigInt(Math.round(this.#monotonicRead * 1e6));
    }
    return ERRNO_SUCCESS;
  }

  // --- values

  #box(value: unknown): number {
    const { boxes, undefined: nothing } = this.#anchors;
    if (value === undefined || value === null) return nothing;
    if (typeof value === "number") {
      const box = boxes + 2 * BOX_BYTES;
      const at = box >> 2;
      if ((value | 0) === value && !Object.is(value, -0)) {
        this.#words[at] = value;
        this.#words[at + 1] = 0;
      } else {
        floats[0] = value;
        this.#words[at] = floatWords[0]!;
        this.#words[at + 1] = (floatWords[1]! - FLOAT_ADDEND) | 0;
      }
      return box;
    }
    if (typeof value === "string") return this.#string(value);
    if (value instanceof Uint8Array) {
      const at = this.allocate(value.length);
      if (at === null) return 0;
      this.#bytes.set(value, at);
      const made = this.exports.qjs_new_uint8_array(at, value.length);
      this.free(at);
      return made;
    }
    return (value as Held).box;
  }

  #string(value: string): number {
    const at = this.#cstring(value);
    if (at === 0) return 0;
    const made = this.exports.qjs_new_string(at, Buffer.byteLength(value));
    this.free(at);
    return made;
  }

  #cstring(value: string): number {
    const length = Buffer.byteLength(value);
    const at = this.exports.wasm_malloc(length + 1);
    this.#sync();
    if (at === 0) return 0;
    this.#buffer.write(value, at, length, "utf8");
    this.#bytes[at + length] = 0;
    return at;
  }

  #text(box: number): string {
    const { length } = this.#anchors;
    const at = this.exports.qjs_get_string_len(box, length);
    this.#sync();
    if (at === 0) return "";
    const text = this.#buffer.toString("utf8", at, at + this.#words[length >> 2]!);
    this.exports.qjs_free_cstring(at);
    return text;
  }

  /** Memory that grew has detached its old views, which are empty then. Asking the memory itself is slow. */
  #sync(): void {
    if (this.#bytes.length === 0) this.#view();
  }

  #view(): void {
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#buffer = Buffer.from(buffer);
    this.#words = new Int32Array(buffer);
    this.#values = new BigUint64Array(buffer);
    this.#views = { words: this.#words, floats: new Float64Array(buffer), bytes: this.#bytes };
  }
}
