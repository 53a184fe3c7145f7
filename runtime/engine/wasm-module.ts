// The engine's WebAssembly module, rewritten on loading: its memory becomes an import, so that each protection
// domain gets one with a maximum of its own, and of its 450 exports only those in use remain, because every
// export costs every instance some 3 kB of JavaScript heap.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { sha256 } from "../digest.ts";

/** Bytes of a WebAssembly page. */
export const PAGE_BYTES = 65536;

const EXPORTS = [
  "__stack_pointer",
  "_initialize",
  "JS_DetachArrayBuffer",
  "JS_GetUint8Array",
  "JS_NewArrayBuffer",
  "qjs_call",
  "qjs_compile",
  "qjs_eval",
  "qjs_eval_bytecode",
  "qjs_execute_pending_job",
  "qjs_free_cstring",
  "qjs_free_value",
  "qjs_get_context_ptr",
  "qjs_get_exception",
  "qjs_get_global",
  "qjs_get_prop_string",
  "qjs_get_runtime_ptr",
  "qjs_get_string_len",
  "qjs_get_undefined",
  "qjs_get_value_ptr",
  "qjs_init",
  "qjs_is_error",
  "qjs_is_exception",
  "qjs_new_host_function",
  "qjs_new_object",
  "qjs_new_string",
  "qjs_new_uint8_array",
  "qjs_dup_value",
  "qjs_set_interrupt_handler",
  "qjs_set_max_stack_size",
  "qjs_set_memory_limit",
  "qjs_set_promise_rejection_handler",
  "qjs_set_prop_string",
  "qjs_set_runtime_and_context",
  "wasm_free",
  "wasm_malloc",
] as const;

/** The exports in use. Pointers and sizes are i32 bytes; a `JSValue` is an i64, a box is a pointer to one. */
export type EngineExports = {
  readonly __stack_pointer: WebAssembly.Global;
  _initialize(): void;
  JS_DetachArrayBuffer(context: number, value: bigint): void;
  JS_GetUint8Array(context: number, lengthAt: number, value: bigint): number;
  JS_NewArrayBuffer(
    context: number,
    at: number,
    bytes: number,
    free: number,
    opaque: number,
    shared: number,
  ): bigint;
} & {
  readonly [
    K in Exclude<
      (typeof EXPORTS)[number],
      "__stack_pointer" | "_initialize" | "JS_DetachArrayBuffer" | "JS_GetUint8Array" | "JS_NewArrayBuffer"
    >
  ]: (...args: number[]) => number;
};

// Section numbers of the WebAssembly binary format, version 1.
const IMPORT_SECTION = 2;
const MEMORY_SECTION = 5;
const EXPORT_SECTION = 7;
const DATA_SECTION = 11;
/** Of a data segment: it has a place in memory 0, an `i32.const` expression. */
const ACTIVE_SEGMENT = 0;
const I32_CONST = 0x41;
/** The most pages that a 32-bit memory can have; each instance is given fewer. */
const MOST_PAGES = 65536;

const encodeLeb = (value: number): number[] => {
  const out: number[] = [];
  do {
    const low = value & 0x7f;
    value >>>= 7;
    out.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return out;
};

/** Reads an unsigned LEB128 number: its value, and where what follows begins. */
const decodeLeb = (bytes: Uint8Array, at: number): readonly [value: number, next: number] => {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) return [value >>> 0, at];
  }
};

const importingMemory = (body: Uint8Array, initialPages: number): Uint8Array => {
  const [count, rest] = decodeLeb(body, 0);
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
  const memory = [
    ...name("env"),
    ...name("memory"),
    2,
    1,
    ...encodeLeb(initialPages),
    ...encodeLeb(MOST_PAGES),
  ];
  return Buffer.concat([Buffer.from(encodeLeb(count + 1)), body.subarray(rest), Buffer.from(memory)]);
};

