// A recovery of nobody goes as one of somebody does, and changes nothing that a child will have.
import { expect } from "chai";
import { sha256 } from "../../runtime/digest.ts";
import { rehearseRecovery } from "../../runtime/durable/recovery-rehearsal.ts";
import { BaseLibrary } from "../../runtime/engine/base-library.ts";
import { MachinePool } from "../../runtime/engine/pool.ts";
import { loadEngine } from "../../runtime/engine/wasm-module.ts";

describe("durable: a rehearsal of a recovery", () => {
  it("comes to its end, again and again", async () => {
    const engine = loadEngine();
    const base = new BaseLibrary(engine).current;
    const pool = new MachinePool(engine);
    expect(await rehearseRecovery(base, pool)).to.equal(true);
    expect(await rehearseRecovery(base, pool)).to.equal(true);
    expect(sha256(base.memory)).to.equal(base.hash);
  });
});
