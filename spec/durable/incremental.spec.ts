// Checkpoints of what changed since the last one: together they are what a checkpoint of everything is.
import { expect } from "chai";
import * as fc from "fast-check";
import { refreshCopy, roomFor } from "../../runtime/durable/last-copy.ts";
import { openMemoryStore } from "../../runtime/durable/store/memory-store.ts";
import { PageSet, storePageBytes } from "../../runtime/durable/store/page-set.ts";
import type { Receipt, Store } from "../../runtime/durable/store/store.ts";
import { Machine } from "../../runtime/engine/machine.ts";
import { Harness } from "../domain/harness.ts";
import { platform, programOf } from "../domain/program.ts";
import { subjects } from "../law/subject.ts";
import { noise } from "../image/sample-image.ts";
import { identity } from "./store/sample.ts";

const right = <A>(answer: { _tag: "Left"; left: unknown } | { _tag: "Right"; right: A }): A => {
  if (answer._tag === "Left") throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

const still = { monotonic: () => 0, wall: () => 0, entropy: () => {}, poll: () => {} };

const freshMachine = (): Machine => {
  const { engine, base } = platform();
  const machine = new Machine(engine, 512, still);
  expect(machine.load(base.memory, base.registers, base.anchors)).to.equal(true);
  return machine;
};

/** Makes it larger by so many pages of WebAssembly's, as a machine becomes by what it allocates. */
const enlarge = (machine: Machine, pages: number): void => {
  const larger = new Uint8Array(machine.size + pages * 65_536);
  larger.set(machine.bytes);
  const { base } = platform();
  expect(machine.load(larger, base.registers, base.anchors)).to.equal(true);
};

const wholeOf = (machine: Machine): Uint8Array => {
  const whole = new Uint8Array(machine.size);
  machine.state.copyTo(whole);
  return whole;
};

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Checkpoints of one machine as a durable host makes them: a copy that is kept, and a store. */
class Checkpoints {
  readonly store: Store;
  #copy: Uint8Array | null = null;
  #receipt: Receipt | null = null;
  #sequence = 0;

  constructor() {
    const { base } = platform();
    this.store = right(openMemoryStore({ bases: (hash) => (hash === base.hash ? base.memory : null) }));
  }

  /** Answers the pages that it took to be otherwise; null: all. */
  async take(machine: Machine): Promise<PageSet | null> {
    const before = this.#copy;
    const fits = before !== null && before.buffer.byteLength >= machine.size;
    const copy = fits ? new Uint8Array(before.buffer, 0, machine.size) : roomFor(machine.size);
    const changed = fits ? refreshCopy(machine, copy, before.length) : null;
    if (changed === null) machine.state.copyTo(copy);
    const receipt = await this.store.put({
      ...{
        identity: identity(1),
        label: "one",
        kin: null,
        epoch: 1,
        sequence: ++this.#sequence,
        generation: 1,
      },
      ...{ base: platform().base.hash, registers: platform().base.registers, memory: copy },
      ...{ record: new Uint8Array(), attachments: new Map(), resting: false, bound: null },
      since: changed === null || this.#receipt === null ? null : { receipt: this.#receipt, changed },
    });
    this.#receipt = right(receipt);
    this.#copy = copy;
    return changed;
  }

  async last(): Promise<Uint8Array> {
    return right(await this.store.read(identity(1))).memory;
  }
}

describe("an incremental checkpoint", () => {
  // Places all over the memory, those at the ends of pages and of what is dead among them.
  const places = fc.oneof(
    fc.nat({ max: 0xffff_ffff }),
    fc
      .tuple(fc.nat({ max: 4000 }), fc.constantFrom(-4, 0, storePageBytes - 4))
      .map(([page, by]) => Math.max(0, page * storePageBytes + by)),
  );
  const write = fc.record({
    at: places,
    length: fc.integer({ min: 1, max: 9000 }),
    seed: fc.nat({ max: 9 }),
  });
  const round = fc.record({
    writes: fc.array(write, { maxLength: 6 }),
    grow: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
  });

  it("fault 12: N of them are equal to a full one, byte for byte, whatever was written and grew", () =>
    fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 12 }), async (rounds) => {
        const machine = freshMachine();
        const checkpoints = new Checkpoints();
        await checkpoints.take(machine);
        for (const { writes, grow } of rounds) {
          const before = wholeOf(machine);
          if (grow > 0) enlarge(machine, grow);
          const { bytes } = machine;
          for (const { at, length, seed } of writes) {
            const from = (at % (bytes.length - length)) & ~3;
            bytes.set(noise(length, seed), from);
          }
          const changed = await checkpoints.take(machine);
          const whole = wholeOf(machine);
          expect(equal(await checkpoints.last(), whole)).to.equal(true);
          if (changed === null || grow > 0) continue;
          for (let page = 0; page < changed.pages; page++) {
            const [from, to] = [page * storePageBytes, (page + 1) * storePageBytes];
            expect(changed.has(page)).to.equal(!equal(before.subarray(from, to), whole.subarray(from, to)));
          }
        }
      }),
      { numRuns: 25 },
    )).timeout(60_000);

  it("fault 12: of a child that runs, too", async () => {
    for (const { file, options } of subjects().filter(({ name }) =>
      ["collections", "dataspaces", "promises"].includes(name),
    )) {
      const harness = Harness.boot(await programOf(file), options);
      const checkpoints = new Checkpoints();
      for (let point = 0; point < 25 && (await harness.advance()); point++) {
        if (harness.domain.state !== "running") break;
        const { machine } = harness.domain;
        await checkpoints.take(machine);
        expect(equal(await checkpoints.last(), wholeOf(machine))).to.equal(true);
      }
      await harness.drop();
    }
  }).timeout(60_000);

  it("fault 13: a page that was changed and changed back between two of them is not in it", async () => {
    const machine = freshMachine();
    const checkpoints = new Checkpoints();
    await checkpoints.take(machine);
    const at = machine.bytes.length - 3 * storePageBytes;
    const before = machine.bytes.slice(at, at + 100);
    machine.bytes.set(noise(100, 1), at);
    machine.bytes.set(before, at);
    expect((await checkpoints.take(machine))!.size).to.equal(0);
    expect(equal(await checkpoints.last(), wholeOf(machine))).to.equal(true);
  });

  it("fault 13: a page that was changed, kept, and changed back is as it was first", async () => {
    const machine = freshMachine();
    const checkpoints = new Checkpoints();
    await checkpoints.take(machine);
    const first = wholeOf(machine);
    const at = machine.bytes.length - 3 * storePageBytes;
    const before = machine.bytes.slice(at, at + 100);
    // More often than differences lie on one another.
    for (let n = 0; n < 20; n++) {
      machine.bytes.set(n % 2 === 0 ? noise(100, 1 + n) : before, at);
      expect((await checkpoints.take(machine))!.size).to.equal(1);
      const last = await checkpoints.last();
      expect(equal(last, wholeOf(machine))).to.equal(true);
      expect(equal(last, first)).to.equal(n % 2 === 1);
    }
  });
});
