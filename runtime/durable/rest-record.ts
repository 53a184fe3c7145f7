// What a durable host remembers of a child that rests, beside its checkpoint: what would bring it back, and enough to
// know whether it still rests. It is small, so that a host of very many reads all of them and no checkpoint.
import * as t from "io-ts";
import { duration, natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { Alarm } from "../checkpoint/alarms.ts";
import { tryEncode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import { imageProse } from "../image/image-error.ts";

export const RestRecord = struct(
  {
    format: t.literal(1),
    identity: text,
    generation: natural,
    /** The incarnation's number in the journal, and how many of its records are part of the checkpoint. */
    incarnation: natural,
    sequence: natural,
    alarms: t.array(Alarm),
    /** What the component's own clock showed, and for how long there had been a host then, in ms. */
    elapsed: duration,
    uptime: duration,
    /** SHA-256 of what its entry and its host gave it; where that has changed it does not go on unasked. */
    terms: text,
    /** SHA-256 of its code. */
    hash: t.string,
  },
  {},
  "RestRecord",
);
export type RestRecord = t.TypeOf<typeof RestRecord>;

/** The bytes of a record; or why it has none. */
export const encodeRest = (record: RestRecord): Either<string, Uint8Array> =>
  E.mapLeft(imageProse)(tryEncode(record, "the record of a child at rest"));

/** The record that the bytes are; null where they are none. */
export const decodeRest = (bytes: Uint8Array): RestRecord | null => {
  const value = decode(bytes, "the record of a child at rest");
  if (E.isLeft(value)) return null;
  const record = RestRecord.decode(value.right);
  return E.isRight(record) ? record.right : null;
};
