// Bytecode that a thread keeps: found by its key, within a bound, the least recently used gone first.
import { expect } from "chai";
import { BytecodeCache } from "../../runtime/shard/bytecode-cache.ts";

const MEGABYTE = 1 << 20;

describe("shard: the bytecode cache", () => {
  it("finds what it was given, and nothing else", () => {
    const cache = new BytecodeCache();
    const bytecode = new Uint8Array([1, 2, 3]);
    expect(cache.find("a")).to.equal(null);
    cache.keep("a", bytecode);
    expect(cache.find("a")).to.equal(bytecode);
    expect(cache.find("b")).to.equal(null);
  });

  it("lets go of the least recently used when it is full", () => {
    const cache = new BytecodeCache();
    for (const key of ["a", "b", "c", "d"]) cache.keep(key, new Uint8Array(4 * MEGABYTE));
    cache.find("a");
    cache.keep("e", new Uint8Array(4 * MEGABYTE));
    expect(["a", "b", "c", "d", "e"].filter((key) => cache.find(key) !== null)).to.deep.equal([
      "a",
      "c",
      "d",
      "e",
    ]);
  });

  it("keeps nothing that is larger than all it may hold, and counts nothing twice", () => {
    const cache = new BytecodeCache();
    cache.keep("small", new Uint8Array(MEGABYTE));
    for (let i = 0; i < 100; i++) cache.keep("small", new Uint8Array(MEGABYTE));
    cache.keep("huge", new Uint8Array(17 * MEGABYTE));
    expect(cache.find("huge")).to.equal(null);
    expect(cache.find("small")).to.have.length(MEGABYTE);
  });
});
