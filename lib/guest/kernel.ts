// The component's side of every call: records go out through the outbox, replies come back through `settle`.
// This is the hot path of the whole system, and it is interpreted: some 12 ns an operation. So it allocates one
// promise and its resolver a call, tells kinds of arguments apart by their constructors (`instanceof` and
// `typeof` cost three times as much), and keeps the free slots as a list inside the array of resolvers.
import { failure, type SessionError } from "../error.ts";
import {
  ARGS_BYTES,
  ARGS_JSON,
  ARGS_LARGE,
  ARGS_NUMBER,
  ARGS_TEXT,
  FIRST_RECORD,
  FIRST_SELECTOR,
  INLINE_BYTES,
  NO_REPLY,
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
// An own property is found at once, and stays what it is.
Object.defineProperty(bytes, "set", { value: Reflect.get(bytes, "set") });
words[0] = FIRST_RECORD;

/** The last word at which a record may end. */
const LAST_WORD = OUTBOX_BYTES >> 2;
/** What a record and the padding of its payload add up to, in bytes, before they are rounded to words. */
const RECORD_AND_PADDING = RECORD_WORDS * 4 + 15;

// As they are before a component can replace them.
const Pledge = Promise;
const Bytes = Uint8Array;
const Text = String;
const Figure = Number;

type Settle = (value: unknown) => void;
/** Makes the object that a capability result becomes. */
export type Adopt = (selector: number, address: number, memory: ArrayBuffer | undefined) => unknown;

/** Who calls: a client of the object at `selector`, in the name of `thread`. */
export interface Caller {
  readonly selector: number;
  readonly thread: number;
}

/** By slot: the resolver of a call in flight, or, in a free slot, the next free one. */
const settlers: (Settle | number)[] = [];
const adopters: (Adopt | undefined)[] = [];
const adopted: number[] = [];
/** The first free slot, or the one after the last. */
let firstFree = 0;
let nextSelector = FIRST_SELECTOR;

/** The slot of the call sent last: what `Parent.cancel` names. */
export let lastSlot = -1;

/** A selector that this component never used before. */
const freshSelector = (): number => nextSelector++;

const keepSettle = (resolve: Settle): void => {
  settlers[lastSlot] = resolve;
};

/** The promise of the call whose record begins at word `at`, which gets a slot here. */
const promised = (at: number): Promise<unknown> => {
  words[at] = lastSlot = firstFree;
  firstFree = (settlers[lastSlot] as number | undefined) ?? lastSlot + 1;
  return new Pledge(keepSettle);
};

/** A method that takes nothing, or one value that is no Uint8Array of some kilobytes. */
const sendOne = (caller: Caller, method: number, value: unknown): Promise<unknown> => {
  let at = words[0]!;
  if (at + RECORD_WORDS + 4 > LAST_WORD) {
    host.flush();
    at = FIRST_RECORD;
  }
  let form = method;
  let next = at + RECORD_WORDS;
  const kind = (value as object | null | undefined)?.constructor;
  if (kind === Text) {
    form |= ARGS_TEXT << 16;
    host.attach(value as string, caller.selector);
  } else if (kind === Figure) {
    form |= ARGS_NUMBER << 16;
    floats[next >> 1] = value as number;
    next += 4;
  } else if (kind === Bytes) {
    form |= ARGS_LARGE << 16;
    host.attach(value as Uint8Array);
  } else if (value !== undefined) return sendAll(caller, method, [value]);
  words[at + 1] = caller.selector;
  words[at + 2] = form;
  words[at + 4] = caller.thread;
  words[0] = next;
  return promised(at);
};

/** Sends a call without arguments. */
export const send = (caller: Caller, method: number): Promise<unknown> => sendOne(caller, method, undefined);

/** A stub's method that takes at most one argument. Bytes go into the record, all else takes the longer way. */
export const sender = (method: number): ((this: Caller, value: unknown) => Promise<unknown>) => {
  const withBytes = method | (ARGS_BYTES << 16);
  return function (value) {
    if ((value as object | null | undefined)?.constructor !== Bytes) return sendOne(this, method, value);
    const length = (value as Uint8Array).length;
    let at = words[0]!;
    let next = at + (((length + RECORD_AND_PADDING) >> 4) << 2);
    if (next > LAST_WORD) {
      if (length > INLINE_BYTES) return sendOne(this, method, value);
      host.flush();
      next += FIRST_RECORD - at;
      at = FIRST_RECORD;
    }
    bytes.set(value as Uint8Array, (at + RECORD_WORDS) << 2);
    words[at + 1] = this.selector;
    words[at + 2] = withBytes;
    words[at + 3] = length;
    words[at + 4] = this.thread;
    words[0] = next;
    // `promised(at)`, spelt out: the call of a function costs as much as its body.
    words[at] = lastSlot = firstFree;
    firstFree = (settlers[lastSlot] as number | undefined) ?? lastSlot + 1;
    return new Pledge(keepSettle);
  };
};

const attachBytes = (found: Uint8Array[]) =>
  function (this: unknown, _key: string, value: unknown): unknown {
    return value instanceof Uint8Array ? { "\u0000": found.push(value) - 1 } : value;
  };

/** Writes the record of a call with a list of arguments; `fresh` is 0 where its result is no capability. Returns the
 *  word at which it begins. */
const writeList = (caller: Caller, method: number, fresh: number, values: readonly unknown[]): number => {
  const attachments: Uint8Array[] = [];
  const json = JSON.stringify(values, attachBytes(attachments));
  let at = words[0]!;
  if (at + RECORD_WORDS > LAST_WORD) {
    host.flush();
    at = FIRST_RECORD;
  }
  host.attach(json);
  for (const attachment of attachments) host.attach(attachment);
  words[at + 1] = caller.selector;
  words[at + 2] = method | (ARGS_JSON << 16);
  words[at + 3] = attachments.length;
  words[at + 4] = caller.thread;
  words[at + 5] = fresh;
  words[0] = at + RECORD_WORDS;
  return at;
};

/** Sends a call with a list of arguments. */
export const sendAll = (caller: Caller, method: number, values: readonly unknown[]): Promise<unknown> =>
  promised(writeList(caller, method, 0, values));

/** Sends a call that nothing comes back from. */
export const post = (caller: Caller, method: number, values: readonly unknown[]): void => {
  writeList(caller, method, 0, values);
  words[words[0]! - RECORD_WORDS] = NO_REPLY;
};

/** Sends a call whose result is a capability, which `adopt` turns into the object the component sees. */
export const sendForCapability = (
  caller: Caller,
  method: number,
  values: readonly unknown[],
  adopt: Adopt,
): Promise<unknown> => {
  const fresh = freshSelector();
  const promise = promised(writeList(caller, method, fresh, values));
  adopters[lastSlot] = adopt;
  adopted[lastSlot] = fresh;
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

/** Hears the runtime's signals; their forms are no reply's. */
let signalled: (form: number, value: unknown, extra: number) => void = () => {};
export const onSignal = (handler: typeof signalled): void => {
  signalled = handler;
};

/** Whatever is no plain value: signals, errors, capabilities. */
const settleSpecially = (slot: number, form: number, value: unknown, extra: number): void => {
  if (slot < 0) return signalled(form, value, extra);
  (settlers[slot] as Settle)(result(slot, form, value, extra));
  adopters[slot] = undefined;
  settlers[slot] = firstFree;
  firstFree = slot;
};

/**
 * The runtime's one way in: settles the call in `slot`, once for each call, or with slot -1 is a signal, whose form
 * is never 0. Without a form it is a plain value's, without a value `undefined`.
 */
export const settle = (slot: number, form: number, value: unknown, extra: number): void => {
  if (form) return settleSpecially(slot, form, value, extra);
  (settlers[slot] as Settle)(value);
  settlers[slot] = firstFree;
  firstFree = slot;
};
