// Law 2, in one process: every component of the repository, frozen and revived at every turn boundary.
import { expect } from "chai";
import * as fc from "fast-check";
import { outputsOf } from "../domain/harness.ts";
import { programOf } from "../domain/program.ts";
import { subjects } from "./subject.ts";
import { driver, scripts, TYPES } from "./replay.ts";
import { assertTransparent } from "./transparency.ts";

describe("law 2: transparency", () => {
  for (const { name, file, options, ends } of subjects())
    it(`law 2: ${name} does the same, frozen nowhere, anywhere and everywhere`, async () => {
      await assertTransparent(await programOf(file), options, ends);
    });

  it("law 2: random calls of all kinds do the same, frozen at every point or at every few", async () => {
    const bytecode = await driver();
    await fc.assert(
      fc.asyncProperty(scripts(...Object.values(TYPES).flat()), fc.nat(3), async (script, gap) => {
        const options = {
          config: [["fs"], ["gate"], ["alloc", 9], ["thread", 5], ...script],
          files: { data: { a: "some text", b: "" } },
          gates: ["line"],
          roms: { input: "first" },
        };
        const straight = await outputsOf(bytecode, options);
        const frozen = await outputsOf(bytecode, options, (point) => point % (gap + 1) === 0);
        expect(frozen).deep.equal(straight);
      }),
      { numRuns: 40 },
    );
  });
});
