// Timer: time as the component knows it. Its monotonic clock stands still while it is frozen.
import * as t from "io-ts";
import { args, duration } from "../codec.ts";
import { method, session, type Client } from "../contract.ts";

export const Timer = session(
  "Timer",
  {
    /** Resolves after `ms` milliseconds. Frozen in between, it keeps its remaining time, or its wall-clock
     *  deadline where the route says `deadline: wall`. */
    sleep: method({ args: args([duration]), result: t.void, inFlight: "reissue" }),
    /** Milliseconds since the component began; never backwards, across every revival. */
    elapsed: method({ args: args([]), result: t.number }),
    /** Wall-clock milliseconds since 1970. */
    now: method({ args: args([]), result: t.number }),
  },
  {
    guest: {
      /** Ticks every `ms` milliseconds, yielding the tick's number from 1. A slow consumer misses none. */
      async *periodic(ms: number): AsyncGenerator<number, void, void> {
        const start = await this.elapsed();
        for (let tick = 1; ; tick++) {
          const left = start + tick * ms - (await this.elapsed());
          await this.sleep(left > 0 ? left : 0);
          yield tick;
        }
      },
    },
  },
);

export type Timer = Client<typeof Timer>;
