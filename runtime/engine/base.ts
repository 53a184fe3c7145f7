// The base memory: engine, guest library and the host's boxes, before any component is loaded. It is built
// under a fixed clock and fixed entropy, so that every host builds the same bytes from the same release;
// images name it by its hash and carry what differs from it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OUTBOX_BYTES } from "../../lib/guest/abi.ts";
import { sha256 } from "../digest.ts";
import type { Anchors } from "./anchors.ts";
import { LENT } from "./lent-functions.ts";
import { Machine, RANDOM_STATE_OFFSET } from "./machine.ts";
import type { Registers } from "./registers.ts";
import { PAGE_BYTES, type Engine } from "./wasm-module.ts";

export interface Base {
  readonly memory: Uint8Array;
  readonly registers: Registers;
  readonly anchors: Anchors;
  /** sha256 of the memory, in hexadecimal. */
  readonly hash: string;
}

/** Bytes of the engine's own stack that guest code may use: catchable in a thread with 4 MB of native stack. */
const STACK_BYTES = 256 * 1024;
const BASE_PAGES = 64;
const EPOCH_MS = 1_700_000_000_000;

/** The guest library as it is built: `dist/guest/guest.js`. */
export const guestLibrary = (): string =>
  readFileSync(fileURLToPath(new URL("../../guest/guest.js", import.meta.url)), "utf8");

const still = {
  monotonic: () => 0,
  wall: () => EPOCH_MS,
  entropy: (into: Uint8Array) => void into.fill(0x5a),
  poll: () => {},
};

/** Predicts one draw of the engine's xorshift64* to make sure that its state lies where we think. */
const assertRandomState = (machine: Machine, registers: Registers, draw: () => number): void => {
  const view = new DataView(machine.bytes.buffer);
  const at = registers.context + RANDOM_STATE_OFFSET;
  let state = view.getBigUint64(at, true);
  state ^= state >> 12n;
  state = BigInt.asUintN(64, state ^ (state << 25n));
  state ^= state >> 27n;
  const drawn = draw();
  const after = new DataView(machine.bytes.buffer).getBigUint64(at, true);
  const expected = Number(BigInt.asUintN(64, state * 0x2545f4914f6cdd1dn) >> 12n) / 2 ** 52;
  if (after !== state || Math.abs(expected - drawn) > 1e-9)
    throw new Error(`this build of the engine keeps Math.random's state elsewhere than at ${at}`);
};

const fresh = (engine: Engine): Machine => {
  const machine = new Machine(engine, BASE_PAGES, still);
  const { exports } = machine;
  exports._initialize();
  if (exports.qjs_init() !== 0) throw new Error("the engine could not be initialised");
  exports.qjs_set_memory_limit(BASE_PAGES * PAGE_BYTES);
  exports.qjs_set_max_stack_size(STACK_BYTES);
  exports.qjs_set_interrupt_handler(1);
  exports.qjs_set_promise_rejection_handler(1);
  return machine;
};

/** The library as bytecode: without its source it takes a quarter less of every memory. */
const compiled = (engine: Engine, library: string): Uint8Array => {
  const machine = fresh(engine);
  const length = machine.allocate(8)!;
  machine.adopt(machine.registers(), {
    outbox: machine.allocate(8)!,
    deliver: 0,
    undefined: 0,
    argv: 0,
    boxes: 0,
    length,
  });
  const bytecode = machine.compile(library, "guest.js", "script");
  if (!(bytecode instanceof Uint8Array)) throw new Error(`guest.js: ${bytecode.reason}`);
  return bytecode;
};

/** Builds the base memory from `library`, the guest library's source. */
export const buildBase = (engine: Engine, library: string = guestLibrary()): Base => {
  const bytecode = compiled(engine, library);
  const machine = fresh(engine);
  const { exports } = machine;
  const place = (bytes: Uint8Array): number => {
    const at = machine.allocate(bytes.length)!;
    machine.bytes.set(bytes, at);
    return at;
  };
  const cstring = (text: string): number => place(Buffer.from(`${text}\0`));
  const zeros = (bytes: number): number => place(new Uint8Array(bytes));

  const registers = machine.registers();
  const global = exports.qjs_get_global();
  const outbox = zeros(OUTBOX_BYTES);
  const boxes = zeros(4 * 8);
  const argv = zeros(4 * 4);
  const length = zeros(8);
  const nothing = exports.qjs_get_undefined();
  machine.adopt(registers, { outbox, deliver: 0, undefined: nothing, argv, boxes, length });

  const lent = exports.qjs_new_object();
  for (const name of LENT) {
    const [letter, property = letter] = name.split(":") as [string, string?];
    const lentFunction = exports.qjs_new_host_function(cstring(letter), letter.length, 0);
    exports.qjs_set_prop_string(lent, cstring(property), lentFunction);
  }
  exports.qjs_set_prop_string(lent, cstring("outbox"), machine.hold(outbox, OUTBOX_BYTES)!.box);
  exports.qjs_set_prop_string(global, cstring("__host"), lent);

  const sound = (result: number, file: string): number => {
    if (exports.qjs_is_exception(result) !== 0) throw new Error(`${file} does not run in the engine`);
    return result;
  };
  const evaluate = (code: string): number =>
    sound(exports.qjs_eval(cstring(code), Buffer.byteLength(code), cstring("base.js"), 0), code);
  const code = place(bytecode);
  sound(exports.qjs_eval_bytecode(code, bytecode.length), "guest.js");
  machine.free(code);
  assertRandomState(machine, registers, () => {
    const result = evaluate("Math.random()");
    const view = new DataView(machine.bytes.buffer);
    // A float64 is boxed with 0x7ff8000a taken off its high word.
    const bits = new DataView(new ArrayBuffer(8));
    bits.setInt32(0, (view.getInt32(result + 4, true) + 0x7ff8000a) | 0);
    bits.setInt32(4, view.getInt32(result, true));
    return bits.getFloat64(0);
  });
  const deliver = evaluate("globalThis.__cryonode.deliver");
  const words = new Int32Array(machine.bytes.buffer);
  for (let i = 0; i < 4; i++) words[(argv >> 2) + i] = boxes + i * 8;

  const memory = new Uint8Array(machine.size);
  machine.state.copyTo(memory);
  return {
    memory,
    registers: machine.registers(),
    anchors: { outbox, deliver, undefined: nothing, argv, boxes, length },
    hash: sha256(memory),
  };
};
