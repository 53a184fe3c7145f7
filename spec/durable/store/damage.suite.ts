// Bits that flip, and entries that change places: whatever stands there, nothing but what was put is ever read.
import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import type { Entry, Ground } from "../../../runtime/durable/store/ground.ts";
import type { Store } from "../../../runtime/durable/store/store.ts";
import { storeProse } from "../../../runtime/durable/store/store-error.ts";
import { left, right } from "../../image/either.ts";
import { noise } from "../../image/sample-image.ts";
import { bases, checkpoint, equal, identity, memoryOf, page, since } from "./sample.ts";
import type { StoreSetup } from "./store.suite.ts";

const all = (ground: Ground, prefix: string): readonly Entry[] => {
  const view = ground.view();
  const entries = view.range(prefix, 10_000);
  view.close();
  return entries;
};

const flipped = (value: Uint8Array, bit: number): Uint8Array => {
  const copy = new Uint8Array(value);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
};

const memories = [1, 2].map((n) => {
  const memory = memoryOf(1, 5);
  memory.set(noise(page, 3), 3 * page);
  memory.set(noise(50, n), 4 * page + 100);
  return memory;
});

export const damageSuite = (setup: StoreSetup): void => {
  let store: Store;
  beforeEach(async () => {
    store = await setup.open({ bases });
    const attachments = new Map([["code", noise(100_000, 5)]]);
    const receipt = right(await store.put(checkpoint({ memory: memories[0]!, attachments })));
    const second = { sequence: 2, memory: memories[1]!, since: since(receipt, memories[0]!, memories[1]!) };
    right(await store.put(checkpoint({ ...second, attachments })));
  });
  afterEach(async () => {
    await store.close();
    await setup.cleanUp();
  });
  const edit = async (change: (ground: Ground) => void): Promise<void> => {
    store = await setup.reopen(store, { bases }, change);
  };
  const set = (entries: Iterable<Entry>) =>
    edit((ground) => right(ground.write(new Map<string, Uint8Array>(entries))));
  const entries = async (prefix: string): Promise<readonly Entry[]> => {
    let found: readonly Entry[] = [];
    await edit((ground) => (found = all(ground, prefix)));
    return found;
  };

  it("fault 16: a bit that flips in a chunk is found and named, and the checkpoint before is offered where it is whole", async () => {
    const offered = new Set<number | null>();
    for (const entry of await entries("c")) {
      const [key, value] = entry;
      await set([[key, flipped(value, value.length * 4)]]);
      const answer = await store.read(identity(1));
      if (E.isRight(answer)) {
        // Only the earlier one is made of it.
        expect(equal(answer.right.memory, memories[1]!)).to.equal(true);
        expect(left(await store.read(identity(1), { sequence: 1 })).tag).to.equal("Corrupt");
      } else {
        const error = answer.left;
        expect(error).to.include({ tag: "Corrupt", identity: identity(1), sequence: 2 });
        if (error.tag !== "Corrupt") continue;
        expect(error.place).to.match(/^(memory at \d+|its record|attachment code)$/);
        expect(storeProse(error)).to.include(error.place);
        offered.add(error.intact);
        if (error.intact !== null)
          expect(equal(right(await store.read(identity(1), { sequence: 1 })).memory, memories[0]!)).to.equal(
            true,
          );
      }
      await set([entry]);
    }
    expect([...offered]).to.have.members([1, null]);
  });

  it("fault 16: nor does what was read before, for who would take that, and nobody else gets it", async () => {
    const read = (familiar: boolean) => store.read(identity(1), { familiar });
    const restored = right(await read(true));
    const again = right(await read(true));
    expect(equal(restored.memory, memories[1]!)).to.equal(true);
    expect(equal(again.memory, memories[1]!)).to.equal(true);
    restored.memory.fill(1);
    for (const bytes of [restored.record, ...restored.attachments.values()]) bytes.fill(1);
    expect(right(await read(true))).to.deep.equal(again);
    expect(right(await read(false))).to.deep.equal(again);
  });

  it("fault 16: a bit that flips anywhere never makes other content", async function () {
    this.timeout(60_000);
    let seed = 1;
    for (const entry of await entries("")) {
      const [key, value] = entry;
      for (let i = 0; i < 4 && value.length > 0; i++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const damaged = new Map([[key, flipped(value, (seed >>> 3) % (value.length * 8))]]);
        if (key === "f") continue;
        await edit((ground) => right(ground.write(damaged)));
        for (const sequence of [1, 2]) {
          const answer = await store.read(identity(1), { sequence });
          if (E.isLeft(answer))
            expect(answer.left.tag).to.be.oneOf(["Corrupt", "WrongBase", "NoSuchComponent"]);
          else expect(equal(answer.right.memory, memories[sequence - 1]!)).to.equal(true);
        }
        await set([entry]);
      }
    }
  });

  it("fault 16: a component whose record is damaged is listed as such, and others are none the worse", async () => {
    right(await store.put(checkpoint({ identity: identity(2) })));
    const [[key, value] = ["", new Uint8Array()]] = await entries("m");
    await set([[key, flipped(value, 9)]]);
    const listed = right(await store.components());
    expect(listed.damaged).to.deep.equal([identity(1)]);
    expect(listed.items.map((item) => item.identity)).to.deep.equal([identity(2)]);
    expect(left(await store.component(identity(1)))).to.include({ tag: "Corrupt", identity: identity(1) });
    expect(left(await store.put(checkpoint({ sequence: 3 }))).tag).to.equal("Corrupt");
    right(await store.read(identity(2)));
  });

  it("fault 16: upon a damaged table nothing is built", async () => {
    const [[key, value] = ["", new Uint8Array()]] = await entries("t");
    // The place of the first chunk.
    await set([[key, flipped(value, 1)]]);
    const put = checkpoint({ sequence: 3, memory: memories[0]! });
    expect(left(await store.put(put))).to.include({ tag: "Corrupt", place: "its table", sequence: 2 });
  });

  it("fault 24: chunks that changed places are refused", async () => {
    const chunks = await entries("c");
    for (let i = 1; i < chunks.length; i++) {
      const [[a, first], [b, second]] = [chunks[i - 1]!, chunks[i]!];
      await set([
        [a, second],
        [b, first],
      ]);
      for (const sequence of [1, 2]) {
        const answer = await store.read(identity(1), { sequence });
        if (E.isRight(answer)) expect(equal(answer.right.memory, memories[sequence - 1]!)).to.equal(true);
        else expect(answer.left.tag).to.equal("Corrupt");
      }
      expect(E.isLeft(await store.read(identity(1)))).to.equal(true);
      await set([
        [a, first],
        [b, second],
      ]);
    }
  });

  it("fault 24: rows of a table that changed places are refused", async () => {
    const [[key, value] = ["", new Uint8Array()]] = await entries("t");
    const swapped = Buffer.from(value);
    value.subarray(1, 17).forEach((byte, i) => (swapped[18 + i] = byte));
    value.subarray(18, 34).forEach((byte, i) => (swapped[1 + i] = byte));
    await set([[key, swapped]]);
    expect(left(await store.read(identity(1)))).to.include({ tag: "Corrupt", place: "its table" });
  });

  it("what another format wrote is refused by its name", async () => {
    let refused: unknown = null;
    try {
      await set([["f", Buffer.from("cryonode store 9")]]);
    } catch (error) {
      refused = error;
    }
    expect(String(refused)).to.include("UnknownFormat").and.to.include("cryonode store 9");
    store = await setup.open({ bases });
  });
};
