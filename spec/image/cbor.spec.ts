import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { decode } from "../../runtime/image/cbor-reader.ts";
import { encode, tryEncode } from "../../runtime/image/cbor.ts";
import { left, right } from "./either.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

const text = fc.string({ unit: "grapheme" });
const key = text.filter((name) => name !== "__proto__");
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, -0, NaN, Infinity, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), -(2 ** 32) - 1),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 30 }),
    fc.dictionary(key, tie("value"), { maxKeys: 30, noNullPrototype: true }),
  ),
}));

describe("canonical CBOR", () => {
  it("gives back every value it can hold", () => {
    fc.assert(
      fc.property(value, (v) => {
        expect(right(decode(encode(v)))).to.deep.equal(v);
      }),
    );
  });

  it("tells -0 from 0", () => {
    expect(hex(encode([-0, 0]))).to.equal("82fb800000000000000000");
    expect(right(decode(encode(-0)))).to.satisfy((v: unknown) => Object.is(v, -0));
  });

  it("keeps a byte-order mark, and strings of every length of header", () => {
    for (const length of [0, 1, 23, 24, 31, 32, 85, 86, 255, 256, 21845, 65535, 65536])
      for (const unit of ["a", "é", "漢"]) {
        const string = `\uFEFF${unit.repeat(length)}`;
        expect(right(decode(encode(string)))).to.equal(string);
      }
  });

  it("fault 28: what is decoded encodes to the same bytes, whatever the order of keys was", () => {
    fc.assert(
      fc.property(value, (v) => {
        expect(hex(encode(right(decode(encode(v)))))).to.equal(hex(encode(v)));
      }),
    );
    expect(hex(encode({ b: 1, "10": 2, a: 3, "9": 4 }))).to.equal(
      hex(encode({ a: 3, "9": 4, "10": 2, b: 1 })),
    );
  });

  it("fault 28: what it accepts of random bytes, it writes again byte for byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (input) => {
        const decoded = decode(input);
        if (E.isRight(decoded)) expect(hex(encode(decoded.right))).to.equal(hex(input));
      }),
      { numRuns: 5000 },
    );
  });

  it("answers bytes of its own, which a later call does not change", () => {
    const first = encode("first");
    const copy = first.slice();
    encode("second");
    expect(first).to.deep.equal(copy);
    expect(first.buffer.byteLength).to.equal(first.length);
  });

  const refused: readonly (readonly [name: string, hex: string])[] = [
    ["fault 19: the key __proto__", "a1 69 5f5f70726f746f5f5f 00"],
    ["fault 19: a key twice", "a2 61 61 00 61 61 01"],
    ["fault 19: keys out of order", "a2 61 62 00 61 61 01"],
    ["fault 19: a key that is not text", "a1 00 00"],
    ["fault 19: bytes left over", "00 00"],
    ["fault 19: nothing at all", ""],
    ["fault 19: a tag", "c0 60"],
    ["fault 19: undefined", "f7"],
    ["fault 19: an unknown simple value", "e0"],
    ["fault 19: a half float", "f9 3c00"],
    ["fault 19: a single float", "fa 3fc00000"],
    ["fault 19: text that is not UTF-8", "61 ff"],
    ["fault 19: text with half a surrogate pair", "63 eda080"],
    ["fault 18: a byte string of 2^53 bytes", "5b 0020000000000000"],
    ["fault 18: text of 4 GB", "7a ffffffff 61"],
    ["fault 18: an array of 2^32-1 items", "9a ffffffff"],
    ["fault 18: a map of 2^32-1 entries", "ba ffffffff"],
    ["fault 18: an array of indefinite length", "9f ff"],
    ["fault 28: 23 in two bytes", "18 17"],
    ["fault 28: 255 in three bytes", "19 00ff"],
    ["fault 28: 65535 in five bytes", "1a 0000ffff"],
    ["fault 28: an integer in eight bytes", "1b 0000000100000000"],
    ["fault 28: 1 as a double", "fb 3ff0000000000000"],
    ["fault 28: -2^32 as a double", "fb c1f0000000000000"],
    ["fault 28: another not-a-number", "fb 7ff8000000000001"],
    ["a double cut short", "fb 3ff0"],
    ["a length cut short", "59 01"],
  ];
  for (const [name, input] of refused)
    it(`${name} is refused`, () => expect(left(decode(bytes(input))).tag).to.equal("Malformed"));

  it("fault 18: nesting of 100000 is refused, 64 is not", () => {
    const nested = (depth: number) =>
      Uint8Array.from({ length: depth + 1 }, (_, i) => (i < depth ? 0x81 : 0));
    expect(left(decode(nested(100_000))).tag).to.equal("Malformed");
    expect(left(decode(nested(65))).tag).to.equal("Malformed");
    expect(E.isRight(decode(nested(64)))).to.equal(true);
  });

  it("fault 18: more values than the limit are refused, however small", () => {
    const input = encode(Array.from({ length: 1000 }, () => null));
    expect(E.isRight(decode(input, "value", { depth: 64, items: 1001 }))).to.equal(true);
    expect(left(decode(input, "value", { depth: 64, items: 1000 })).tag).to.equal("Malformed");
  });

  it("fault 19: a value that could not be read again is not written", () => {
    const deep = JSON.parse(`${"[".repeat(65)}${"]".repeat(65)}`) as unknown;
    const half = "\ud800";
    const values = [
      undefined,
      5n,
      () => 0,
      new Map(),
      deep,
      half,
      { [half]: 1 },
      JSON.parse('{"__proto__":1}'),
    ];
    for (const v of values) {
      expect(left(tryEncode([v], "ledger")).tag).to.equal("Malformed");
      expect(() => encode([v])).to.throw(TypeError);
    }
    expect(left(tryEncode({ a: [undefined] }, "ledger"))).to.include({
      place: "ledger.a[0]",
      actual: "undefined",
    });
  });
});
