// The guest library in the real engine, with the functions it is lent played by Node's own: for specs of what a
// component sees before any runtime is around it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { randomFillSync } from "node:crypto";
import { runInThisContext } from "node:vm";
import { JSException, QuickJS, type JSValueHandle } from "quickjs-wasi";
import {
  AMBIENT_LOG,
  AMBIENT_TIMER,
  ARGS_JSON,
  ARGS_LARGE,
  ARGS_TEXT,
  OUTBOX_BYTES,
  PARENT,
  REPLY_ERROR,
  REPLY_VALUE,
  SIGNAL_BOOT,
} from "../../../lib/guest/abi.ts";
import type { SessionError } from "../../../lib/error.ts";
import { Parent } from "../../../lib/session/parent.ts";
import { Timer } from "../../../lib/session/timer.ts";

const wasm = new WebAssembly.Module(
  readFileSync(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm")),
);
const library = readFileSync(new URL("../../../guest/guest.js", import.meta.url), "utf8");

/** Takes the outbox's records out: `[slot, selector, method, form, number]` each, as JSON. */
const DRAIN = `(() => {
  const words = new Int32Array(outbox);
  const floats = new Float64Array(outbox);
  const records = [];
  for (let at = 2; at < words[0]; ) {
    const form = words[at + 2] >> 16;
    const payload = form === 2 ? words[at + 3] : form === 3 ? 8 : 0;
    records.push([words[at], words[at + 1], words[at + 2] & 65535, form, floats[(at + 8) >> 1]]);
    at += 8 + (((payload + 15) >> 4) << 2);
  }
  words[0] = 2;
  return JSON.stringify(records);
})()`;

interface Sleep {
  readonly slot: number;
  readonly ms: number;
}

export interface Guest {
  /** Runs `code` as a turn and returns what it evaluates to. Throws what it throws. */
  run(code: string): unknown;
  /** Completes the sleeps in `slots` in one turn. */
  wake(...slots: number[]): void;
  /** Texts written to LOG. */
  readonly log: string[];
  /** Sleeps not over yet. */
  readonly sleeping: Sleep[];
  /** Slots that `Parent.cancel` named. */
  readonly cancelled: number[];
  /** Rejections nobody handled, as text. */
  unhandled(): string[];
  /** Sets the monotonic clock, in ms. */
  clock(ms: number): void;
  /** Bytes of heap that the library takes, code and data. */
  readonly heap: number;
}

const partsOf = (url: URL): string => {
  const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } = url;
  return JSON.stringify({
    href,
    origin,
    protocol,
    username,
    password,
    host,
    hostname,
    port,
    pathname,
    search,
    hash,
  });
};

/** The `url` function as the engine lends it. */
const answerUrl = (request: string): string => {
  const [href, base, property, value] = JSON.parse(request) as [
    string,
    string | null,
    string | null,
    string | null,
  ];
  if (!URL.canParse(href, base ?? undefined)) return "";
  const url = new URL(href, base ?? undefined);
  if (property !== null) Reflect.set(url, property, value);
  return partsOf(url);
};

/** What `code` evaluates to in Node itself. */
export const inNode = (code: string): unknown => runInThisContext(code);

/** Makes a child's memory and boots it. `denied` is what LOG answers, if not nothing. */
export const boot = async ({
  timer = true,
  denied,
}: { timer?: boolean; denied?: SessionError } = {}): Promise<Guest> => {
  let monotonic = 0;
  const rejected = new Map<number, string>();
  const vm = await QuickJS.create({
    wasm,
    wasi: (memory: WebAssembly.Memory) => ({
      clock_time_get(id: number, _precision: bigint, at: number) {
        const ms = id === 0 ? 1_700_000_000_000 : monotonic;
        new DataView(memory.buffer).setBigUint64(at, BigInt(ms) * 1_000_000n, true);
        return 0;
      },
    }),
    onUnhandledRejection(promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean) {
      if (isHandled) rejected.delete(promise.identity);
      else rejected.set(promise.identity, reason.toString());
    },
  });
  const attached: (string | Uint8Array)[] = [];
  const lent: Record<string, (value: JSValueHandle) => JSValueHandle> = {
    attach(value) {
      attached.push(value.isString ? value.toString() : value.toUint8Array());
      return vm.undefined;
    },
    flush: () => vm.undefined,
    decode: (bytes) =>
      vm.newString(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.toUint8Array())),
    encode: (text) => vm.newUint8Array(new TextEncoder().encode(text.toString())),
    url: (request) => vm.newString(answerUrl(request.toString())),
    entropy: (into) => vm.newUint8Array(randomFillSync(into.toUint8Array())),
  };
  vm.evalCode(`globalThis.outbox = new ArrayBuffer(${OUTBOX_BYTES}); globalThis.__host = { outbox };`);
  const host = vm.global.getProp("__host");
  for (const [name, serve] of Object.entries(lent))
    host.setProp(
      name,
      vm.newFunction(name, (value) => serve(value)),
    );
  const before = vm.getMemoryUsage().memoryUsedSize;
  vm.evalCode(library, "guest.js");
  const heap = vm.getMemoryUsage().memoryUsedSize - before;

  const log: string[] = [];
  const sleeping: Sleep[] = [];
  const cancelled: number[] = [];
  const SLEEP = Object.keys(Timer.methods).indexOf("sleep");
  const CANCEL = Object.keys(Parent.methods).indexOf("cancel");

  const deliver = (slot: number, form: number, value: string): void => {
    vm.evalCode(`__cryonode.deliver(${slot}, ${form}, ${value}, 0)`).dispose();
  };
  const complete = (slot: number): void => {
    const at = sleeping.findIndex((sleep) => sleep.slot === slot);
    if (at < 0) return;
    sleeping.splice(at, 1);
    deliver(slot, REPLY_VALUE, "undefined");
  };
  /** Serves what a turn left in the outbox, until nothing is left. */
  const settle = (): void => {
    for (;;) {
      vm.executePendingJobs();
      const records = JSON.parse(vm.evalCode(DRAIN).consume((text) => text.toString())) as number[][];
      if (records.length === 0) return;
      for (const [slot, selector, method, form, number] of records as [
        number,
        number,
        number,
        number,
        number,
      ][]) {
        const text = [ARGS_TEXT, ARGS_JSON, ARGS_LARGE].includes(form) ? attached.shift() : undefined;
        if (selector === AMBIENT_TIMER && method === SLEEP) {
          sleeping.push({ slot, ms: number });
          continue;
        }
        if (selector === AMBIENT_LOG) {
          log.push(String(text));
          if (denied !== undefined) {
            deliver(slot, REPLY_ERROR, JSON.stringify(JSON.stringify(denied)));
            continue;
          }
        }
        if (selector === PARENT && method === CANCEL) {
          cancelled.push(number);
          complete(number);
        }
        deliver(slot, REPLY_VALUE, "undefined");
      }
    }
  };

  deliver(-1, SIGNAL_BOOT, JSON.stringify(JSON.stringify({ label: "x", timer })));
  settle();
  return {
    run(code) {
      try {
        return vm.evalCode(code, "test.js").consume((result) => vm.dump(result));
      } catch (error) {
        throw error instanceof JSException ? new Error(`${error.name}: ${error.message}`) : error;
      } finally {
        settle();
      }
    },
    wake(...slots) {
      slots.forEach(complete);
      settle();
    },
    log,
    sleeping,
    cancelled,
    unhandled: () => [...rejected.values()],
    clock(ms) {
      monotonic = ms;
    },
    heap,
  };
};
