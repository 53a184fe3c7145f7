// The store with what it is made for: the memories of real components, through their lives.
import { expect } from "chai";
import { fileURLToPath } from "node:url";
import { openMemoryStore } from "../../../runtime/durable/store/memory-store.ts";
import type { Checkpoint, Receipt, Store } from "../../../runtime/durable/store/store.ts";
import { encode } from "../../../runtime/image/cbor.ts";
import { Harness } from "../../domain/harness.ts";
import { platform, programOf } from "../../domain/program.ts";
import type { WorldOptions } from "../../domain/world.ts";
import { right } from "../../image/either.ts";
import { subjects } from "../../law/subject.ts";
import { checkpoint, equal, identity, since } from "./sample.ts";

const opened = (): Store => {
  const { base } = platform();
  return right(openMemoryStore({ bases: (hash) => (hash === base.hash ? base.memory : null) }));
};

/** As it is now; it goes on from there. */
const captured = async (
  harness: Harness,
): Promise<Pick<Checkpoint, "memory" | "record" | "registers" | "base">> => {
  const frozen = await harness.freeze();
  right(await harness.revive(frozen));
  const { snapshot, memory, registers } = frozen;
  return { memory, registers, record: encode(snapshot), base: platform().base.hash };
};

const COUNTER = fileURLToPath(new URL("../../../../components/counter.ts", import.meta.url));
const counterWorld: WorldOptions = { files: { data: {} }, config: { upTo: 20 } };

describe("the store and real components", () => {
  for (const { name, file, options } of subjects())
    it(`fault 12: ${name}, checkpoint after checkpoint`, async () => {
      const store = opened();
      const harness = Harness.boot(await programOf(file), options);
      let receipt: Receipt | null = null;
      let before: Uint8Array | null = null;
      for (let n = 1; n <= 12; n++) {
        await harness.run(undefined, 3);
        if (harness.domain.state !== "running") break;
        const facts = await captured(harness);
        const known = receipt === null || before === null ? null : since(receipt, before, facts.memory);
        const put = checkpoint({ ...facts, kin: name, sequence: n, since: known, resting: n % 4 === 0 });
        receipt = right(await store.put(put));
        before = facts.memory;
        const restored = right(await store.read(identity(1)));
        expect(equal(restored.memory, facts.memory)).to.equal(true);
        expect(equal(restored.record, facts.record)).to.equal(true);
      }
      expect(receipt).not.to.equal(null);
      await harness.drop();
      await store.close();
    });

  it("a resting counter takes 16 kB at most, and another one a tenth of it", async () => {
    const store = opened();
    const bytecode = await programOf(COUNTER);
    const sizes: number[] = [];
    for (const points of [12, 31]) {
      const harness = Harness.boot(bytecode, counterWorld);
      await harness.run(undefined, points);
      const facts = await captured(harness);
      right(
        await store.put(checkpoint({ ...facts, identity: identity(points), kin: "counter", resting: true })),
      );
      sizes.push(right(await store.component(identity(points)))!.bytes);
      await harness.drop();
    }
    expect(sizes[0]).to.be.at.most(16_000);
    expect(sizes[1]).to.be.at.most(1_600);
    await store.close();
  });
});
