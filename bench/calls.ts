// Intercepted calls a second, of one child, against bare promise round trips with the same payload.
import { MachinePool } from "../runtime/engine/pool.ts";
import { BareEngine } from "./bare-engine.ts";
import type { Bench } from "./bench.ts";
import { startDomain } from "./driven-domain.ts";
import { sideBySide } from "./side-by-side.ts";
import { SinkEnd } from "./sink-end.ts";
import { powersFor } from "./surroundings.ts";

/** Calls of one measurement, some 25 ms: short, so that what else the machine does hits both sides alike. */
const CALLS = 5_000;
/** Measurements a round. */
const OFTEN = 10;
const QUOTA = { ram: 16 << 20, caps: 100 };

const perSecond = (calls: number, since: number): number => (calls * 1000) / (performance.now() - since);

const callsBench = (payload: string, bytes: number, flights: number): Bench => {
  const name = `calls, ${payload}, ${flights === 1 ? "one at a time" : `${flights} at a time`}`;
  return {
    name,
    async run({ engine, base, rounds }) {
      const sink = new SinkEnd();
      const domain = await startDomain({
        component: "caller",
        spec: { name: "caller", label: "init -> caller", quota: QUOTA, turn: 3000 },
        powers: powersFor(sink, { bytes, flights }),
        base,
        pool: new MachinePool(engine),
      });
      const bare = new BareEngine(engine, bytes, flights);
      const row = await sideBySide({
        name,
        unit: "calls/s",
        async ours() {
          const began = performance.now();
          await new Promise<void>((resolve) => {
            sink.after(CALLS, () => {
              domain.hold();
              resolve();
            });
            domain.go();
          });
          return perSecond(CALLS, began);
        },
        against: "bare promise round trips",
        theirs() {
          const began = performance.now();
          return perSecond(bare.run(CALLS), began);
        },
        target: { of: "ratio", bound: "at least", limit: 0.5, aim: 0.7 },
        rounds: rounds * OFTEN,
        warmUp: OFTEN,
      });
      await domain.release();
      return row;
    },
  };
};

export const callBenches: readonly Bench[] = [
  callsBench("100 bytes", 100, 1),
  callsBench("100 bytes", 100, 16),
  callsBench("64 KiB", 65536, 1),
  callsBench("64 KiB", 65536, 16),
];
