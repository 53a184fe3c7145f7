// Fault 4 on a durable host: its disk refuses a write or a sync now and then, the journal's.
import { expect } from "chai";
import { torture } from "./torture.ts";
import type { StepName } from "./step.ts";
import type { LifeOptions } from "./life.ts";

const CAST = ["writer", "left", "right"];

const failing = (what: StepName, code: "ENOSPC" | "EIO", nth: number, times: number): LifeOptions => ({
  fail: { what, code, nth, times },
  bySaying: /can be written again/,
  killAfter: 200,
});

describe("a durable host whose disk fails", () => {
  it("fault 4: no space or an I/O error at a write or a sync of the journal: all go on, nothing is lost", async () => {
    const lives = [
      failing("journal append", "ENOSPC", 4, 3),
      failing("journal sync", "EIO", 5, 1),
      failing("journal append", "EIO", 9, 1),
    ];
    const { wrong, missed } = await torture({ lives, cast: CAST });
    expect(wrong).deep.equal([]);
    expect(missed).deep.equal([]);
  }).timeout(120_000);

  // What a failed sync was to bring there is never there, whatever a later one says: the power is cut to see it.
  it("faults 3 and 4: an I/O error at a sync of the components' files, and the power goes later: nothing is lost", async () => {
    const lives: readonly LifeOptions[] = [
      {
        fail: { what: "file sync", code: "EIO", nth: 3, times: 1 },
        ...{ bySaying: /(?:written|tried) again/, killAfter: 400 },
        ...{ powerCut: 8, traced: true, boot: "boot-0" },
      },
    ];
    const cast = ["left", "right", "tally"];
    const { wrong, missed } = await torture({ lives, cast, checkpoint: "{ turns: 60 }" });
    expect(wrong).deep.equal([]);
    expect(missed).deep.equal([]);
  }).timeout(120_000);
});
