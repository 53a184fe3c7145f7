// What a checkpoint of a durable host says beside memory and registers: the snapshot, and what the records that come
// after it are to be understood by. It lies in the store as CBOR.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { tryEncode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import { imageProse } from "../image/image-error.ts";

const Code = struct({ file: text, hash: text, sourceMap: t.string });

export const KeptRecord = struct(
  {
    format: t.literal(1),
    /** As a capture took it down; its own codec checks it when it is used. */
    snapshot: t.unknown,
    /** The incarnation's number in the journal, and how many of its records are part of the snapshot. */
    incarnation: natural,
    sequence: natural,
    /** From which its turns' seeds came: 32 bits. */
    secret: t.number,
    /** How many names it has given. */
    names: natural,
    /** Routes by which it was started, as data, and the quota. */
    routes: t.array(t.UnknownRecord),
    quota: struct({ ram: natural, caps: natural }),
    code: Code,
  },
  {
    /** The number of the journal's file that the records after it begin in, as some hosts have noted it. */
    file: natural,
  },
  "KeptRecord",
);
export type KeptRecord = t.TypeOf<typeof KeptRecord>;

/** The bytes of a record; or why it has none. */
export const encodeKept = (record: KeptRecord): Either<string, Uint8Array> =>
  E.mapLeft(imageProse)(tryEncode(record, "the checkpoint's record"));

/** The record that the bytes are; or what is wrong with them. */
export const decodeKept = (bytes: Uint8Array): Either<string, KeptRecord> => {
  const value = decode(bytes, "the checkpoint's record");
  if (E.isLeft(value)) return E.left(imageProse(value.left));
  const record = KeptRecord.decode(value.right);
  if (E.isRight(record)) return record;
  const place = (record.left[0]?.context ?? []).map(({ key }) => key).filter((key) => key !== "");
  return E.left(`${place.join(".") || "the record"} is not what a host writes`);
};
