// What a host remembers of those who left, when it is told of a decision once more.
import { expect } from "chai";
import { departedRecord } from "../../runtime/daemon/departed-record.ts";
import { UNBORN, type EntryRecord } from "../../runtime/daemon/entry-record.ts";

const IDENTITY = "6c1f0a52-0d3f-4d52-9a3e-3b1f2f0f7a10";
const LEAVER = { name: "counter", identity: IDENTITY, generation: 7 };
const HOW = { state: "departed", reason: "it went to west" } as const;

const living = (generation: number, identity = IDENTITY): EntryRecord => ({
  ...UNBORN,
  ...{ state: "alive", identity, generation },
});

describe("daemon: the record of one that has left", () => {
  it("says so, of the incarnation that left, or of an earlier one that is remembered yet", () => {
    for (const generation of [7, 5])
      expect(departedRecord(living(generation), LEAVER, HOW)).to.include({ ...HOW, identity: null });
  });

  it("law 5: does not say so of one that has come back, whose departure was never confirmed", () => {
    expect(departedRecord(living(8), LEAVER, HOW)).to.equal(null);
  });

  it("says nothing of another one of that name", () => {
    const other = "6c1f0a52-0d3f-4d52-9a3e-3b1f2f0f7a11";
    expect(departedRecord(living(7, other), LEAVER, HOW)).to.equal(null);
  });
});
