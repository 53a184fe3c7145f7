// What domains and the home of a shared dataspace say to each other. The home has the content that counts, and the
// order of all differences; a domain that has it attached holds a copy. All of it goes the way of the calls between
// children, in order: what was written before a call is there before the call is served.
import * as t from "io-ts";
import { bytes, natural, struct, text } from "../../lib/codec.ts";
import type { SessionError } from "../../lib/error.ts";
import { PlaceRecord } from "./dataspace-place.ts";

/** A dataspace that goes along with a capability. */
export const SharedName = struct({ id: text, bytes: natural });
export type SharedName = t.TypeOf<typeof SharedName>;

/** A domain's copy, as a snapshot keeps it; the content is kept beside it. */
export const SharedCopy = struct({ id: text, place: PlaceRecord }, {}, "SharedCopy");
export type SharedCopy = t.TypeOf<typeof SharedCopy>;

/** What a snapshot keeps of a dataspace that another child handed over. */
export const HeldCopy = struct(
  {
    id: text,
    copy: t.union([
      t.null,
      struct({
        place: PlaceRecord,
        /** The content, deflated; null where the machine's memory tells it. */
        deflated: t.union([bytes, t.null]),
      }),
    ]),
  },
  {},
  "HeldCopy",
);

export type SharedFromDomain =
  /** Whoever allocated it, and has a copy as long as it is there, is about to hand it over for the first time. */
  | { readonly kind: "share"; readonly dataspace: string; readonly content: Uint8Array }
  /** Wants a copy, and all differences from then on; or no more. */
  | { readonly kind: "fetch" | "leave"; readonly dataspace: string }
  /** A turn has changed it. */
  | { readonly kind: "differ"; readonly dataspace: string; readonly difference: Uint8Array }
  | { readonly kind: "free"; readonly dataspace: string }
  /** So many bytes of differences have taken their place in turns. */
  | { readonly kind: "digested"; readonly bytes: number }
  /** A frozen domain takes its copy along, which stands at `number`. */
  | { readonly kind: "rest"; readonly dataspace: string; readonly number: number }
  /** After a revival: the copy of the past. `own`: it was allocated there. */
  | {
      readonly kind: "rejoin";
      readonly dataspace: string;
      readonly own: boolean;
      readonly place: PlaceRecord;
      readonly content: Uint8Array;
    };

export type SharedToDomain =
  | {
      readonly kind: "fetched";
      readonly dataspace: string;
      readonly error: SessionError | null;
      readonly place: PlaceRecord;
      readonly content: Uint8Array;
    }
  /** The oldest of the domain's own differences without an answer has its place in the order; null where the domain
   *  has no part in it any more. */
  | { readonly kind: "taken"; readonly dataspace: string; readonly number: number | null }
  /** Another's has; or a copy that came back has brought something along, and the home is now at `place`. */
  | {
      readonly kind: "changed";
      readonly dataspace: string;
      readonly number: number;
      readonly difference: Uint8Array;
      readonly place: PlaceRecord | null;
    }
  | { readonly kind: "gone"; readonly dataspace: string }
  /** What a copy of the past has missed. */
  | {
      readonly kind: "rejoined";
      readonly dataspace: string;
      readonly error: SessionError | null;
      readonly place: PlaceRecord;
      readonly difference: Uint8Array | null;
      /** It had gone a way of its own meanwhile, which is given up. */
      readonly strange: boolean;
    };
