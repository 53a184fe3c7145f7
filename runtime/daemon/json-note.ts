// What a durable host writes down for the next one on its state directory, as JSON.
import type * as t from "io-ts";
import { E } from "../../lib/fp.ts";

const utf8 = new TextEncoder();

export const encodeNote = (note: unknown): Uint8Array => utf8.encode(JSON.stringify(note));

/** Null where it is not what a host writes. */
export const decodeNote = <A>(codec: t.Decoder<unknown, A>, bytes: Uint8Array): A | null => {
  try {
    const note = codec.decode(JSON.parse(Buffer.from(bytes).toString()));
    return E.isRight(note) ? note.right : null;
  } catch {
    return null;
  }
};
