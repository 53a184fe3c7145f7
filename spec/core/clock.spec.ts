// A protection domain's own clock: it goes on where it stood, and never backwards.
import { expect } from "chai";
import * as fc from "fast-check";
import { Clock } from "../../runtime/core/clock.ts";
import { VirtualClock } from "../domain/virtual-clock.ts";

describe("clock", () => {
  it("shows what had elapsed, and what has passed since", () => {
    const power = new VirtualClock();
    power.now = 5000;
    const clock = new Clock(power, 40);
    expect(clock.elapsed()).equal(40);
    power.advance(7);
    expect(clock.elapsed()).equal(47);
  });

  it("fault 34: never runs backwards, whatever its source does, over any number of incarnations", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.boolean())), (steps) => {
        const power = new VirtualClock();
        let clock = new Clock(power, 0);
        let last = 0;
        for (const [by, revived] of steps) {
          power.now += by;
          if (revived) clock = new Clock(power, clock.elapsed());
          expect(clock.elapsed()).least(last);
          last = clock.elapsed();
        }
      }),
    );
  });
});