const pruningExports = (body: Uint8Array): Uint8Array => {
  const wanted: ReadonlySet<string> = new Set(EXPORTS);
  const kept: Uint8Array[] = [];
  let [count, at] = decodeLeb(body, 0);
  for (; count > 0; count--) {
    const begin = at;
    const [length, text] = decodeLeb(body, at);
    const name = Buffer.from(body.subarray(text, text + length)).toString();
    [, at] = decodeLeb(body, text + length + 1);
    if (wanted.has(name)) kept.push(body.subarray(begin, at));
  }
  return Buffer.concat([Buffer.from(encodeLeb(kept.length)), ...kept]);
};

/** What of a fresh memory is written to when an instance is made, in bytes: all that lies between the first and the
 *  last data segment, or all there is where the module says it otherwise than expected. */
const writtenAtFirst = (body: Uint8Array, all: number): EngineCode["written"] => {
  let [from, to] = [all, 0];
  let [count, at] = decodeLeb(body, 0);
  for (; count > 0; count--) {
    if (body[at] !== ACTIVE_SEGMENT || body[at + 1] !== I32_CONST) return { from: 0, to: all };
    // It is signed, but no place is negative.
    const [place, behind] = decodeLeb(body, at + 2);
    const [length, begin] = decodeLeb(body, behind + 1);
    from = Math.min(from, place);
    to = Math.max(to, place + length);
    at = begin + length;
  }
  return to > all || from > to ? { from: 0, to: all } : { from, to };
};

const rewrite = (wasm: Uint8Array): Pick<EngineCode, "initialPages" | "written"> & { bytes: Uint8Array } => {
  const sections: { id: number; body: Uint8Array }[] = [];
  for (let at = 8; at < wasm.length;) {
    const id = wasm[at]!;
    const [length, begin] = decodeLeb(wasm, at + 1);
    sections.push({ id, body: wasm.subarray(begin, begin + length) });
    at = begin + length;
  }
  const memory = sections.find(({ id }) => id === MEMORY_SECTION)!.body;
  const [initialPages] = decodeLeb(memory, 2);
  const parts: Uint8Array[] = [wasm.subarray(0, 8)];
  for (const { id, body } of sections) {
    if (id === MEMORY_SECTION) continue;
    const rewritten =
      id === IMPORT_SECTION
        ? importingMemory(body, initialPages)
        : id === EXPORT_SECTION
          ? pruningExports(body)
          : body;
    parts.push(Buffer.from([id, ...encodeLeb(rewritten.length)]), rewritten);
  }
  const data = sections.find(({ id }) => id === DATA_SECTION)!.body;
  const written = writtenAtFirst(data, initialPages * PAGE_BYTES);
  return { bytes: Buffer.concat(parts), initialPages, written };
};

/** The engine as it is handed to threads, each of which compiles it: the process compiles the same bytes once. */
export interface EngineCode {
  /** The module, rewritten; in memory that all threads share. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** sha256, in hexadecimal, of the module as its package ships it. */
  readonly hash: string;
  /** Pages of a fresh memory. */
  readonly initialPages: number;
  /** What of it is written to when an instance is made, in bytes; the rest is zeros. */
  readonly written: { readonly from: number; readonly to: number };
}

export interface Engine extends EngineCode {
  readonly module: WebAssembly.Module;
}

/** Where a build leaves a copy of the package's module: looking for the package takes some ms. */
export const ENGINE_COPY = new URL("../../base/engine.wasm", import.meta.url);

/** The module as its package ships it. */
export const packagedEngine = (): Uint8Array =>
  readFileSync(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm"));

const shippedEngine = (): Uint8Array => {
  try {
    return readFileSync(ENGINE_COPY);
  } catch {
    return packagedEngine();
  }
};

/** Loads the engine. */
export const readEngine = (): EngineCode => {
  const wasm = shippedEngine();
  const { bytes: rewritten, ...initial } = rewrite(wasm);
  const bytes = new Uint8Array(new SharedArrayBuffer(rewritten.length));
  bytes.set(rewritten);
  return { bytes, hash: sha256(wasm), ...initial };
};

export const compileEngine = (code: EngineCode): Engine => ({
  ...code,
  module: new WebAssembly.Module(code.bytes),
});

/** Loads and compiles it. */
export const loadEngine = (): Engine => compileEngine(readEngine());
