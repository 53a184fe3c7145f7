// The component's side of every call: records go out through the outbox, replies come back through `deliver`.
// This is the hot path of the whole system; it allocates one promise and its resolver a call.
import { failure, type SessionError } from "../error.ts";
import {
  ARGS_BYTES,
  ARGS_JSON,
  ARGS_LARGE,
  ARGS_NONE,
  ARGS_NUMBER,
  ARGS_TEXT,
  FIRST_RECORD,
  FIRST_SELECTOR,
  INLINE_BYTES,
  OUTBOX_BYTES,
  RECORD_WORDS,
  REPLY_CAPABILITY,
  REPLY_ERROR,
  REPLY_JSON,
  REPLY_REGION,
} from "./abi.ts";
import { host } from "./host.ts";

const words = new Int32Array(host.outbox);
const floats = new Float64Array(host.outbox);
const bytes = new Uint8Array(host.outbox);
words[0] = FIRST_RECORD;

type Settle = (value: unknown) => void;
/** Makes the object that a capability result becomes. */
export type Adopt = (selector: number, address: number, memory: ArrayBuffer | undefined) => unknown;

const settlers: (Settle | undefined)[] = [];
const adopters: (Adopt | undefined)[] = [];
const adopted: number[] = [];
const freeSlots: number[] = [];
let nextSelector = FIRST_SELECTOR;

let settleOfNew: Settle;
const keepSettle = (resolve: Settle): void => {
  settleOfNew = resolve;
};

/** The slot of the call sent last: what `Parent.cancel` names. */
export let lastSlot = -1;

/** A selector that this component never used before. */
export const freshSelector = (): number => nextSelector++;

const openSlot = (): number => (freeSlots.length > 0 ? freeSlots.pop()! : settlers.length);

const begin = (payload: number): number => {
  const at = words[0]!;
  if ((at + RECORD_WORDS) * 4 + payload + 8 <= OUTBOX_BYTES) return at;
  host.flush();
  return words[0]!;
};

const attachBytes = (found: Uint8Array[]) =>
  function (this: unknown, _key: string, value: unknown): unknown {
    return value instanceof Uint8Array ? { "\u0000": found.push(value) - 1 } : value;
  };

/** Writes one record for `values` and returns its slot. */
const record = (
  selector: number,
  method: number,
  thread: number,
  fresh: number,
  single: boolean,
  value: unknown,
): number => {
  let form = ARGS_NONE;
  let length = 0;
  let at: number;
  if (!single) {
    const attachments: Uint8Array[] = [];
    const json = JSON.stringify(value, attachBytes(attachments));
    form = ARGS_JSON;
    length = attachments.length;
    at = begin(0);
    host.attach(json);
    for (const attachment of attachments) host.attach(attachment);
  } else if (value === undefined) {
    at = begin(0);
  } else if (typeof value === "string") {
    form = ARGS_TEXT;
    at = begin(0);
    host.attach(value, selector);
  } else if (value instanceof Uint8Array) {
    length = value.length;
    if (length <= INLINE_BYTES) {
      form = ARGS_BYTES;
      at = begin(length);
      bytes.set(value, (at + RECORD_WORDS) << 2);
    } else {
      form = ARGS_LARGE;
      at = begin(0);
      host.attach(value);
    }
  } else if (typeof value === "number") {
    form = ARGS_NUMBER;
    length = 8;
    at = begin(8);
    floats[(at + RECORD_WORDS) >> 1] = value;
  } else {
    return record(selector, method, thread, fresh, false, [value]);
  }
  const slot = openSlot();
  words[at] = slot;
  words[at + 1] = selector;
  words[at + 2] = method | (form << 16);
  words[at + 3] = thread;
  words[at + 4] = fresh;
  words[at + 5] = length;
  const payload = form === ARGS_BYTES || form === ARGS_NUMBER ? length : 0;
  words[0] = at + RECORD_WORDS + (((payload + 7) >> 3) << 1);
  lastSlot = slot;
  return slot;
};

/** Sends a call with no argument or one. */
export const send = (selector: number, method: number, thread: number, value: unknown): Promise<unknown> => {
  const slot = record(selector, method, thread, 0, true, value);
  const promise = new Promise(keepSettle);
  settlers[slot] = settleOfNew;
  return promise;
};

/** Sends a call with a list of arguments. */
export const sendAll = (
  selector: number,
  method: number,
  thread: number,
  values: readonly unknown[],
): Promise<unknown> => {
  const slot = record(selector, method, thread, 0, false, values);
  const promise = new Promise(keepSettle);
  settlers[slot] = settleOfNew;
  return promise;
};

/** Sends a call whose result is a capability, which `adopt` turns into the object the component sees. */
export const sendForCapability = (
  selector: number,
  method: number,
  thread: number,
  values: readonly unknown[],
  adopt: Adopt,
): Promise<unknown> => {
  const fresh = freshSelector();
  const slot = record(selector, method, thread, fresh, false, values);
  const promise = new Promise(keepSettle);
  settlers[slot] = settleOfNew;
  adopters[slot] = adopt;
  adopted[slot] = fresh;
  return promise;
};

const result = (slot: number, form: number, value: unknown, extra: number): unknown => {
  switch (form) {
    case REPLY_JSON:
      return JSON.parse(value as string);
    case REPLY_ERROR:
      return Promise.reject(failure(JSON.parse(value as string) as SessionError));
    case REPLY_CAPABILITY:
      return adopters[slot]!(adopted[slot]!, 0, undefined);
    case REPLY_REGION:
      return adopters[slot]!(adopted[slot]!, extra, value as ArrayBuffer);
    default:
      return value;
  }
};

/** Settles the call in `slot`. Called by the runtime, once for each call. */
export const settle = (slot: number, form: number, value: unknown, extra: number): void => {
  const resolve = settlers[slot]!;
  settlers[slot] = undefined;
  freeSlots.push(slot);
  if (form === 0) resolve(value);
  else {
    resolve(result(slot, form, value, extra));
    adopters[slot] = undefined;
  }
};
