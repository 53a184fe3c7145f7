// What a machine's state is between turns: the base is the same bytes in every build, and what is dead is zeros.
import { expect } from "chai";
import { buildBase } from "../../runtime/engine/base.ts";
import { Machine } from "../../runtime/engine/machine.ts";
import type { MachinePowers } from "../../runtime/engine/machine-powers.ts";
import { loadEngine } from "../../runtime/engine/wasm-module.ts";

const still: MachinePowers = {
  monotonic: () => 0,
  wall: () => 0,
  entropy: () => {},
  called: () => {},
  poll: () => {},
};

describe("a machine's state", () => {
  const engine = loadEngine();
  const base = buildBase(engine);

  it("is the same bytes in every build of the base", () => {
    const again = buildBase(loadEngine());
    expect(again.hash).to.equal(base.hash);
    expect(again.registers).to.deep.equal(base.registers);
    expect(again.anchors).to.deep.equal(base.anchors);
  });

  it("has zeros where the native stack and the outbox lie", () => {
    const machine = new Machine(engine, 64, still);
    expect(machine.load(base.memory, base.registers, base.anchors)).to.equal(true);
    const { outbox } = base.anchors;
    machine.bytes.fill(7, 0, base.registers.stackPointer);
    machine.bytes.fill(7, outbox + 4, outbox + 4096);
    const dirty = machine.bytes.slice();
    const state = new Uint8Array(machine.size).fill(9);
    machine.state.copyTo(state);
    expect(Buffer.compare(state, base.memory)).to.equal(0);
    expect(Buffer.compare(machine.bytes, dirty), "the machine itself is left alone").to.equal(0);
  });
});
