import { expect } from "chai";
import * as fc from "fast-check";
import { compareMemories, PageSet, storePageBytes } from "../../../runtime/durable/store/page-set.ts";

const PAGES = 40;

describe("the pages that changed", () => {
  it("are exactly those in which two memories differ", () => {
    const page = fc.nat({ max: PAGES - 1 });
    const writes = fc.array(fc.tuple(page, fc.nat({ max: storePageBytes - 1 }), fc.nat({ max: 255 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(writes, fc.boolean(), (written, shared) => {
        const buffer = shared
          ? new SharedArrayBuffer(PAGES * storePageBytes)
          : new ArrayBuffer(PAGES * storePageBytes);
        const previous = new Uint8Array(PAGES * storePageBytes).fill(7);
        const current = new Uint8Array(buffer);
        current.set(previous);
        for (const [at, offset, byte] of written) current[at * storePageBytes + offset] = byte;
        const changed = new PageSet(current.length);
        compareMemories(previous, current, changed);
        for (let at = 0; at < PAGES; at++) {
          const range = [at * storePageBytes, (at + 1) * storePageBytes] as const;
          const differs = Buffer.compare(previous.subarray(...range), current.subarray(...range)) !== 0;
          expect(changed.has(at)).to.equal(differs);
        }
      }),
    );
  });

  it("those beyond the end of the earlier memory count as changed", () => {
    const changed = new PageSet(5 * storePageBytes);
    compareMemories(new Uint8Array(2 * storePageBytes), new Uint8Array(5 * storePageBytes), changed);
    expect([0, 1, 2, 3, 4, 5].map((page) => changed.has(page))).to.deep.equal([
      false,
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(changed.size).to.equal(3);
    expect(changed.hasAny(0, 2)).to.equal(false);
    expect(changed.hasAny(0, 3)).to.equal(true);
  });

  it("travel between threads as a bitmap", () => {
    const changed = new PageSet(100 * storePageBytes);
    changed.add(3);
    changed.add(99);
    changed.add(100);
    const arrived = new PageSet(100 * storePageBytes, structuredClone(changed.bits));
    expect(arrived.size).to.equal(2);
    expect(arrived.has(99)).to.equal(true);
    arrived.clear();
    expect(arrived.size).to.equal(0);
  });
});
