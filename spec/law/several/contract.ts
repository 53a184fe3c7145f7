// What the peers of the laws for several children are to one another.
import * as t from "io-ts";
import { bytes, capability, Dataspace, File, method, session, Timer } from "cryonode";

const done = t.string;

/** An object that a peer hands out or passes along. */
export const Listener = session("Listener", {
  heard: method({ args: t.tuple([t.string]), result: done }),
});

/** An object of a peer's own that keeps a figure. */
export const Tally = session("Tally", {
  next: method({ args: t.tuple([t.string]), result: done }),
});

/** The part of a peer that others may be handed. */
const Adder = {
  add: method({ args: t.tuple([t.string, t.number]), result: done }),
  slow: method({ args: t.tuple([t.string, t.number]), result: done }),
};

const One = session("Peer", Adder);

export const Peer = session("Peer", {
  ...Adder,
  fail: method({ args: t.tuple([t.string]), result: done }),
  echo: method({ args: t.tuple([t.string, bytes]), result: t.tuple([t.string, bytes]) }),
  /** Calls the listener `n` times. */
  call: method({ args: t.tuple([t.string, capability(Listener), t.number]), result: done }),
  /** Keeps a listener, and calls it. */
  keep: method({ args: t.tuple([t.string, capability(Listener)]), result: done }),
  tell: method({ args: t.tuple([t.string, t.number]), result: done }),
  /** Calls another peer by the caller's session. */
  use: method({ args: t.tuple([t.string, capability(One), t.number, t.boolean]), result: done }),
  /** Keeps that session, calls by it, hands it on to a third. */
  hold: method({ args: t.tuple([t.string, capability(One)]), result: done }),
  useHeld: method({ args: t.tuple([t.string, t.number, t.boolean]), result: done }),
  passHeld: method({ args: t.tuple([t.string, t.number, t.string]), result: done }),
  /** Writes to the caller's file. */
  write: method({ args: t.tuple([t.string, capability(File)]), result: done }),
  sleep: method({ args: t.tuple([t.string, capability(Timer), t.number]), result: done }),
  make: method({ args: t.tuple([t.string]), result: t.type({ tally: capability(Tally) }) }),
  /** Its dataspace, of which each peer has bytes of its own. */
  space: method({ args: t.tuple([t.string]), result: capability(Dataspace) }),
  /** What it sees there. */
  look: method({ args: t.tuple([t.string, t.number]), result: done }),
  /** Writes to another's dataspace, for the caller. */
  poke: method({ args: t.tuple([t.string, capability(Dataspace), t.number, t.number]), result: done }),
});
