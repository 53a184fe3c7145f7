// How long a child stands still for a freeze to memory, against copying as many bytes.
import { E } from "../lib/fp.ts";
import { capture, resume } from "../runtime/checkpoint/capture.ts";
import { checkpointProse } from "../runtime/checkpoint/checkpoint-error.ts";
import type { Bench } from "./bench.ts";
import { holding } from "./holding.ts";
import { sideBySide } from "./side-by-side.ts";

/** A buffer as the host keeps one for captures: shared with the shard, and touched. */
const kept = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes)).fill(1);

const freezeBench = (megabytes: number): Bench => ({
  name: `pause of a freeze, ${megabytes} MB`,
  async run({ engine, base, rounds }) {
    const { domain } = await holding(engine, base, megabytes * 1_000_000);
    const { size } = domain.machine;
    const staging = kept(size);
    const copy = kept(size);
    const row = await sideBySide({
      name: `pause of a freeze, ${megabytes} MB`,
      unit: "ms",
      async ours() {
        const captured = await capture(domain, { deadline: 1000, into: () => staging });
        if (E.isLeft(captured)) throw new Error(checkpointProse(captured.left));
        resume(domain);
        return captured.right.pauseMs;
      },
      against: "copying the same bytes",
      theirs() {
        const began = performance.now();
        copy.set(domain.machine.bytes);
        return performance.now() - began;
      },
      target: { of: "ratio", bound: "at most", limit: 2 },
      rounds: rounds * 5,
      warmUp: 5,
    });
    await domain.release();
    return row;
  },
});

export const freezeBenches: readonly Bench[] = [2, 16, 64].map(freezeBench);
