// A machine that has taken in a memory before it is loaded with it is as one that was loaded at once; and what it says of
// where its state may differ from what it was loaded with is all of it.
import { expect } from "chai";
import { refreshCopy, roomFor } from "../../runtime/durable/last-copy.ts";
import { Machine } from "../../runtime/engine/machine.ts";
import { MachinePool } from "../../runtime/engine/pool.ts";
import { PAGE_BYTES } from "../../runtime/engine/wasm-module.ts";
import { platform } from "../domain/program.ts";
import { noise } from "../image/sample-image.ts";

const STEP = 16_384;
const still = { monotonic: () => 0, wall: () => 0, entropy: () => {}, poll: () => {} };

/** The base's memory, with pages of noise behind it. */
const memoryOf = (pages: number, seed: number): Uint8Array => {
  const { base } = platform();
  const memory = new Uint8Array(new SharedArrayBuffer(base.memory.length + pages * PAGE_BYTES));
  memory.set(base.memory);
  memory.set(noise(pages * PAGE_BYTES, seed), base.memory.length);
  return memory;
};

const load = (machine: Machine, memory: Uint8Array): void => {
  const { base } = platform();
  expect(machine.load(memory, base.registers, base.anchors)).to.equal(true);
};

const stateOf = (machine: Machine): Uint8Array => {
  const state = new Uint8Array(machine.size);
  machine.state.copyTo(state);
  return state;
};

const expectSame = (machine: Machine, memory: Uint8Array): void => {
  const other = new Machine(platform().engine, 512, still);
  load(other, memory);
  expect(Buffer.compare(stateOf(machine), stateOf(other))).to.equal(0);
};

describe("a machine that has taken in a memory", () => {
  const late = (memory: Uint8Array, chunk: number): void =>
    void memory.fill(chunk, chunk * STEP, chunk * STEP + 9);

  it("is as one that is loaded at once, where it is said what has changed, also when it has grown", () => {
    const machine = new Machine(platform().engine, 512, still);
    const memory = memoryOf(8, 1);
    expect(machine.prime(memory)).to.equal(true);
    const chunk = Math.floor(platform().base.memory.length / STEP) + 2;
    late(memory, chunk);
    machine.expect(STEP, [chunk]);
    expect(machine.prime(memory)).to.equal(true);
    const grown = memoryOf(11, 1);
    grown.set(memory);
    late(grown, chunk + 1);
    machine.expect(STEP, [chunk + 1]);
    load(machine, grown);
    expectSame(machine, grown);
  });

  it("takes all of it where nothing is said", () => {
    const machine = new Machine(platform().engine, 512, still);
    expect(machine.prime(memoryOf(4, 1))).to.equal(true);
    const other = memoryOf(4, 2);
    load(machine, other);
    expectSame(machine, other);
  });

  it("forgets it where somebody else gets it", () => {
    const { engine } = platform();
    const pool = new MachinePool(engine);
    const ram = 512 * PAGE_BYTES;
    const machine = pool.take(0, ram);
    expect(machine.prime(memoryOf(4, 1))).to.equal(true);
    machine.expect(STEP, []);
    pool.give(machine, ram);
    const other = memoryOf(6, 3);
    expect(pool.take(other.length, ram)).to.equal(machine);
    load(machine, other);
    expectSame(machine, other);
  });

  it("is too small for a memory beyond its maximum", () => {
    const machine = new Machine(platform().engine, 64, still);
    expect(machine.prime(memoryOf(80, 1))).to.equal(false);
  });

  it("says where it is otherwise than what it was loaded with, until something has run in it", () => {
    const machine = new Machine(platform().engine, 512, still);
    const memory = memoryOf(8, 4);
    load(machine, memory);
    machine.limit(3 << 20);
    const copy = roomFor(memory.length);
    copy.set(memory);
    const quick = refreshCopy(machine, copy, memory.length, true);
    expect(machine.touched).to.have.length.greaterThan(0);
    expect(Buffer.compare(copy, stateOf(machine))).to.equal(0);
    const other = roomFor(memory.length);
    other.set(memory);
    const whole = refreshCopy(machine, other, memory.length);
    expect(quick.bits).to.deep.equal(whole.bits);
    expect(quick.size).to.be.greaterThan(0);
    machine.free(machine.allocate(100)!);
    expect(machine.touched).to.equal(null);
    expect(refreshCopy(machine, copy, memory.length, true).size).to.be.greaterThan(0);
    expect(Buffer.compare(copy, stateOf(machine))).to.equal(0);
  });
});
