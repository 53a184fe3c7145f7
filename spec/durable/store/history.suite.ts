// Fault 12 for any store: checkpoints by differences, of a component that writes all the time, against whole copies.
import { expect } from "chai";
import * as fc from "fast-check";
import { decodeChunk, maxDepth } from "../../../runtime/durable/store/chunk.ts";
import type { Ground } from "../../../runtime/durable/store/ground.ts";
import type { Receipt } from "../../../runtime/durable/store/store.ts";
import { right } from "../../image/either.ts";
import { noise } from "../../image/sample-image.ts";
import { base, bases, checkpoint, equal, identity, page, since } from "./sample.ts";
import type { StoreSetup } from "./store.suite.ts";

type Step =
  | { readonly kind: "write"; readonly at: number; readonly seed: number; readonly length: number }
  /** Some page becomes what it is in the base. */
  | { readonly kind: "reset"; readonly page: number }
  | { readonly kind: "grow" }
  | { readonly kind: "copy"; readonly from: number; readonly to: number };

const at = fc.nat({ max: 8 * page - 1 });
const place = fc.nat({ max: 7 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    at,
    seed: fc.nat({ max: 1000 }),
    length: fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 60_000 })),
  }),
  fc.record({ kind: fc.constant("reset" as const), page: place }),
  fc.record({ kind: fc.constant("grow" as const) }),
  fc.record({ kind: fc.constant("copy" as const), from: place, to: place }),
);

const taken = (memory: Uint8Array, change: Step): Uint8Array => {
  const pages = memory.length / page;
  const next = new Uint8Array(change.kind === "grow" && pages < 8 ? memory.length + page : memory.length);
  next.set(memory);
  if (change.kind === "write") {
    const from = change.at % next.length;
    next.set(noise(change.length, change.seed).subarray(0, next.length - from), from);
  }
  if (change.kind === "reset") {
    const from = (change.page % pages) * page;
    next.fill(0, from, from + page).set(base.subarray(from, from + page), from);
  }
  if (change.kind === "copy")
    next.copyWithin(
      (change.to % pages) * page,
      (change.from % pages) * page,
      ((change.from % pages) + 1) * page,
    );
  return next;
};

export const historySuite = (setup: StoreSetup): void => {
  it("fault 12: any sequence of incremental checkpoints is at every step what a whole copy is", async function () {
    this.timeout(120_000);
    const checkpoints = fc.array(
      fc.record({ steps: fc.array(step, { maxLength: 4 }), known: fc.boolean(), resting: fc.boolean() }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(checkpoints, fc.integer({ min: 1, max: 3 }), async (history, keep) => {
        const store = await setup.open({ bases, keep });
        const copies: {
          readonly sequence: number;
          readonly memory: Uint8Array;
          readonly record: Uint8Array;
        }[] = [];
        let receipt: Receipt | null = null;
        let memory: Uint8Array = new Uint8Array(base);
        for (const [i, { steps, known, resting }] of history.entries()) {
          const next: Uint8Array = steps.reduce(taken, memory);
          const record = noise((i * 40_000) % 150_000, i);
          const put = checkpoint({
            sequence: i + 1,
            memory: next,
            record,
            resting,
            since: known && receipt !== null ? since(receipt, memory, next) : null,
          });
          receipt = right(await store.put(put));
          memory = next;
          copies.unshift({ sequence: i + 1, memory, record });
          for (const copy of copies.slice(0, keep)) {
            const restored = right(await store.read(identity(1), { sequence: copy.sequence }));
            expect(equal(restored.memory, copy.memory), `memory of ${copy.sequence}`).to.equal(true);
            expect(equal(restored.record, copy.record), `record of ${copy.sequence}`).to.equal(true);
          }
        }
        right(await store.commit({ remove: [identity(1)] }));
        while (right(await store.sweep()).more);
        expect(right(await store.facts())).to.include({ components: 0, chunks: 0, bytes: 0 });
        await store.close();
        await setup.cleanUp();
      }),
      { numRuns: 25 },
    );
  });

  it("a chain of differences is bounded: it is folded", async () => {
    let store = await setup.open({ bases });
    let memory = noise(2 * page, 1);
    let receipt = right(await store.put(checkpoint({ memory })));
    for (let n = 2; n <= 33; n++) {
      const next = new Uint8Array(memory);
      next.set(noise(30, n), n * 64);
      receipt = right(
        await store.put(checkpoint({ memory: next, sequence: n, since: since(receipt, memory, next) })),
      );
      memory = next;
    }
    const depths: number[] = [];
    const look = (ground: Ground): void => {
      const view = ground.view();
      for (const [, value] of view.range("c", 1000)) {
        const chunk = decodeChunk(value);
        depths.push(chunk !== null && "depth" in chunk ? chunk.depth : 0);
      }
      view.close();
    };
    store = await setup.reopen(store, { bases }, look);
    expect(Math.max(...depths)).to.equal(maxDepth);
    expect(depths.length).to.be.lessThan(2 * maxDepth + 6);
    expect(equal(right(await store.read(identity(1))).memory, memory)).to.equal(true);
    await store.close();
    await setup.cleanUp();
  });
};
