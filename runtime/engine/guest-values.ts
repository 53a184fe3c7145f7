// Values of a guest as its host makes, reads and holds on to them: by the addresses of their boxes, in memory of the
// guest's own heap. A box at 0 is none: there was no memory left for it.
import { NO_ANCHORS, type Anchors } from "./anchors.ts";
import type { LinearMemory } from "./linear-memory.ts";
import type { EngineExports } from "./wasm-module.ts";

/** A guest value that the host holds on to, by the address of its box. */
export interface Held {
  readonly box: number;
}

const BOX_BYTES = 8;
/** What a NaN-boxed float64's high word is off by: JS_FLOAT64_TAG_ADDEND of quickjs.h, a 32-bit target. */
const FLOAT_ADDEND = 0x7ff8000a;
/** JS_TAG_STRING and JS_TAG_STRING_ROPE of quickjs.h. */
const STRING_TAG = -7;
const ROPE_TAG = -6;

const floats = new Float64Array(1);
const floatWords = new Int32Array(floats.buffer);

export class GuestValues {
  readonly #exports: EngineExports;
  readonly #memory: LinearMemory;
  #anchors = NO_ANCHORS;
  #context = 0;
  #broken = false;

  constructor(exports: EngineExports, memory: LinearMemory) {
    this.#exports = exports;
    this.#memory = memory;
  }

  /** Whether the engine trapped while a value was made or given back. */
  get broken(): boolean {
    return this.#broken;
  }

  /** The memory is another guest's from now on: where it has its context, and these anchors. */
  adopt(context: number, anchors: Anchors): void {
    this.#context = context;
    this.#anchors = anchors;
    this.#broken = false;
  }

  // --- memory of its heap

  /** Allocates memory of the guest's heap; null where there is none left. */
  allocate(bytes: number): number | null {
    const pointer = this.#tried(() => this.#exports.wasm_malloc(bytes), 0);
    this.#memory.sync();
    return pointer === 0 ? null : pointer;
  }

  free(pointer: number): void {
    this.#tried(() => this.#exports.wasm_free(pointer), undefined);
  }

  /** A memory that an image brought along may be anything. Where the engine traps in it between turns, the machine is
   *  finished, and its next turn says so. */
  #tried<T>(run: () => T, otherwise: T): T {
    this.#memory.changes += 1;
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
      () => this.#exports.JS_NewArrayBuffer(this.#context, pointer, bytes, 0, 0, 0),
      0n,
    );
    this.#memory.sync();
    this.#memory.values[box >> 3] = BigInt.asUintN(64, made);
    return { box };
  }

  /** Takes the memory away from a held ArrayBuffer, which becomes empty, and lets go of it. */
  detach({ box }: Held): void {
    this.#memory.sync();
    this.#tried(() => {
      this.#exports.JS_DetachArrayBuffer(this.#context, this.#memory.values[box >> 3]!);
      this.#exports.qjs_free_value(box);
    }, undefined);
  }

  // --- made

  /** The box of a value; a number's is used again by the next one. */
  box(value: unknown): number {
    const { boxes, undefined: nothing } = this.#anchors;
    if (value === undefined || value === null) return nothing;
    if (typeof value === "number") {
      const { words } = this.#memory;
      const box = boxes + 2 * BOX_BYTES;
      const at = box >> 2;
      if ((value | 0) === value && !Object.is(value, -0)) {
        words[at] = value;
        words[at + 1] = 0;
      } else {
        floats[0] = value;
        words[at] = floatWords[0]!;
        words[at + 1] = (floatWords[1]! - FLOAT_ADDEND) | 0;
      }
      return box;
    }
    if (typeof value === "string") return this.string(value);
    if (value instanceof Uint8Array) {
      const at = this.allocate(value.length);
      if (at === null) return 0;
      this.#memory.bytes.set(value, at);
      const made = this.#exports.qjs_new_uint8_array(at, value.length);
      this.free(at);
      return made;
    }
    return (value as Held).box;
  }

  string(value: string): number {
    const at = this.cstring(value);
    if (at === 0) return 0;
    const made = this.#exports.qjs_new_string(at, Buffer.byteLength(value));
    this.free(at);
    return made;
  }

  /** Address of a text's bytes in UTF-8, with a 0 behind them; 0: no memory left. */
  cstring(value: string): number {
    const length = Buffer.byteLength(value);
    const at = this.#exports.wasm_malloc(length + 1);
    this.#memory.sync();
    if (at === 0) return 0;
    this.#memory.buffer.write(value, at, length, "utf8");
    this.#memory.bytes[at + length] = 0;
    return at;
  }

  // --- read

  isText(box: number): boolean {
    const tag = this.#memory.words[(box >> 2) + 1]!;
    return tag === STRING_TAG || tag === ROPE_TAG;
  }

  /** A value as text. This may run the guest's code. */
  text(box: number): string {
    const { length } = this.#anchors;
    const at = this.#exports.qjs_get_string_len(box, length);
    this.#memory.sync();
    if (at === 0) return "";
    const text = this.#memory.buffer.toString("utf8", at, at + this.#memory.words[length >> 2]!);
    this.#exports.qjs_free_cstring(at);
    return text;
  }

  /** A property of an object as text. */
  property(box: number, name: string): string {
    const key = this.cstring(name);
    if (key === 0) return "";
    const value = this.#exports.qjs_get_prop_string(box, key);
    return this.#exports.qjs_is_exception(value) === 0 ? this.text(value) : "";
  }

  /** Address of a Uint8Array's bytes, its length left at the length anchor; 0 bytes where it is none. */
  bytesAt(box: number): number {
    const { length } = this.#anchors;
    const { words, values } = this.#memory;
    words[length >> 2] = 0;
    const at = this.#exports.JS_GetUint8Array(this.#context, length, values[box >> 3]!);
    if (at === 0) words[length >> 2] = 0;
    return at;
  }
}
