// The nearest right word: one slip of each kind is forgiven, another word is not.

import { expect } from "chai";
import * as fc from "fast-check";
import { didYouMean, nearest, oneOf } from "../runtime/nearest.ts";

const WORDS = ["image", "child", "within", "File_system", "directory", "log"];

describe("the nearest right word", () => {
  for (const [wrong, right] of [
    ["imge", "image"],
    ["imaage", "image"],
    ["imqge", "image"],
    ["imgae", "image"],
    ["IMAGE", "image"],
    ["filesystem", "File_system"],
    ["file-system", "File_system"],
    ["dir", "directory"],
    ["lag", "log"],
    ["wihtin", "within"],
    ["entirely", null],
    ["", null],
    ["x", null],
  ] as const)
    it(`${JSON.stringify(wrong)} ${right === null ? "is near to nothing" : `is meant to be ${right}`}`, () => {
      expect(nearest(wrong, WORDS)).to.equal(right);
    });

  it("takes the nearer of two, and the earlier of two as near", () => {
    expect(nearest("counter3", ["counter12", "counter1", "counter2"])).to.equal("counter1");
    expect(nearest("read", ["reed", "read"])).to.equal("read");
  });

  it("finds every word from itself with two neighbours swapped", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,12}$/), fc.nat(), (word, seed) => {
        const at = seed % (word.length - 1);
        const swapped = word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
        expect(nearest(swapped, [word])).to.equal(word);
      }),
    );
  });

  it("words the end of a message", () => {
    expect(didYouMean("image")).to.equal('; did you mean "image"?');
    expect(didYouMean(null)).to.equal("");
    expect([oneOf([]), oneOf(["a"]), oneOf(["a", "b"]), oneOf(["a", "b", "c"])]).to.deep.equal([
      "none",
      "a",
      "a or b",
      "a, b or c",
    ]);
  });

  it("does not look at words that nobody spells", () => {
    expect(nearest("x".repeat(1_000_000), ["x"])).to.equal(null);
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
