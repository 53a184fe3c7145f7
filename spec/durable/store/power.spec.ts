import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import { ChunkStore } from "../../../runtime/durable/store/chunk-store.ts";
import { MemoryGround } from "../../../runtime/durable/store/memory-ground.ts";
import type { Receipt, Store } from "../../../runtime/durable/store/store.ts";
import { right } from "../../image/either.ts";
import { noise } from "../../image/sample-image.ts";
import { FailingGround, type Outcome } from "./failing-ground.ts";
import { bases, checkpoint, equal, identity, memoryOf, page, since } from "./sample.ts";

const memoryAt = (name: number, sequence: number): Uint8Array => {
  const memory = memoryOf(name, 5);
  memory.set(noise(300, sequence * 10 + name), 3 * page + sequence * 4);
  return memory;
};

/** What was acknowledged: of each component the latest checkpoint, or `null` where it was removed. */
type Acknowledged = Map<number, number | null>;

/** A life of three components: whole and by differences, alone and as a group, with values, a removal, sweeps. */
const live = async (store: Store, acknowledged: Acknowledged): Promise<void> => {
  const receipts = new Map<number, Receipt>();
  const fields = (name: number, sequence: number) => {
    const receipt = receipts.get(name);
    const memory = memoryAt(name, sequence);
    const before = receipt === undefined ? null : memoryAt(name, receipt.sequence);
    return checkpoint({
      identity: identity(name),
      kin: "kin",
      sequence,
      memory,
      since: receipt === undefined || before === null ? null : since(receipt, before, memory),
    });
  };
  const commit = async (names: readonly number[], sequence: number): Promise<boolean> => {
    const checkpoints = await Promise.all(names.map((name) => store.prepare(fields(name, sequence))));
    const set = new Map([["step", Buffer.from(`${names.join()}:${sequence}`)]]);
    const committed = await store.commit({ checkpoints: checkpoints.map(right), set });
    if (E.isLeft(committed)) return false;
    for (const [i, receipt] of committed.right.receipts.entries()) {
      receipts.set(names[i]!, receipt);
      acknowledged.set(names[i]!, sequence);
    }
    return true;
  };
  for (let sequence = 1; sequence <= 4; sequence++) {
    if (!(await commit([1], sequence))) return;
    if (!(await commit([2, 3], sequence))) return;
  }
  const removed = await store.commit({ remove: [identity(1)] });
  if (E.isLeft(removed)) return;
  acknowledged.set(1, null);
  if (E.isLeft(await store.sweep(5))) return;
  await commit([2, 3], 5);
};

const survivors = async (store: Store): Promise<void> => {
  right(await store.commit({ remove: [1, 2, 3].map(identity) }));
  while (right(await store.sweep()).more);
  expect(right(await store.facts())).to.include({ components: 0, chunks: 0, bytes: 0 });
};

describe("a store whose power goes", () => {
  it("faults 2 and 3: at any write, lost or kept, it has what was acknowledged, or one step more, and no mix", async function () {
    this.timeout(60_000);
    for (const outcome of ["lost", "kept"] as const)
      for (let at = 2, cut = true; cut; at++) {
        const disk = new MemoryGround("memory");
        const say = (write: number): Outcome => (write === at ? outcome : "written");
        const ground = new FailingGround(disk, say);
        const acknowledged: Acknowledged = new Map();
        await live(right(ChunkStore.open(ground, { bases })), acknowledged);
        cut = ground.dead;
        if (!cut) {
          expect(at).to.be.greaterThan(10);
          break;
        }
        const store = right(ChunkStore.open(disk, { bases }));
        const sequences: (number | null)[] = [];
        for (const name of [1, 2, 3]) {
          const found = right(await store.component(identity(name)));
          const latest = found?.checkpoints[0]?.sequence ?? null;
          sequences.push(latest);
          const known = acknowledged.get(name) ?? null;
          if (known !== null && latest !== null)
            expect(latest - known).to.be.oneOf(outcome === "kept" ? [0, 1] : [0]);
          for (const { sequence } of found?.checkpoints ?? []) {
            const { memory } = right(await store.read(identity(name), { sequence }));
            expect(equal(memory, memoryAt(name, sequence))).to.equal(true);
          }
          if (known !== null && outcome === "lost") expect(latest).to.equal(known);
        }
        // The group's two are never apart, and the value of a batch is that of its checkpoints.
        expect(sequences[1]).to.equal(sequences[2]);
        const step = String(Buffer.from(right(await store.get("step")) ?? new Uint8Array()));
        if (step !== "") {
          const [names = "", sequence] = step.split(":");
          for (const name of names.split(","))
            if (sequences[Number(name) - 1] !== null)
              expect(sequences[Number(name) - 1]).to.equal(Number(sequence));
        }
        await survivors(store);
        await store.close();
      }
  });
});
