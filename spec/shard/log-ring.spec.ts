// The log ring: entries of any size come out whole and in order, however the two ends take turns.
import { expect } from "chai";
import * as fc from "fast-check";
import { LogReader, LogWriter, makeRing } from "../../runtime/shard/log-ring.ts";

const RING = 1 << 18;

describe("log ring", () => {
  it("entries come out whole, in order and with their resident, around the end of the ring and over many rounds", () => {
    const entry = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 50 }),
      fc.nat(70_000).map((length) => "é".repeat(length >> 1) + "x".repeat(length & 1)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 31 - 1 }), entry, fc.boolean()), { maxLength: 40 }),
        (entries) => {
          const ring = makeRing();
          const reader = new LogReader(ring);
          const read: [number, string][] = [];
          const drain = (): void => reader.drain((resident, text) => read.push([resident, text]));
          const writer = new LogWriter(ring, () => {});
          let waiting = 0;
          for (const [resident, text, early] of entries) {
            const needed = Buffer.byteLength(text) + 24;
            if (early || waiting + needed > RING) {
              drain();
              waiting = 0;
            }
            writer.write(resident, text);
            waiting += needed;
          }
          drain();
          expect(read).deep.equal(entries.map(([resident, text]) => [resident, text]));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("an entry larger than the ring goes through it in frames", () => {
    const ring = makeRing();
    const reader = new LogReader(ring);
    const read: string[] = [];
    const writer = new LogWriter(ring, () => reader.drain((_resident, each) => read.push(each)));
    const text = Array.from({ length: 60_000 }, (_, i) => `entry ${i} `).join("");
    writer.write(1, text);
    writer.write(1, "");
    reader.drain((_resident, each) => read.push(each));
    expect(read.map((each) => each.length)).deep.equal([text.length, 0]);
    expect(read[0]).equal(text);
  });

  it("an entry written after the reader was asked, and has looked, is asked for again", async () => {
    const ring = makeRing();
    const reader = new LogReader(ring);
    const read: string[] = [];
    // A reader so quick that it has drained before the next entry is there.
    const writer = new LogWriter(ring, () => reader.drain((_resident, text) => read.push(text)));
    for (const text of ["first", "second", "third"]) writer.write(1, text);
    expect(read).deep.equal(["first"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).deep.equal(["first", "second", "third"]);
    writer.write(1, "fourth");
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(read.at(-1)).equal("fourth");
  });
});
