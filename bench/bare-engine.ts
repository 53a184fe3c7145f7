// The fastest bare promise round trip that the engine can make with a payload: the guest writes its bytes into a
// ring in linear memory, the host copies them out once and settles the promise through raw exports. No runtime,
// no validation, no ledger, no turn. What every intercepted call is measured against.
import { Machine } from "../runtime/engine/machine.ts";
import type { Engine } from "../runtime/engine/wasm-module.ts";

const PAGES = 128;

const GUEST = `
const Pledge = Promise;
const ring = new Uint8Array(globalThis.ring);
let resolve;
const keep = (settle) => { resolve = settle; };
const one = (bytes) => { ring.set(bytes); return new Pledge(keep); };
globalThis.settleOne = (value) => resolve(value);
globalThis.loopOne = async (bytes) => { for (;;) await one(bytes); };

const settlers = [];
const many = (bytes, place, at) => {
  ring.set(bytes, at);
  const promise = new Pledge(keep);
  settlers[place] = resolve;
  return promise;
};
globalThis.settleMany = (value) => { for (let i = 0; i < settlers.length; i++) settlers[i](value); };
globalThis.loopMany = async (bytes, place, at) => { for (;;) await many(bytes, place, at); };
`;

export class BareEngine {
  readonly #machine: Machine;
  readonly #bytes: number;
  readonly #flights: number;
  readonly #settle: number;
  readonly #undefined: number;
  readonly #argv: number;
  readonly #ring: number;
  readonly #stride: number;
  readonly #sink: Uint8Array;

  /** `flights` loops at once, each with `bytes` bytes a call. */
  constructor(engine: Engine, bytes: number, flights: number) {
    const machine = new Machine(engine, PAGES, {
      monotonic: () => 0,
      wall: () => 0,
      entropy: () => {},
      poll: () => {},
    });
    const { exports } = machine;
    this.#machine = machine;
    this.#bytes = bytes;
    this.#flights = flights;
    // Not a power of two, where the places would compete for the same lines of the cache.
    this.#stride = Math.ceil(bytes / 16) * 16 + 64;
    this.#sink = new Uint8Array(bytes);
    exports._initialize();
    if (exports.qjs_init() !== 0) throw new Error("the engine could not be initialised");
    const ringBytes = this.#stride * flights;
    // 8 bytes off, as large arrays in the heap are; see lib/guest/abi.ts on where copies are quick.
    this.#ring = machine.allocate(ringBytes + 8)! + 8;
    const ring = machine.allocate(8)!;
    const view = exports.JS_NewArrayBuffer(exports.qjs_get_context_ptr(), this.#ring, ringBytes, 0, 0, 0);
    new BigUint64Array(machine.bytes.buffer)[ring >> 3] = BigInt.asUintN(64, view);
    const global = exports.qjs_get_global();
    exports.qjs_set_prop_string(global, this.#cstring("ring"), ring);
    this.#evaluate(GUEST);
    this.#settle = exports.qjs_get_prop_string(
      global,
      this.#cstring(flights === 1 ? "settleOne" : "settleMany"),
    );
    this.#undefined = exports.qjs_get_undefined();
    this.#argv = machine.allocate(4)!;
    new Int32Array(machine.bytes.buffer)[this.#argv >> 2] = this.#undefined;
    this.#evaluate(
      `{ const payload = new Uint8Array(${bytes}).fill(65); ` +
        (flights === 1
          ? "loopOne(payload); }"
          : `for (let i = 0; i < ${flights}; i++) loopMany(payload, i, i * ${this.#stride}); }`),
    );
    while (exports.qjs_execute_pending_job() > 0);
  }

  #cstring(text: string): number {
    const bytes = Buffer.from(`${text}\0`);
    const at = this.#machine.allocate(bytes.length)!;
    this.#machine.bytes.set(bytes, at);
    return at;
  }

  #evaluate(code: string): void {
    const { exports } = this.#machine;
    const result = exports.qjs_eval(
      this.#cstring(code),
      Buffer.byteLength(code),
      this.#cstring("bare.js"),
      0,
    );
    if (exports.qjs_is_exception(result) !== 0) throw new Error(`the engine refuses ${code}`);
    exports.qjs_free_value(result);
  }

  /** Makes at least `calls` round trips; returns how many. */
  run(calls: number): number {
    const { exports, bytes } = this.#machine;
    const settle = this.#settle;
    const nothing = this.#undefined;
    const argv = this.#argv;
    const sink = this.#sink;
    const ring = this.#ring;
    const stride = this.#stride;
    const length = this.#bytes;
    const flights = this.#flights;
    let made = 0;
    while (made < calls) {
      for (let i = 0; i < flights; i++) {
        const at = ring + i * stride;
        sink.set(bytes.subarray(at, at + length));
      }
      exports.qjs_free_value(exports.qjs_call(settle, nothing, 1, argv));
      while (exports.qjs_execute_pending_job() > 0);
      made += flights;
    }
    if (sink[0] !== 65 || bytes.length === 0) throw new Error("the payload did not arrive");
    return made;
  }
}
