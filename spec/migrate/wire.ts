// A link between two threads of migration in one process that can be made to fail at any frame: cut, stalled, half open,
// or with two frames in the wrong order.
import { Duplex } from "node:stream";
import { FrameCutter, frameHead } from "../../runtime/migrate/frame.ts";

/** `cut`: both ends see the end. `stall`: nothing arrives any more, and nobody hears why. `half`: in this direction only.
 *  `swap`: the frame comes after the one that follows it. */
export type Failure = "cut" | "stall" | "half" | "swap";
export const FAILURES: readonly Failure[] = ["cut", "stall", "half", "swap"];

export interface Fault {
  /** 0: what the caller says; 1: what it is told. */
  readonly direction: 0 | 1;
  /** The frame's number in this direction, from 0. */
  readonly frame: number;
  readonly failure: Failure;
}

export interface Wire {
  readonly ends: readonly [Duplex, Duplex];
  /** Frames that have been said, in each direction. */
  readonly said: readonly [number, number];
  /** What was said in each direction, frame by frame. */
  readonly frames: readonly [Buffer[], Buffer[]];
  /** Whether the fault has come about. */
  readonly struck: boolean;
  /** In which directions what is said is under way for as long as it is so. */
  slow: readonly (0 | 1)[];
}

export const makeWire = (fault: Fault | null): Wire => {
  const said: [number, number] = [0, 0];
  const frames: [Buffer[], Buffer[]] = [[], []];
  const state = { struck: false, dead: [false, false] as [boolean, boolean], held: null as Buffer | null };
  const ends: Duplex[] = [];
  let slow: readonly (0 | 1)[] = [];
  const underWay: [Buffer[], Buffer[]] = [[], []];
  const deliver = (direction: 0 | 1, bytes: Buffer): void => {
    if (slow.includes(direction)) underWay[direction].push(bytes);
    else arrive(direction, bytes);
  };
  const arrive = (direction: 0 | 1, bytes: Buffer): void => {
    if (!state.dead[direction] && !ends[1 - direction]!.destroyed) ends[1 - direction]!.push(bytes);
  };
  const cut = (): void => {
    for (const end of ends) if (!end.destroyed) end.destroy();
  };
  const hear = (direction: 0 | 1, bytes: Buffer): void => {
    const number = said[direction]++;
    frames[direction].push(bytes);
    if (fault?.direction === direction && fault.frame === number) {
      state.struck = true;
      if (fault.failure === "cut") return cut();
      if (fault.failure === "stall") state.dead = [true, true];
      if (fault.failure === "half") state.dead[direction] = true;
      if (fault.failure === "swap") {
        state.held = bytes;
        return;
      }
    }
    deliver(direction, bytes);
    if (state.held === null || fault?.direction !== direction) return;
    deliver(direction, state.held);
    state.held = null;
  };
  for (const direction of [0, 1] as const) {
    const cutter = new FrameCutter();
    ends.push(
      new Duplex({
        read() {},
        write(chunk: Buffer, _encoding, done) {
          const whole = cutter.push(Buffer.from(chunk));
          if ("tag" in whole) throw new Error("an oversized frame");
          for (const { header, body } of whole)
            hear(direction, Buffer.concat([frameHead(header, body.length), body]));
          setImmediate(done);
        },
        final(done) {
          const other = ends[1 - direction]!;
          if (!state.dead[direction] && !other.destroyed) other.push(null);
          done();
        },
        destroy(error, done) {
          const other = ends[1 - direction]!;
          if (!state.dead[direction] && !other.destroyed) setImmediate(() => other.destroy());
          done(error);
        },
      }),
    );
  }
  return {
    ends: [ends[0]!, ends[1]!],
    said,
    frames,
    get struck() {
      return state.struck;
    },
    get slow() {
      return slow;
    },
    set slow(next) {
      slow = next;
      for (const direction of [0, 1] as const)
        if (!slow.includes(direction))
          for (const each of underWay[direction].splice(0)) arrive(direction, each);
    },
  };
};
