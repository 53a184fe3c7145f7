// How long a child stands still for a checkpoint that takes up what changed since the last one, against copying all of
// its memory.
import { E } from "../lib/fp.ts";
import { capture, resume } from "../runtime/checkpoint/capture.ts";
import { checkpointProse } from "../runtime/checkpoint/checkpoint-error.ts";
import { refreshCopy, roomFor } from "../runtime/durable/last-copy.ts";
import { storePageBytes } from "../runtime/durable/store/page-set.ts";
import type { Bench } from "./bench.ts";
import { holding } from "./holding.ts";
import { sideBySide } from "./side-by-side.ts";

const MEGABYTES = 64;
/** One page in so many. */
const CHANGED = 100;

export const incrementalBench: Bench = {
  name: "pause, 1 % of 64 MB changed",
  async run({ engine, base, rounds }) {
    const { domain } = await holding(engine, base, MEGABYTES * 1_000_000);
    const { machine } = domain;
    const last = roomFor(machine.size);
    machine.state.copyTo(last);
    const other = roomFor(machine.size);
    const first = base.memory.length / storePageBytes;
    const pages = Math.floor((machine.size - base.memory.length) / storePageBytes);
    let round = 0;
    const row = await sideBySide({
      name: "pause, 1 % of 64 MB changed",
      unit: "ms",
      async ours() {
        round++;
        const { bytes } = machine;
        let written = 0;
        for (let page = round % CHANGED; page < pages - 1; page += CHANGED, written++)
          bytes[(first + page) * storePageBytes + (round % storePageBytes)]! += 1;
        let found = 0;
        const captured = await capture(domain, {
          deadline: 1000,
          into: () => last,
          copy(of, memory) {
            found = refreshCopy(of, memory, last.length).size;
          },
        });
        if (E.isLeft(captured)) throw new Error(checkpointProse(captured.left));
        resume(domain);
        if (found < written) throw new Error(`${found} of ${written} pages were found`);
        return captured.right.pauseMs;
      },
      against: "copying the same bytes",
      theirs() {
        const began = performance.now();
        other.set(machine.bytes);
        return performance.now() - began;
      },
      target: { of: "ratio", bound: "at most", limit: 1.5 },
      rounds: rounds * 5,
      warmUp: 5,
    });
    await domain.release();
    return row;
  },
};
