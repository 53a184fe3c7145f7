import { expect } from "chai";
import * as fc from "fast-check";
import {
  decodeEntry,
  encodeEntry,
  whoseEntry,
  whoseEntryAt,
  type DomainRecord,
} from "../../runtime/durable/journal/journal-record.ts";

const natural = fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 70_000 }), fc.maxSafeNat());
const slot = fc.oneof(fc.integer({ min: -30, max: 30 }), fc.integer(), fc.constant(-0x1_0000_0000));
const time = fc.oneof(natural, fc.double({ noNaN: true, min: 0.001 }));
const number = fc.oneof(slot, fc.maxSafeInteger(), fc.double({ noNaN: true }), fc.constant(-0));

const record: fc.Arbitrary<DomainRecord> = fc.oneof(
  fc.record({
    ...{
      kind: fc.constant("turn" as const),
      turn: natural,
      slot,
      digest: natural,
      own: time,
      wall: time,
    },
    entropy: fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 1 }).map((all) => all.map(Buffer.from)),
  }),
  fc.record({
    ...{ kind: fc.constant("answer" as const), slot, turn: natural },
    place: fc.oneof(fc.constant(null), natural, fc.constant({ seen: 1 })),
    answer: fc.record({ value: fc.oneof(number, fc.string(), fc.constant(null)) }),
  }),
  fc.record({
    ...{ kind: fc.constant("plan" as const), slot, turn: natural },
    plan: fc.oneof(
      fc.record({ place: natural }),
      fc.constant({ once: true }),
      fc.constant({ place: 1, more: 2 }),
    ),
  }),
);

describe("a journal's record", () => {
  it("law 5: is read as it was written, whose it is too, whatever it holds", () => {
    fc.assert(
      fc.property(natural, natural, record, (incarnation, sequence, written) => {
        const bytes = new Uint8Array(encodeEntry({ incarnation, sequence, record: written }));
        expect(decodeEntry(bytes)).to.deep.equal({ incarnation, sequence, record: written });
        expect(whoseEntry(bytes)).to.include({ incarnation, sequence });
      }),
    );
  });

  it("law 5: is whose it is wherever it lies, and what was cut off is none", () => {
    fc.assert(
      fc.property(natural, natural, record, fc.double({ min: 0, max: 1, noNaN: true }), (...all) => {
        const [incarnation, sequence, written, part] = all;
        const bytes = new Uint8Array(encodeEntry({ incarnation, sequence, record: written }));
        const file = new Uint8Array(bytes.length + 7).fill(0x1b);
        file.set(bytes, 3);
        const own = file.subarray(3, 3 + bytes.length);
        expect(whoseEntryAt(new DataView(file.buffer), 3, own)).to.deep.equal(whoseEntry(bytes));
        expect(decodeEntry(own)).to.deep.equal({ incarnation, sequence, record: written });
        // What lies behind its end would complete it.
        const less = Math.floor(part * bytes.length);
        if (less < bytes.length) expect(decodeEntry(own.subarray(0, less))).to.equal(null);
      }),
    );
  });

  it("law 5: is none, or is what it says, of any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const entry = decodeEntry(bytes);
        if (entry === null) return;
        const { incarnation, sequence } = entry;
        expect(whoseEntry(bytes)).to.include({ incarnation, sequence });
      }),
    );
  });
});
