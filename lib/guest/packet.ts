// Messages between components, as a library writes and reads them: a line that says what goes along, then the
// values as JSON. In the values, bytes and capabilities are named by their place: `{"\u0000": 0}`, `{"\u0000c": 0}`.
//
//   outgoing  [method | null, passed]\n values        the bytes beside it as further arguments
//   incoming  [..., capabilities, lengths]\n values   as text; with bytes, one byte string: the text's length (4
//             bytes, little endian), the text, the bytes one after another
//
// `passed` says of each capability what it is: `[0, selector]` one that is held, `[1, object, service, native]` an
// object served here. `capabilities` are `[selector, service, native]`.
import { failure } from "../error.ts";
import { host } from "./host.ts";

/** An object of this component's that goes out, or a capability that it holds. */
export class Passed {
  readonly wire: readonly unknown[];
  constructor(wire: readonly unknown[]) {
    this.wire = wire;
  }
}

/** A capability that came in. Clients made of it hold on to it, and with the last of them it is given up. */
export class Received {
  readonly selector: number;
  readonly service: string;
  readonly native: boolean;
  constructor(selector: number, service: string, native: boolean) {
    this.selector = selector;
    this.service = service;
    this.native = native;
    received.register(this, selector);
  }
}

let lost: (selector: number) => void = () => {};
/** Hears of capabilities that came in and that nobody can call any more. */
export const onLost = (handler: typeof lost): void => {
  lost = handler;
};
const received = new FinalizationRegistry<number>((selector) => lost(selector));

const BYTES = "\u0000";
const CAPABILITY = "\u0000c";

const refuse = (place: string): never => {
  throw failure({
    tag: "InvalidArgument",
    method: "a message",
    place,
    expected: "a key without a NUL at its start",
    actual: "one with it",
  });
};

/** The arguments of a call that carries `values`. */
export const pack = (method: string | null, values: unknown): [string, ...Uint8Array[]] => {
  const passed: unknown[] = [];
  const bytes: Uint8Array[] = [];
  const body = JSON.stringify(values, function (key, value: unknown): unknown {
    const original = (this as Record<string, unknown>)[key];
    if (original instanceof Uint8Array) return { [BYTES]: bytes.push(original) - 1 };
    if (original instanceof Passed) return { [CAPABILITY]: passed.push(original.wire) - 1 };
    return value;
  });
  const text = body ?? "null";
  // What a component says must not look like what the library says.
  if (text.includes("\\u0000") && text.split('"\\u0000').length - 1 !== bytes.length + passed.length)
    JSON.stringify(values, (key, value: unknown) =>
      key.startsWith(BYTES) ? refuse(`its key ${key}`) : value,
    );
  return [`${JSON.stringify([method, passed])}\n${text}`, ...bytes];
};

/** What a mark names; a forged one names nothing, or what is no place in the list. */
const placed = <T>(list: readonly T[], place: unknown): T | null =>
  typeof place === "number" ? (list[place] ?? null) : null;

/** What the first line says, and how to read the values: that throws where they are no JSON. */
export interface Packet {
  readonly head: readonly unknown[];
  readonly values: () => unknown;
}

/** Takes a message apart. */
export const unpack = (packet: unknown): Packet => {
  let text: string;
  let bytes = new Uint8Array(0);
  if (typeof packet === "string") text = packet;
  else {
    const all = packet as Uint8Array;
    const length = new DataView(all.buffer, all.byteOffset).getUint32(0, true);
    text = host.decode(all.slice(4, 4 + length));
    bytes = all.slice(4 + length);
  }
  const line = text.indexOf("\n");
  const head = JSON.parse(text.slice(0, line)) as unknown[];
  const lengths = head.pop() as number[];
  const capabilities = head.pop() as [number, string, boolean][];
  const body = text.slice(line + 1);
  if (lengths.length === 0 && capabilities.length === 0) return { head, values: () => JSON.parse(body) };
  let at = 0;
  const parts = lengths.map((length) => bytes.slice(at, (at += length)));
  const passed = capabilities.map((each) => new Received(...each));
  const revive = (_key: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const marked = value as Record<string, unknown>;
    if (Object.hasOwn(marked, BYTES)) return placed(parts, marked[BYTES]);
    if (Object.hasOwn(marked, CAPABILITY)) return placed(passed, marked[CAPABILITY]);
    return value;
  };
  return { head, values: () => JSON.parse(body, revive) };
};
