// A fresh memory that is only written to where it must be is the same memory in the end.
import { expect } from "chai";
import * as fc from "fast-check";
import { sparseCopy } from "../../runtime/engine/sparse-copy.ts";
import { Machine } from "../../runtime/engine/machine.ts";
import { platform } from "../domain/program.ts";

const PAGE = 4096;

describe("engine: a sparse copy", () => {
  it("leaves what it copied, whatever of the fresh memory had been written", () => {
    const byte = fc.tuple(fc.nat(10 * PAGE - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.array(byte),
        fc.nat(10 * PAGE),
        fc.nat(10 * PAGE),
        (pages, bytes, one, other) => {
          const length = pages * PAGE;
          const source = new Uint8Array(length);
          for (const [at, value] of bytes) source[at % length] = value;
          const written = { from: Math.min(one, other), to: Math.min(Math.max(one, other), length) };
          const into = new Uint8Array(length).fill(7, written.from, written.to);
          sparseCopy(source, into, written);
          return Buffer.compare(source, into) === 0;
        },
      ),
      { numRuns: 300 },
    );
  });

  it("a machine that is new and one that was used before hold the same state once it is loaded", () => {
    const { engine, base } = platform();
    const powers = { monotonic: () => 0, wall: () => 0, entropy: () => {}, poll: () => {} };
    const fresh = new Machine(engine, 64, powers);
    // What the engine says that it writes to is all that is there at first.
    const { from, to } = engine.written;
    expect(fresh.bytes.subarray(0, from).every((byte) => byte === 0)).to.equal(true);
    expect(fresh.bytes.subarray(to).every((byte) => byte === 0)).to.equal(true);
    expect(fresh.bytes.subarray(from, to).some((byte) => byte !== 0)).to.equal(true);
    const used = new Machine(engine, 64, powers);
    for (const machine of [fresh, used, used]) {
      expect(machine.load(base.memory, base.registers, base.anchors)).to.equal(true);
      machine.compile("export const n = 1;", "other.js");
    }
    used.load(base.memory, base.registers, base.anchors);
    const again = new Machine(engine, 64, powers);
    again.load(base.memory, base.registers, base.anchors);
    expect(Buffer.compare(again.bytes, base.memory)).to.equal(0);
    expect(Buffer.compare(used.bytes.subarray(0, base.memory.length), base.memory)).to.equal(0);
  });
});
