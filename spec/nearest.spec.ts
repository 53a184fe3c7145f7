import { expect } from "chai";
import * as fc from "fast-check";
import { didYouMean, nearest } from "../runtime/nearest.ts";

describe("the nearest right word", () => {
  it("forgives a slip of the fingers, a swap and the wrong case", () => {
    const words = ["component", "config", "routes", "ram"];
    expect(nearest("componet", words)).to.equal("component");
    expect(nearest("ruotes", words)).to.equal("routes");
    expect(nearest("RAM", words)).to.equal("ram");
  });

  it("offers nothing where nothing is near", () => {
    expect(nearest("entirely", ["component", "ram"])).to.equal(null);
    expect(nearest("x".repeat(1_000_000), ["x"])).to.equal(null);
    expect(didYouMean(null)).to.equal("");
  });

  it("is the word itself where it is among them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1 }),
        fc.nat(),
        (words, n) => {
          const word = words[n % words.length]!;
          expect(nearest(word, words)?.toLowerCase()).to.equal(word.toLowerCase());
        },
      ),
    );
  });
});
