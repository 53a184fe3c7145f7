// Frames and headers: whole or refused, whatever way they arrive.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { encode } from "../../runtime/image/cbor.ts";
import { FrameCutter, frameHead, MOST_BODY_BYTES, MOST_HEADER_BYTES } from "../../runtime/migrate/frame.ts";
import { decodeMessage, encodeMessage, MESSAGE_KINDS } from "../../runtime/migrate/message.ts";

const pieces = (bytes: Buffer, cuts: readonly number[]): readonly Buffer[] => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
};

describe("frames of the command channel", () => {
  it("arrive as they were sent, however they are cut", () => {
    const frame = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.uint8Array({ maxLength: 90 }));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 8 }), (frames, cuts) => {
        const wire = Buffer.concat(
          frames.flatMap(([header, body]) => [frameHead(header, body.length), body]),
        );
        const cutter = new FrameCutter();
        const read = pieces(wire, cuts).flatMap((piece) => {
          const cut = cutter.push(piece);
          if ("tag" in cut) throw new Error("refused");
          return cut.map(({ header, body }) => [new Uint8Array(header), new Uint8Array(body)]);
        });
        expect(read).to.deep.equal(frames.map((each) => [...each]));
        expect(cutter.isBetween).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });

  it("fault 18: are refused by their lengths alone, and nothing after them is read", () => {
    for (const [header, body] of [
      [0, 0],
      [MOST_HEADER_BYTES + 1, 0],
      [1, MOST_BODY_BYTES + 1],
      [2 ** 32 - 1, 2 ** 32 - 1],
    ] as const) {
      const lengths = Buffer.alloc(8);
      lengths.writeUInt32LE(header, 0);
      lengths.writeUInt32LE(body, 4);
      const cutter = new FrameCutter();
      expect(cutter.push(lengths)).to.deep.equal({ tag: "Oversized", header, body });
      expect(cutter.push(Buffer.from(frameHead(Uint8Array.of(1))))).to.have.property("tag", "Oversized");
    }
  });
});

describe("messages of the command channel", () => {
  it("are read as they were written", () => {
    const message = { kind: "hello", cryonode: 1, host: "here" } as const;
    expect(decodeMessage(encodeMessage(message))).to.deep.equal(E.right(message));
  });

  it("fault 19: of unknown kinds, or with a field too many, too few or of another type, are refused", () => {
    const wrong: readonly unknown[] = [
      null,
      [],
      { kind: "greet" },
      { kind: "__proto__x" },
      { kind: "constructor" },
      { kind: "hello", cryonode: 1 },
      { kind: "hello", cryonode: 1, host: "here", more: 1 },
      { kind: "hello", cryonode: -1, host: "here" },
      { kind: "receive", task: "x" },
      { kind: "chunks", pages: [], stored: Array.from({ length: 17 }, () => 1) },
      { kind: "chunks", stored: [1] },
      { kind: "verdict", task: "00000000-0000-0000-0000-000000000000", verdict: "perhaps" },
    ];
    for (const each of wrong)
      expect(decodeMessage(encode(each)), JSON.stringify(each)).to.have.nested.property(
        "left.tag",
        "Protocol",
      );
  });

  it("fault 17: random bytes and random records are refused, whatever kind they claim", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(E.isLeft(decodeMessage(bytes))).to.equal(true);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...MESSAGE_KINDS), fc.nat(), (kind, stray) => {
        expect(E.isLeft(decodeMessage(encode({ kind, stray })))).to.equal(true);
      }),
      { numRuns: 100 },
    );
  });
});
