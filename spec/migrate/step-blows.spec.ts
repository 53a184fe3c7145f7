// Kills between the steps that two durable hosts take on their disks in the course of a migration, and once more while
// the one that was killed recovers. All of them are the torture's: `npm run torture -- --migrate --steps`.
import { expect } from "chai";
import { Torturer } from "./step-blows.ts";
import { traveling } from "./traveler.ts";
import { onTwoProcesses } from "./two-processes.ts";

describe("two durable hosts that are killed between two steps", () => {
  it("law 3, fault 38: go on with it in one place, and all that it holds outside is as if it had never moved", async function () {
    this.timeout(240_000);
    const travel = await traveling();
    try {
      await onTwoProcesses(async (two) => {
        const torturer = new Torturer(two, travel);
        expect(await torturer.settle()).to.equal("here");
        // It has decided, and its record does not say so yet; and once more while it writes that down.
        const decided = { what: "record renamed", when: "before", nth: 1 } as const;
        const again = { what: "record renamed", when: "before", nth: 2 } as const;
        expect(await torturer.atStep("source", decided, again), "the source came to it").to.equal(true);
        // What comes is in its store; whose it is, is not said yet.
        const staged = { what: "store commit", when: "after", nth: 2 } as const;
        expect(await torturer.atStep("sink", staged), "the sink came to it").to.equal(true);
      }, travel.world)();
    } finally {
      travel.close();
    }
  });
});
