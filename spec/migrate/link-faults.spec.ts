// The link fails at every frame of a migration: the component goes on, in one place, with nothing lost or said twice.
import { expect } from "chai";
import { countFrames, suffer } from "./link-faults.ts";
import { openStage, type Stage } from "./two-hosts.ts";
import { FAILURES, type Fault } from "./wire.ts";

describe("a migration whose link fails", () => {
  let stage: Stage;
  let frames: readonly [number, number];
  before(async () => {
    stage = await openStage();
    frames = await countFrames(stage);
  });
  after(() => stage.close());

  it("says what its frames are", () => {
    // hello, receive, table, chunks, round, …, container, seal, released; hello, accepted, lacking, …, activated.
    expect(frames[0]).to.be.at.least(8);
    expect(frames[1]).to.be.at.least(6);
  });

  for (const direction of [0, 1] as const)
    it(`faults 37, 38 and 39: at every frame of ${direction === 0 ? "the source" : "the sink"}, cut, stalled, half open or reordered in turn, exactly one side runs`, async function () {
      this.timeout(120_000);
      const faults = Array.from({ length: frames[direction] }, (_, frame): Fault => ({
        direction,
        frame,
        failure: FAILURES[(frame + direction) % FAILURES.length]!,
      }));
      const { moved } = await suffer(stage, faults);
      expect(moved).to.be.lessThan(faults.length);
    });
});
