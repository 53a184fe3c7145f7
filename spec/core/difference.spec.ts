// Differences of memories: what they say is what changed, byte for byte, and nothing else.
import { expect } from "chai";
import * as fc from "fast-check";
import {
  applyDifference,
  differenceBetween,
  eachRun,
  isDifference,
  subtractDifference,
  wholeDifference,
} from "../../runtime/core/difference.ts";

/** Offsets that a difference covers. */
const covered = (difference: Uint8Array | null): Set<number> => {
  const offsets = new Set<number>();
  if (difference !== null)
    eachRun(difference, (offset, _at, length) => {
      for (let i = 0; i < length; i++) offsets.add(offset + i);
    });
  return offsets;
};

const SIZE = 10_000;
/** Writes of some bytes here and there, so that blocks are crossed and runs touch. */
const writes = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.uint8Array({ minLength: 1, maxLength: 40 })), {
  maxLength: 20,
});

const written = (before: Uint8Array, list: readonly (readonly [number, Uint8Array])[]): Uint8Array => {
  const after = before.slice();
  for (const [at, bytes] of list) after.set(bytes.subarray(0, SIZE - at), at);
  return after;
};

const changed = (before: Uint8Array, after: Uint8Array): number[] =>
  [...after.keys()].filter((at) => before[at] !== after[at]);

describe("difference", () => {
  const memories = fc.uint8Array({ minLength: SIZE, maxLength: SIZE });

  it("covers exactly the bytes that changed, and makes them so", () => {
    fc.assert(
      fc.property(memories, writes, (before, list) => {
        const after = written(before, list);
        const difference = differenceBetween(before, after);
        expect([...covered(difference)]).deep.equal(changed(before, after));
        if (difference === null) return;
        expect(isDifference(difference, SIZE)).equal(true);
        const memory = before.slice();
        applyDifference(difference, memory);
        expect(Buffer.compare(memory, after)).equal(0);
      }),
    );
  });

  it("looks at no byte outside the range that it is given", () => {
    fc.assert(
      fc.property(memories, memories, fc.nat(SIZE), fc.nat(SIZE), (before, after, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const expected = changed(before, after).filter((at) => at >= from && at < to);
        expect([...covered(differenceBetween(before, after, from, to))]).deep.equal(expected);
      }),
      { numRuns: 30 },
    );
  });

  it("subtracts what another one covers", () => {
    fc.assert(
      fc.property(memories, writes, writes, (before, one, other) => {
        const difference = differenceBetween(before, written(before, one));
        const mask = differenceBetween(before, written(before, other));
        if (difference === null || mask === null) return;
        const left = subtractDifference(difference, mask);
        const hidden = covered(mask);
        expect([...covered(left)]).deep.equal([...covered(difference)].filter((at) => !hidden.has(at)));
        const whole = before.slice();
        const partly = before.slice();
        applyDifference(difference, whole);
        if (left !== null) applyDifference(left, partly);
        for (const at of covered(left)) expect(partly[at]).equal(whole[at]);
      }),
    );
  });

  it("has at most one and a half times the bytes of its memory", () => {
    const before = new Uint8Array(100_000);
    const every = before.map(() => 1);
    const second = before.map((_, at) => at & 1);
    for (const after of [every, second])
      expect(differenceBetween(before, after)!.length).most(1.5 * before.length + 5);
    expect(covered(wholeDifference(before)).size).equal(before.length);
    expect(wholeDifference(new Uint8Array(0))).equal(null);
  });

  it("fault 42: takes nobody's bytes for one that would reach beyond its memory", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(300), (bytes, size) => {
        if (!isDifference(bytes, size)) return;
        for (const at of covered(bytes)) expect(at).below(size);
        const memory = new Uint8Array(size);
        applyDifference(bytes, memory);
      }),
      { numRuns: 5000 },
    );
    expect(isDifference(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 1, 0), 100)).equal(false);
    expect(isDifference(Uint8Array.of(0, 0), 100)).equal(false);
    expect(isDifference(Uint8Array.of(0, 2, 7), 100)).equal(false);
    expect(isDifference(Uint8Array.of(99, 1, 7), 100)).equal(true);
    expect(isDifference(Uint8Array.of(100, 1, 7), 100)).equal(false);
  });
});
