// V8 is asked to be late with good code while a module is compiled, and is as it was before and after that.
import { cachedDataVersionTag } from "node:v8";
import { expect } from "chai";
import { tieringLate } from "../../runtime/engine/late-tiering.ts";

describe("engine: V8's good code comes late", () => {
  it("the flags are V8's own again, whose compiled code counts", () => {
    const before = cachedDataVersionTag();
    const meanwhile = tieringLate(cachedDataVersionTag);
    const after = cachedDataVersionTag();
    expect(after).to.equal(before);
    // Of another V8 its own choice is not known, and it is left alone.
    const isKnown = process.versions.v8.startsWith("11.3.");
    if (isKnown) expect(meanwhile).not.to.equal(before);
    else expect(meanwhile).to.equal(before);
  });

  it("the flags are V8's own again where compiling fails", () => {
    const before = cachedDataVersionTag();
    expect(() =>
      tieringLate(() => {
        throw new RangeError("no module");
      }),
    ).to.throw(RangeError, "no module");
    expect(cachedDataVersionTag()).to.equal(before);
  });
});
