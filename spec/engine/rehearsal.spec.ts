// What runs for nobody runs to its end, and leaves the base as it was.
import { expect } from "chai";
import { sha256 } from "../../runtime/digest.ts";
import { BaseLibrary } from "../../runtime/engine/base-library.ts";
import type { Fault } from "../../runtime/engine/fault.ts";
import { Machine } from "../../runtime/engine/machine.ts";
import { rehearse } from "../../runtime/engine/rehearsal.ts";
import { loadEngine } from "../../runtime/engine/wasm-module.ts";

describe("engine: a rehearsal", () => {
  it("runs to its end without a fault, and changes nothing that a child will have", () => {
    const engine = loadEngine();
    const base = new BaseLibrary(engine).current;
    const faults: (Fault | null)[] = [];
    const { evaluate } = Machine.prototype;
    Machine.prototype.evaluate = function (this: Machine, ...args: [Uint8Array, number]) {
      const fault = evaluate.apply(this, args);
      faults.push(fault);
      return fault;
    };
    try {
      rehearse(engine, base);
    } finally {
      Machine.prototype.evaluate = evaluate;
    }
    expect(faults).to.deep.equal([null]);
    expect(sha256(base.memory)).to.equal(base.hash);
  });
});
