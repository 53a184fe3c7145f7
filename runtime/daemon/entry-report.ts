// An entry as `ps` shows it, and how that goes over the control socket.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";

/** `waiting`: for its first start. `resting`: it takes no memory until it is wanted. `stuck`: it faulted too often. `fenced`: a later incarnation has its place.
 *  `departed`: it went to another host. `in doubt`: it has come from another host, which has not said yet whose it is.
 *  `stranded`: it has, and is this host's, and can't live here as things are. */
export const EntryState = t.keyof({
  waiting: null,
  starting: null,
  running: null,
  resting: null,
  frozen: null,
  exited: null,
  faulted: null,
  killed: null,
  stuck: null,
  fenced: null,
  departed: null,
  "in doubt": null,
  stranded: null,
});
export type EntryState = t.TypeOf<typeof EntryState>;

const Carried = struct({ with: text, at: text, contact: t.boolean }, {}, "Carried");
export type Carried = t.TypeOf<typeof Carried>;

/** One line for people. */
export const carriedText = ({ with: other, at, contact }: Carried): string =>
  `sessions with ${other} are carried to ${at}, ${contact ? "in contact" : "which is out of contact: calls wait"}`;

const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null]);

export const EntryReport = struct(
  {
    name: text,
    state: EntryState,
    /** Incarnations so far; null where there was none. */
    generation: orNull(natural),
    /** Bytes of memory that it takes: as it says now, or where a turn of its thread does not end, as it was when it was
     *  taken down last; null where it does not live. */
    memory: orNull(natural),
    /** Sessions that it holds, likewise. */
    sessions: orNull(natural),
    /** When its state was last taken down, in ms since 1970, and the bytes of that; `image`: where, null: in the
     *  host's own store. */
    checkpoint: orNull(struct({ at: natural, image: orNull(text), bytes: natural })),
    /** How often it came back after a fault or a crash. */
    restarts: natural,
    /** So many faults within so many ms are forgiven; null: none is. */
    restart: orNull(struct({ most: natural, within: natural })),
    /** Whether its component is other code now than what runs; null where nothing runs. */
    changed: orNull(t.boolean),
    /** Its exit code, where it exited. */
    code: orNull(t.number),
    /** Why it is in this state, where there is more to say. */
    reason: orNull(t.string),
    /** It is no longer in the file. */
    dropped: t.boolean,
    /** When it came into this state, in ms since 1970. */
    since: natural,
    /** Components on other hosts that it has sessions with: whom, at which peer, and whether that is in contact. */
    carried: t.readonlyArray(Carried),
  },
  {},
  "EntryReport",
);
export type EntryReport = t.TypeOf<typeof EntryReport>;

/** What `ps` is answered. */
export const HostReport = struct(
  {
    host: text,
    pid: natural,
    /** The file that it was started with, absolute. */
    file: text,
    entries: t.array(EntryReport),
  },
  {},
  "HostReport",
);
export type HostReport = t.TypeOf<typeof HostReport>;
