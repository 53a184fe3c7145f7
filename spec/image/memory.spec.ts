import { deflateRawSync } from "node:zlib";
import { expect } from "chai";
import * as fc from "fast-check";
import { decodeMemory, encodeMemory, type EncodedMemory } from "../../runtime/image/memory.ts";
import { left, right } from "./either.ts";
import { base, changed, noise } from "./sample-image.ts";

const page = 65536;

/** The encoding with its first chunk replaced. */
const withChunk = (
  memory: EncodedMemory,
  chunk: Partial<EncodedMemory["chunks"][number]>,
): EncodedMemory => ({
  ...memory,
  chunks: memory.chunks.map((old, index) => (index === 0 ? { ...old, ...chunk } : old)),
});

describe("memory in chunks", () => {
  it("gives back any memory over any base, or none", () => {
    const size = fc.integer({ min: 1, max: 3 });
    const changes = fc.array(fc.tuple(fc.nat({ max: 3 * page - 1 }), fc.nat({ max: 255 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(size, size, changes, fc.boolean(), (pages, basePages, bytes, whole) => {
        const from = noise(basePages * page, 5);
        const memory = new Uint8Array(pages * page);
        memory.set(from.subarray(0, memory.length));
        for (const [offset, byte] of bytes) if (offset < memory.length) memory[offset] = byte;
        const encoded = encodeMemory(memory, whole ? null : from);
        const decoded = right(decodeMemory(encoded, whole ? null : from));
        expect(Buffer.compare(decoded, memory)).to.equal(0);
      }),
      { numRuns: 40 },
    );
  });

  it("spans several chunks, of each kind", () => {
    const memory = new Uint8Array(2 * 2 ** 20 + page);
    memory[5] = 1;
    memory.set(noise(page, 3), 2 * 2 ** 20);
    const encoded = encodeMemory(memory, base.slice(0, 0));
    expect(encoded.chunks.map(({ kind }) => kind)).to.deep.equal(["deflate", "zero", "raw"]);
    expect(Buffer.compare(right(decodeMemory(encoded, new Uint8Array())), memory)).to.equal(0);
  });

  it("a memory as its base stores nothing, a small change next to nothing", () => {
    const stored = (memory: Uint8Array) =>
      encodeMemory(memory, base).chunks.reduce((sum, { data }) => sum + data.length, 0);
    expect(stored(base)).to.equal(0);
    expect(stored(changed(1))).to.be.lessThan(1200);
  });

  it("takes shared memory, and memory that is not aligned", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3 * page));
    shared.set(changed(1));
    const crooked = new Uint8Array(3 * page + 1).subarray(1);
    crooked.set(shared);
    const crookedBase = new Uint8Array(base.length + 3).subarray(3);
    crookedBase.set(base);
    const encoded = encodeMemory(shared, base);
    expect(encodeMemory(crooked, crookedBase)).to.deep.equal(encoded);
    for (const target of [new Uint8Array(new SharedArrayBuffer(3 * page)), crooked.fill(9)]) {
      expect(right(decodeMemory(encoded, crookedBase, { into: () => target }))).to.equal(target);
      expect(Buffer.compare(target, shared)).to.equal(0);
    }
  });

  it("the encoding shares no bytes with the memory", () => {
    const memory = noise(page, 9);
    const encoded = encodeMemory(memory, null);
    const before = memory.slice();
    memory.fill(0);
    expect(Buffer.compare(right(decodeMemory(encoded, null)), before)).to.equal(0);
  });

  it("a wrong base shows as a mismatch, a missing one is asked for", () => {
    const encoded = encodeMemory(changed(1), base);
    expect(left(decodeMemory(encoded, noise(base.length, 1))).tag).to.equal("ChecksumMismatch");
    expect(left(decodeMemory(encoded, null)).tag).to.equal("Malformed");
  });

  it("fault 15: a deflate stream truncated at every length is refused", () => {
    const encoded = encodeMemory(changed(1), base);
    const data = encoded.chunks[0]?.data ?? new Uint8Array();
    expect(data.length).to.be.greaterThan(80);
    for (let length = 0; length < data.length; length++)
      expect(left(decodeMemory(withChunk(encoded, { data: data.subarray(0, length) }), base)).tag).to.equal(
        "Malformed",
      );
  });

  it("fault 18: a compression bomb is stopped at the chunk's size", () => {
    const bomb = deflateRawSync(new Uint8Array(64 * 2 ** 20));
    const encoded = withChunk(encodeMemory(changed(1), base), { kind: "deflate", data: bomb });
    expect(left(decodeMemory(encoded, base))).to.include({
      tag: "Malformed",
      actual: "ERR_BUFFER_TOO_LARGE",
    });
  });

  it("fault 18: sizes beyond the limit, or not of whole pages, are refused before anything is allocated", () => {
    const encoded = encodeMemory(changed(1), base);
    const into = (): never => expect.fail("allocated");
    const sizes = [0, -page, 1.5, NaN, Infinity, page + 1, 2 ** 32 + page, 2 ** 53, 2 ** 32];
    for (const bytes of sizes)
      expect(left(decodeMemory({ ...encoded, bytes }, base, { into })).tag).to.be.a("string");
    expect(left(decodeMemory(encoded, base, { into, limit: 2 * page }))).to.include({ tag: "TooLarge" });
  });

  it("fault 19: bytes left over after a deflate stream, and stored lengths that do not fit, are refused", () => {
    const encoded = encodeMemory(changed(1), base);
    const data = Buffer.concat([encoded.chunks[0]?.data ?? new Uint8Array(), Buffer.from([0])]);
    expect(left(decodeMemory(withChunk(encoded, { data }), base)).tag).to.equal("Malformed");
    expect(left(decodeMemory(withChunk(encoded, { kind: "raw", data }), base)).tag).to.equal("Malformed");
    const short = deflateRawSync(new Uint8Array(page));
    expect(left(decodeMemory(withChunk(encoded, { data: short }), base)).tag).to.equal("Malformed");
  });
});
