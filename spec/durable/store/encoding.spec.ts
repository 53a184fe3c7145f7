import { expect } from "chai";
import * as fc from "fast-check";
import { decodeChunk, encodeChunk, type StoredChunk } from "../../../runtime/durable/store/chunk.ts";
import { joined } from "../../../runtime/durable/store/ground.ts";
import { applyDifference, difference } from "../../../runtime/durable/store/difference.ts";
import { decodeHead, encodeHead, type Head } from "../../../runtime/durable/store/head.ts";
import { VarintReader, VarintWriter } from "../../../runtime/durable/store/varint.ts";

const natural = fc.maxSafeNat();
const hash = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const hex = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));

describe("numbers in the store", () => {
  it("come back, and what is none is told", () => {
    fc.assert(
      fc.property(fc.array(natural), (numbers) => {
        const writer = new VarintWriter();
        for (const number of numbers) writer.number(number);
        const reader = new VarintReader(writer.done());
        expect(numbers.map(() => reader.number())).to.deep.equal(numbers);
        expect(reader.sound).to.equal(true);
        reader.number();
        expect(reader.sound).to.equal(false);
      }),
    );
    const endless = new VarintReader(new Uint8Array(20).fill(255));
    endless.number();
    expect(endless.sound).to.equal(false);
  });
});

describe("differences", () => {
  const words = 64;
  const writes = fc.array(fc.tuple(fc.nat({ max: words * 4 - 1 }), fc.nat({ max: 255 })), { maxLength: 40 });

  it("make the one content of the other, wherever they lie", () => {
    fc.assert(
      fc.property(writes, fc.nat({ max: 3 }), fc.boolean(), (written, offset, shared) => {
        const buffer = shared ? new SharedArrayBuffer(words * 4 + 4) : new ArrayBuffer(words * 4 + 4);
        const content = new Uint8Array(buffer, offset, words * 4);
        const reference = new Uint8Array(words * 4).fill(5);
        content.set(reference);
        for (const [at, byte] of written) content[at] = byte;
        const made = difference(content, reference, 1000)!;
        const target = new Uint8Array(reference);
        expect(applyDifference(made, target)).to.equal(true);
        expect(Buffer.compare(target, content)).to.equal(0);
      }),
    );
  });

  it("are as short as what differs, or not made", () => {
    const reference = new Uint8Array(65536);
    const content = new Uint8Array(65536);
    expect(difference(content, reference, 10)).to.have.length(1);
    content[40_000] = 1;
    expect(difference(content, reference, 100)!.length).to.be.lessThan(12);
    content.fill(1);
    expect(difference(content, reference, 60_000)).to.equal(null);
  });

  it("fault 18: anything else is refused and writes nothing beyond its target", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const around = new Uint8Array(96);
        const before = around.length;
        applyDifference(bytes, around.subarray(32, 64));
        expect(around.length).to.equal(before);
        expect([...around.subarray(0, 32), ...around.subarray(64)].every((byte) => byte === 0)).to.equal(
          true,
        );
      }),
      { numRuns: 500 },
    );
    const many = new VarintWriter()
      .number(2 ** 40)
      .number(1)
      .number(1)
      .done();
    expect(applyDifference(many, new Uint8Array(64))).to.equal(false);
  });
});

describe("chunks and heads", () => {
  const lineage = fc.record({ reference: hash, depth: natural, above: natural, root: natural });
  const form = fc.oneof(
    fc.constantFrom({ form: "plain" as const }, { form: "list" as const }),
    fc.record({ form: fc.constant("base" as const), base: natural, place: natural }),
    lineage.map((each) => ({ form: "chunk" as const, ...each })),
    lineage.map((each) => ({ form: "text" as const, ...each })),
  );
  const chunk: fc.Arbitrary<StoredChunk> = fc
    .tuple(
      form,
      fc.record({
        owner: natural,
        length: fc.nat({ max: 65536 }),
        inflated: fc.option(fc.nat({ max: 65536 })),
        payload: fc.uint8Array(),
      }),
    )
    .map(([how, rest]) => ({ ...how, ...rest }));
  const blob = fc.oneof(
    fc.record({ length: fc.integer({ min: 1, max: 2 ** 26 }), hash }),
    fc.constant({ length: 0, hash: "" }),
  );
  const kept = fc.record({
    sequence: natural,
    epoch: natural,
    generation: natural,
    base: natural,
    chunks: natural,
    registers: fc.record({ stackPointer: natural, runtime: natural, context: natural }),
    record: blob,
    attachments: fc.array(fc.tuple(fc.string({ unit: "grapheme" }), blob), { maxLength: 3 }),
    parent: hex,
    hash: hex,
  });
  const head: fc.Arbitrary<Head> = fc.record({
    label: fc.string({ unit: "grapheme" }),
    kin: fc.option(fc.string({ unit: "grapheme", minLength: 1 })),
    epoch: natural,
    bytes: natural,
    kept: fc.array(kept, { minLength: 1, maxLength: 3 }),
  });

  it("come back as they were", () => {
    fc.assert(
      fc.property(chunk, head, (one, other) => {
        expect(decodeChunk(joined(encodeChunk(one)))).to.deep.equal(one);
        expect(decodeHead(encodeHead(other))).to.deep.equal(other);
      }),
    );
  });

  it("fault 15: cut off at any length they are refused, or have less of a payload", () => {
    fc.assert(
      fc.property(chunk, head, fc.nat(), (one, other, cut) => {
        const bytes = joined(encodeChunk(one));
        const decoded = decodeChunk(bytes.subarray(0, cut % bytes.length));
        if (decoded !== null) expect(decoded.payload.length).to.be.lessThan(one.payload.length || 1);
        const heads = encodeHead(other);
        expect(decodeHead(heads.subarray(0, cut % heads.length))).to.equal(null);
      }),
    );
  });

  it("fault 17: any bytes are decoded or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        decodeChunk(bytes);
        expect(decodeHead(bytes)).to.equal(null);
      }),
      { numRuns: 1000 },
    );
  });
});
