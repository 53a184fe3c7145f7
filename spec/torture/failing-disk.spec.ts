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
});
