// The sweep of the store at leisure: it goes on until there is no more, and begins again when it is asked for again.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { Store } from "../../runtime/durable/store/store.ts";
import { LeisureSweep } from "../../runtime/host/leisure-sweep.ts";

describe("a sweep at leisure", function () {
  this.timeout(30_000);
  it("gives back a bounded number of chunks at a time until there are no more, and waits to be asked again", async () => {
    let left = 300;
    let over = (): void => {};
    const steps: number[] = [];
    const sweep: Store["sweep"] = (most = 1000) => {
      const chunks = Math.min(left, most);
      steps.push(chunks);
      left -= chunks;
      if (left === 0) over();
      return Promise.resolve(E.right({ chunks, bytes: 0, more: left > 0 }));
    };
    const leisure = new LeisureSweep({ sweep }, 10);
    // Unreferenced timers keep nobody alive.
    const alive = setInterval(() => {}, 1000);
    for (let round = 0; round < 2; round++) {
      const done = new Promise<void>((resolve) => (over = resolve));
      leisure.later();
      leisure.later();
      expect(steps.length).to.equal(round * 3);
      await done;
      left = 300;
    }
    clearInterval(alive);
    expect(Math.max(...steps)).to.be.below(300);
    expect(steps.reduce((sum, each) => sum + each, 0)).to.equal(600);
  });
});
