// Law 6: quota is transferred, never made, and a refused request changes nothing.
import { expect } from "chai";
import * as fc from "fast-check";
import { assertQuotaConserved, bookkeeper, QUOTA_DEEDS } from "./quota.ts";
import { scripts } from "./replay.ts";

describe("law 6: quota is conserved", () => {
  it("law 6: figures equal a model's under random requests, refused ones included", async () => {
    const bytecode = await bookkeeper();
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(scripts(...QUOTA_DEEDS), async (script) => {
        refusals += await assertQuotaConserved(bytecode, script);
      }),
      { numRuns: 120 },
    );
    expect(refusals).greaterThan(50);
  });
});
