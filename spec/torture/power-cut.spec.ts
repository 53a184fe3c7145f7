// Power cuts on a durable host: what was not synced of its journal, its store and its files is lost, or some of it, in
// any order; and it recovers from that, with the world of an uninterrupted run.
import { expect } from "chai";
import type { Step } from "./step.ts";
import { powerCuts, torture } from "./torture.ts";

const CAST = ["writer", "left", "right"];

const STEPS: readonly Step[] = [
  { what: "file write", when: "after", nth: 40 },
  { what: "journal sync", when: "before", nth: 25 },
  { what: "name given", when: "after", nth: 1 },
  // The power goes while LMDB writes.
  { what: "store commit", when: "after", nth: 3 },
  { what: "file write", when: "after", nth: 21 },
];

describe("a durable host whose power goes", () => {
  it("faults 2 and 3: at any step, with what was not synced lost, torn or reordered, nothing is lost and nothing twice", async () => {
    const { wrong } = await torture({ lives: powerCuts(STEPS.length, 5, STEPS), cast: CAST });
    expect(wrong).deep.equal([]);
  }).timeout(120_000);
});
