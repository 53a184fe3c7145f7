// Law 1: replay inverts record, for random calls of each session type and for mixtures of all of them.
import * as fc from "fast-check";
import { assertReplayInvertsRecord, driver, scripts, TYPES } from "./replay.ts";

/** A script that begins with what most of its deeds need. */
const mixtures = scripts(...Object.values(TYPES).flat(), "unlinkNothing");

describe("law 1: replay inverts record", () => {
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await driver();
  });
  const point = fc.nat(140);
  for (const [type, names] of Object.entries(TYPES))
    it(`law 1: replay inverts record for random calls on ${type}`, () =>
      fc.assert(
        fc.asyncProperty(scripts(...names), point, (script, at) =>
          assertReplayInvertsRecord(bytecode, [[names[0]!], ...script], at),
        ),
        { numRuns: 40 },
      ));
  it("law 1: replay inverts record for random mixtures", () =>
    fc.assert(
      fc.asyncProperty(mixtures, point, (script, at) =>
        assertReplayInvertsRecord(bytecode, [["fs"], ["gate"], ["alloc", 9], ["thread", 5], ...script], at),
      ),
      { numRuns: 150 },
    ));
});
