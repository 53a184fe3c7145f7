// Messages between components as they travel: the values as JSON that nobody on the way looks into, the bytes in
// them, and the capabilities that go along, each as a link of its own. `lib/guest/packet.ts` is the library's side.
import * as t from "io-ts";
import { bytes, natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import { SharedName } from "./shared-message.ts";

/** A capability on its way. */
export const PassedLink = struct(
  {
    link: text,
    /** The contract that it is called by, and whether that is one of the library's own. */
    service: text,
    native: t.boolean,
  },
  {
    /** The dataspace that it leads to. */
    dataspace: SharedName,
  },
);
export type PassedLink = t.TypeOf<typeof PassedLink>;

export const Parcel = struct(
  { body: t.string, bytes: t.array(bytes), capabilities: t.array(PassedLink) },
  {},
  "Parcel",
);
export type Parcel = t.TypeOf<typeof Parcel>;

/** Bytes, about, that a parcel takes. */
export const parcelBytes = ({ body, bytes: attached, capabilities }: Parcel): number =>
  messageBytes(body, attached) + capabilities.length * PASSED_BYTES;

/** The same, for what a parcel is yet to be made of. */
export const messageBytes = (body: string, attached: readonly Uint8Array[]): number => {
  let sum = body.length;
  for (const each of attached) sum += each.length;
  return sum;
};

const PASSED_BYTES = 128;

/** What an outgoing message says of its capabilities: one that is held, or an object that is served. */
export type Passed =
  readonly [kind: 0, selector: number] | readonly [kind: 1, object: number, service: string, native: boolean];

const Head = t.tuple([
  t.union([t.string, t.null]),
  t.array(t.union([t.tuple([t.literal(0), natural]), t.tuple([t.literal(1), natural, text, t.boolean])])),
]);

/** The head of an outgoing message. */
const MOST_HEAD_BYTES = 1 << 16;
/** Capabilities in one message. */
const MOST_PASSED = 256;

export interface Outgoing {
  readonly method: string | null;
  readonly passed: readonly Passed[];
  readonly body: string;
  readonly bytes: readonly Uint8Array[];
}

/** Reads what a component's library wrote; null where it did not write it. */
export const readOutgoing = (packet: string, attached: readonly Uint8Array[]): Outgoing | null => {
  const line = packet.indexOf("\n");
  if (line < 0 || line > MOST_HEAD_BYTES) return null;
  let head: unknown;
  try {
    head = JSON.parse(packet.slice(0, line));
  } catch {
    return null;
  }
  if (!Head.is(head)) return null;
  const [method, passed] = head;
  if (passed.length > MOST_PASSED) return null;
  return { method, passed, body: packet.slice(line + 1), bytes: attached };
};

/** A message as a component's library reads it. `head` goes before; `selectors` are those of its capabilities. */
export const writeIncoming = (
  head: readonly unknown[],
  { body, bytes: attached, capabilities }: Parcel,
  selectors: readonly number[],
): string | Uint8Array => {
  const given = capabilities.map(({ service, native }, i) => [selectors[i], service, native]);
  const line = JSON.stringify([...head, given, attached.map((each) => each.length)]);
  const packet = `${line}\n${body}`;
  if (attached.length === 0) return packet;
  const encoded = Buffer.from(packet);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(encoded.length);
  return new Uint8Array(Buffer.concat([length, encoded, ...attached]));
};

const BYTES = "\u0000";
const CAPABILITY = "\u0000c";

/** A capability among plain values. */
class Enclosed<T> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
}

/** The values of a parcel, for those who serve a contract of the library's own. */
export const valuesOf = (
  method: string,
  { body, bytes: attached }: Parcel,
): Either<SessionError, unknown> => {
  try {
    return E.right(
      JSON.parse(body, (_key, value: unknown) => {
        if (typeof value !== "object" || value === null) return value;
        const marked = value as Record<string, unknown>;
        // A forged mark names nothing, or what is no place in a list.
        if (Object.hasOwn(marked, BYTES)) return natural.is(marked[BYTES]) ? attached[marked[BYTES]] : null;
        if (Object.hasOwn(marked, CAPABILITY)) return new Enclosed(marked[CAPABILITY]);
        return value;
      }),
    );
  } catch {
    return E.left({
      tag: "InvalidArgument",
      method,
      place: "its message",
      expected: "JSON",
      actual: "something else",
    });
  }
};

/** A parcel of plain values, bytes among them. */
export const parcelOf = (values: unknown): Parcel => {
  const attached: Uint8Array[] = [];
  const body = JSON.stringify(values, function (this: Record<string, unknown>, key, value: unknown) {
    const original = this[key];
    return original instanceof Uint8Array ? { [BYTES]: attached.push(new Uint8Array(original)) - 1 } : value;
  });
  return { body: body ?? "null", bytes: attached, capabilities: [] };
};

/** A parcel that holds one capability and nothing else. */
export const parcelWith = (link: PassedLink): Parcel => ({
  body: JSON.stringify({ [CAPABILITY]: 0 }),
  bytes: [],
  capabilities: [link],
});
