// Who has ended at a host, for those elsewhere who had to do with it.
import { expect } from "chai";
import { endedHere } from "../../runtime/daemon/ended-here.ts";
import { UNBORN, type EntryRecord } from "../../runtime/daemon/entry-record.ts";

const IDENTITY = "6c1f0a52-0d3f-4d52-9a3e-3b1f2f0f7a10";
const of = (state: EntryRecord["state"], identity: string | null = IDENTITY): EntryRecord => ({
  ...UNBORN,
  ...{ state, identity },
});

describe("daemon: whether one that came here has ended", () => {
  it("law 5: is so of one whose place a later incarnation has taken elsewhere: nobody waits for it for ever", () => {
    expect(endedHere(of("fenced"), IDENTITY)).to.equal(true);
    expect(endedHere(of("fenced", null), IDENTITY)).to.equal(true);
  });

  it("is so of one that is over, or in whose place another one is, and of none that may come back", () => {
    for (const state of ["exited", "faulted", "killed"] as const)
      expect(endedHere(of(state, null), IDENTITY)).to.equal(true);
    expect(endedHere(of("alive", "another"), IDENTITY)).to.equal(true);
    for (const state of ["alive", "frozen", "stuck", "departed"] as const)
      expect(endedHere(of(state), IDENTITY)).to.equal(false);
  });
});
