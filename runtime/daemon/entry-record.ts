// What a state directory remembers of a child, for the time when nobody is there: whether it has ended and how, or is
// frozen, or lives.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";

const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null]);

export const EntryRecord = struct(
  {
    /** `alive`: it lives while a host is there, and comes back with it. `departed`: it went to another host. */
    state: t.keyof({
      ...{
        alive: null,
        frozen: null,
        exited: null,
        faulted: null,
        killed: null,
        stuck: null,
        departed: null,
      },
      /** A later incarnation has taken its place elsewhere. What is left of it is kept for whoever wants to know. */
      fenced: null,
    }),
    /** Whose incarnation it is, where the host keeps it; null where it does not. */
    identity: orNull(text),
    /** The image that it is in, below the state directory or absolute; null: it is in none, but kept by the host. */
    image: orNull(text),
    /** That image is another child's: it comes back with an identity of its own. */
    clone: t.boolean,
    /** SHA-256 of its code. */
    hash: text,
    generation: natural,
    /** Its exit code, where it exited. */
    code: orNull(t.number),
    /** Why it faulted. */
    reason: orNull(t.string),
    /** The last image that was asked for: when it was made, in ms since 1970, where, and its bytes. */
    checkpoint: orNull(struct({ at: natural, image: text, bytes: natural })),
    /** How often it came back after a fault or a crash. */
    restarts: natural,
    /** When it faulted lately, in ms since 1970. */
    faults: t.array(natural),
    /** When it came into its state, in ms since 1970. */
    since: natural,
  },
  {
    /** The public key of the host that it was given to in a container, which is not this host's to revive any more. */
    given: text,
    /** SHA-256 of the image that it is in: another one in its place is an older one, or somebody else's. */
    digest: text,
    /** Nothing that it was told brought it down: its host stopped it. */
    stopped: t.literal(true),
  },
  "EntryRecord",
);
export type EntryRecord = t.TypeOf<typeof EntryRecord>;

/** Of a child that has never been. */
export const UNBORN: EntryRecord = {
  state: "killed",
  identity: null,
  image: null,
  clone: false,
  hash: "",
  generation: 0,
  code: null,
  reason: null,
  checkpoint: null,
  restarts: 0,
  faults: [],
  since: 0,
};
