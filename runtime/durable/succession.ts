// A note of succession: an incarnation says, as its first word in the journal, whom it follows and how it begins. With
// the former one's checkpoint and records that is as good as a checkpoint of its own, and costs one record instead of a
// memory: the memory follows, because what a machine becomes follows from what entered it. Its own checkpoint can
// come later. See docs/decisions/succession.md.
import * as t from "io-ts";
import { natural, struct } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { tryEncode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import { imageProse } from "../image/image-error.ts";

export const Succession = struct(
  {
    format: t.literal(1),
    /** Whom it follows, and after how many of that one's records: these are needed until it has a checkpoint. */
    former: natural,
    after: natural,
    /** What there is of it beside its memory, which is what the former one's was then: as in `KeptRecord`. */
    generation: natural,
    incarnation: natural,
    sequence: natural,
    snapshot: t.unknown,
    secret: t.number,
    names: natural,
    routes: t.array(t.UnknownRecord),
    quota: struct({ ram: natural, caps: natural }),
  },
  {},
  "Succession",
);
export type Succession = t.TypeOf<typeof Succession>;

/** So many follow one another without a checkpoint at most: each is run again by the next host. */
export const MOST_SUCCESSIONS = 4;
/** And so many records of theirs: twice as many as a checkpoint is due after at most, because it comes a little later. */
export const MOST_FOLLOWED_RECORDS = 4000;

/** Null where it holds something that can't be written down so. */
export const encodeSuccession = (succession: Succession): Uint8Array | null => {
  const encoded = tryEncode(succession, "the note of succession");
  return E.isRight(encoded) ? encoded.right : null;
};

/** What the bytes say, or what is wrong with them. */
export const decodeSuccession = (bytes: Uint8Array): Either<string, Succession> => {
  const value = decode(bytes, "the note of succession");
  if (E.isLeft(value)) return E.left(imageProse(value.left));
  const succession = Succession.decode(value.right);
  return E.mapLeft(() => "the note of succession is not what a host writes")(succession);
};
