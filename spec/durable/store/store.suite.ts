// What every store owes its callers. An implementation's spec says how to open one, and how to get at what it lies on.
import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import type { StoreOptions } from "../../../runtime/durable/store/chunk-store.ts";
import type { Ground } from "../../../runtime/durable/store/ground.ts";
import type { Checkpoint, Store } from "../../../runtime/durable/store/store.ts";
import { left, right } from "../../image/either.ts";
import { noise } from "../../image/sample-image.ts";
import { base, bases, checkpoint, equal, identity, memoryOf, otherHash, page, since } from "./sample.ts";

export interface StoreSetup {
  /** An empty store. */
  open(options: StoreOptions): Promise<Store>;
  /** The same again, in another incarnation of the host; `edit` is done to what it lies on in between. */
  reopen(store: Store, options: StoreOptions, edit?: (ground: Ground) => void): Promise<Store>;
  /** After each test. */
  cleanUp(): Promise<void>;
}

export const storeSuite = (setup: StoreSetup): void => {
  let store: Store;
  beforeEach(async () => {
    store = await setup.open({ bases });
  });
  afterEach(async () => {
    await store.close();
    await setup.cleanUp();
  });
  const again = async (options: Partial<StoreOptions> = {}): Promise<void> => {
    store = await setup.reopen(store, { bases, ...options });
  };
  const memoryNow = async (name: string, sequence?: number): Promise<Uint8Array> =>
    right(await store.read(name, sequence === undefined ? {} : { sequence })).memory;
  const emptied = async (): Promise<void> => {
    for (let more = true; more;) ({ more } = right(await store.sweep(5)));
  };

  describe("a checkpoint", () => {
    it("comes back whole, in this incarnation of the host and the next", async () => {
      const attachments = new Map([
        ["code", noise(200_000, 3)],
        ["map", Buffer.from("{}")],
        ["nothing", new Uint8Array()],
      ]);
      const put = checkpoint({ kin: "kin", record: noise(70_000, 4), attachments, generation: 3, epoch: 5 });
      const receipt = right(await store.put(put));
      for (let life = 0; life < 2; life++) {
        const restored = right(await store.read(put.identity));
        const { memory, since: _, resting: __, bound: ___, ...facts } = put;
        expect(equal(restored.memory, memory)).to.equal(true);
        expect(restored).to.deep.include({
          ...facts,
          record: restored.record,
          attachments: restored.attachments,
        });
        expect(equal(restored.record, put.record)).to.equal(true);
        expect([...restored.attachments.keys()]).to.have.members([...attachments.keys()]);
        for (const [name, bytes] of attachments)
          expect(equal(restored.attachments.get(name)!, bytes)).to.equal(true);
        expect(restored.receipt).to.deep.equal(receipt);
        await again();
      }
    });

    it("is read to where its reader wants it, shared memory for instance", async () => {
      right(await store.put(checkpoint()));
      const target = new Uint8Array(new SharedArrayBuffer(4 * page)).fill(9);
      const restored = right(await store.read(identity(1), { into: () => target }));
      expect(restored.memory).to.equal(target);
      expect(equal(target, memoryOf(1))).to.equal(true);
    });

    it("may be put from shared memory, and from memory that is not aligned", async () => {
      const shared = new Uint8Array(new SharedArrayBuffer(4 * page));
      shared.set(memoryOf(1));
      const crooked = new Uint8Array(4 * page + 3).subarray(3);
      crooked.set(memoryOf(2));
      right(await store.put(checkpoint({ memory: shared })));
      right(await store.put(checkpoint({ identity: identity(2), memory: crooked })));
      expect(equal(await memoryNow(identity(1)), memoryOf(1))).to.equal(true);
      expect(equal(await memoryNow(identity(2)), memoryOf(2))).to.equal(true);
    });

    it("takes nothing for what is as in its base", async () => {
      const before = right(await store.facts()).bytes;
      const memory = new Uint8Array(8 * page);
      memory.set(base);
      right(await store.put(checkpoint({ memory, record: new Uint8Array() })));
      expect(right(await store.facts())).to.include({ components: 1, chunks: 0, bytes: before });
      expect(equal(await memoryNow(identity(1)), memory)).to.equal(true);
    });

    it("may differ in all from its base, shrink, and change its base", async () => {
      const memories = [noise(5 * page, 1), noise(2 * page, 2), memoryOf(3)];
      const receipts = [];
      for (const [i, memory] of memories.entries())
        receipts.push(right(await store.put(checkpoint({ memory, sequence: i + 1 }))));
      // The page set says that nothing changed; under another base all is otherwise.
      const moved = checkpoint({
        memory: memories[2]!,
        sequence: 4,
        base: otherHash,
        since: since(receipts[2]!, memories[2]!, memories[2]!),
      });
      right(await store.put(moved));
      expect(equal(await memoryNow(identity(1), 3), memories[2]!)).to.equal(true);
      expect(equal(await memoryNow(identity(1), 4), memories[2]!)).to.equal(true);
      expect(right(await store.read(identity(1))).base).to.equal(otherHash);
    });

    it("is listed with its sizes, page by page", async () => {
      for (const n of [3, 1, 2])
        right(
          await store.put(checkpoint({ identity: identity(n), label: `init -> ${n}`, memory: memoryOf(n) })),
        );
      const first = right(await store.components({ limit: 2 }));
      expect(first.items.map(({ label }) => label)).to.deep.equal(["init -> 1", "init -> 2"]);
      const second = right(await store.components({ limit: 2, after: first.next }));
      expect(second.items.map(({ label }) => label)).to.deep.equal(["init -> 3"]);
      expect(second.next).to.equal(null);
      const [one] = first.items;
      expect(one).to.deep.equal(right(await store.component(identity(1))));
      expect(one?.checkpoints[0]).to.include({ sequence: 1, generation: 1, memoryBytes: 4 * page });
      expect(one?.bytes).to.be.greaterThan(100).and.lessThan(2000);
      expect(right(await store.component(identity(9)))).to.equal(null);
    });
  });

  describe("earlier checkpoints", () => {
    it("are kept, as many as asked for, and go with the commit of a later one", async () => {
      await again({ keep: 3 });
      for (let n = 1; n <= 5; n++)
        right(await store.put(checkpoint({ sequence: n * 10, memory: memoryOf(n) })));
      expect(
        right(await store.component(identity(1)))?.checkpoints.map(({ sequence }) => sequence),
      ).to.deep.equal([50, 40, 30]);
      for (const n of [3, 4, 5])
        expect(equal(await memoryNow(identity(1), n * 10), memoryOf(n))).to.equal(true);
      expect(left(await store.read(identity(1), { sequence: 20 }))).to.deep.equal({
        tag: "NoSuchCheckpoint",
        identity: identity(1),
        sequence: 20,
        available: [50, 40, 30],
      });
      expect(left(await store.read(identity(7))).tag).to.equal("NoSuchComponent");
    });

    it("fault 13: what changed and changed back is what it was, and is kept once", async () => {
      const memories = [memoryOf(1), memoryOf(2), memoryOf(1), memoryOf(2), memoryOf(1)];
      let receipt = right(await store.put(checkpoint()));
      let chunks = 0;
      for (let n = 1; n < memories.length; n++) {
        const next = checkpoint({
          memory: memories[n]!,
          sequence: n + 1,
          since: since(receipt, memories[n - 1]!, memories[n]!),
        });
        receipt = right(await store.put(next));
        expect(equal(await memoryNow(identity(1)), memories[n]!)).to.equal(true);
        expect(equal(await memoryNow(identity(1), n), memories[n - 1]!)).to.equal(true);
        const now = right(await store.facts()).chunks;
        if (n > 1) expect(now).to.equal(chunks);
        chunks = now;
      }
    });

    it("fault 14: one that is not built upon the latest, or comes before it, is refused", async () => {
      const first = right(await store.put(checkpoint()));
      const second = right(await store.put(checkpoint({ sequence: 2, memory: memoryOf(2) })));
      const stale = checkpoint({ sequence: 3, since: since(first, memoryOf(1), memoryOf(1)) });
      expect(left(await store.put(stale))).to.deep.equal({
        tag: "WrongParent",
        identity: identity(1),
        wanted: first.hash,
        found: second.hash,
      });
      const other = checkpoint({ identity: identity(2), since: since(first, memoryOf(1), memoryOf(1)) });
      expect(left(await store.put(other))).to.include({ tag: "WrongParent", found: second.hash });
      expect(left(await store.put(checkpoint({ sequence: 2 })))).to.deep.equal({
        tag: "OutOfOrder",
        identity: identity(1),
        sequence: 2,
        latest: 2,
      });
      expect(equal(await memoryNow(identity(1)), memoryOf(2))).to.equal(true);
    });

    it("one may take the place of another's, which is no more; nothing that both have is stored again", async () => {
      const memories = [noise(5 * page, 1), noise(5 * page, 1), noise(5 * page, 1)];
      memories[1]!.fill(7, page, page + 64);
      memories[2]!.fill(8, 2 * page, 2 * page + 64);
      const first = right(await store.put(checkpoint({ memory: memories[0]! })));
      const last = right(
        await store.put(
          checkpoint({
            memory: memories[1]!,
            sequence: 2,
            since: since(first, memories[0]!, memories[1]!),
          }),
        ),
      );
      const { bytes } = right(await store.facts());
      const heir = (fields: Partial<Checkpoint> = {}): Checkpoint =>
        checkpoint({
          ...{ identity: identity(2), label: "init -> two", memory: memories[2]!, sequence: 3, epoch: 4 },
          since: since(last, memories[1]!, memories[2]!),
          ...fields,
        });
      expect(left(await store.put(heir({ sequence: 2 }))).tag).to.equal("OutOfOrder");
      const stale = { ...last, hash: first.hash };
      expect(left(await store.put(heir({ since: { ...heir().since!, receipt: stale } }))).tag).to.equal(
        "WrongParent",
      );
      const receipt = right(await store.put(heir()));
      expect(right(await store.component(identity(1)))).to.equal(null);
      expect(right(await store.epoch(identity(1)))).to.equal(null);
      const restored = right(await store.read(identity(2)));
      expect(equal(restored.memory, memories[2]!)).to.equal(true);
      expect(restored).to.deep.include({ label: "init -> two", epoch: 4, sequence: 3, receipt });
      const facts = right(await store.facts());
      expect(facts.components).to.equal(1);
      expect(facts.bytes).to.be.lessThan(bytes + 1000);
      // It goes on as if it had never been another's, and where it goes all goes.
      const next = memories[0]!;
      const later = heir({ memory: next, sequence: 4, since: since(receipt, memories[2]!, next) });
      right(await store.put(later));
      expect(equal(right(await store.read(identity(2), { sequence: 3 })).memory, memories[2]!)).to.equal(
        true,
      );
      while (right(await store.sweep()).more);
      expect(equal(right(await store.read(identity(2), { sequence: 3 })).memory, memories[2]!)).to.equal(
        true,
      );
      expect(equal(await memoryNow(identity(2)), next)).to.equal(true);
      // Whoever has checkpoints takes nobody else's.
      const other = right(await store.put(checkpoint({ memory: memories[1]! })));
      const taken = heir({ sequence: 5, since: since(other, memories[1]!, memories[2]!) });
      expect(left(await store.put(taken)).tag).to.equal("WrongParent");
      right(await store.commit({ remove: [identity(1), identity(2)] }));
      while (right(await store.sweep()).more);
      expect(right(await store.facts())).to.include({ components: 0, chunks: 0 });
    });

    it("one that is gone when another is to take its place is not taken", async () => {
      const memory = noise(5 * page, 1);
      const receipt = right(await store.put(checkpoint({ memory })));
      const heir = checkpoint({
        ...{ identity: identity(2), memory, sequence: 2 },
        since: since(receipt, memory, memory),
      });
      const prepared = right(await store.prepare(heir));
      right(await store.commit({ remove: [identity(1)] }));
      expect(left(await store.commit({ checkpoints: [prepared] })).tag).to.equal("WrongParent");
      expect(right(await store.component(identity(2)))).to.equal(null);
    });

    it("fault 14: without its base memory none is put, and none read", async () => {
      right(await store.put(checkpoint({ base: otherHash })));
      await again({ bases: () => null });
      const error = { tag: "WrongBase", identity: identity(1), wanted: otherHash };
      expect(left(await store.read(identity(1)))).to.deep.equal(error);
      expect(left(await store.put(checkpoint({ base: otherHash, sequence: 2 })))).to.deep.equal(error);
      await again();
      expect(equal(await memoryNow(identity(1)), memoryOf(1))).to.equal(true);
    });
  });

  describe("at once", () => {
    it("one that nobody wants any more while it is prepared is given up, and another one may come", async () => {
      const put = checkpoint({ sequence: 1 });
      const refused = await store.prepare({ ...put, unwanted: () => true });
      expect(left(refused)).to.deep.equal({ tag: "GivenUp", identity: put.identity });
      expect(right(await store.component(put.identity))).to.equal(null);
      right(await store.put(put));
      expect(equal(await memoryNow(put.identity), put.memory)).to.equal(true);
    });

    it("fault 5: of two checkpoints of one component one wins, the other hears Busy", async () => {
      const answers = await Promise.all([1, 2].map((n) => store.put(checkpoint({ sequence: n }))));
      expect(answers.map((answer) => (E.isLeft(answer) ? answer.left.tag : "put"))).to.deep.equal([
        "put",
        "Busy",
      ]);
      const prepared = right(await store.prepare(checkpoint({ sequence: 3 })));
      expect(left(await store.prepare(checkpoint({ sequence: 4 }))).tag).to.equal("Busy");
      prepared.drop();
      right(await store.put(checkpoint({ sequence: 4 })));
    });

    it("many components put and read without a mix", async () => {
      const numbers = Array.from({ length: 30 }, (_, i) => i + 1);
      await Promise.all(
        numbers.map(async (n) => {
          right(await store.put(checkpoint({ identity: identity(n), kin: "kin", memory: memoryOf(n) })));
          right(
            await store.put(
              checkpoint({ identity: identity(n), kin: "kin", sequence: 2, memory: memoryOf(n + 1) }),
            ),
          );
        }),
      );
      await again();
      await Promise.all(
        numbers.map(async (n) => {
          expect(equal(await memoryNow(identity(n)), memoryOf(n + 1))).to.equal(true);
          expect(equal(await memoryNow(identity(n), 1), memoryOf(n))).to.equal(true);
        }),
      );
    });

    it("a group is committed together, or not at all", async () => {
      const prepare = async (n: number, fields = {}) =>
        right(await store.prepare(checkpoint({ identity: identity(n), memory: memoryOf(n), ...fields })));
      const { receipts } = right(await store.commit({ checkpoints: [await prepare(1), await prepare(2)] }));
      expect(receipts.map((receipt) => receipt.identity)).to.deep.equal([identity(1), identity(2)]);
      const [one, two] = [await prepare(1, { sequence: 2, epoch: 2 }), await prepare(2, { sequence: 2 })];
      right(await store.commit({ epochs: new Map([[identity(2), 2]]) }));
      const set = new Map([["key", Buffer.from("value")]]);
      expect(left(await store.commit({ checkpoints: [one, two], set }))).to.deep.equal({
        tag: "Stale",
        identity: identity(2),
        epoch: 1,
        latest: 2,
      });
      expect(right(await store.component(identity(1)))?.checkpoints).to.have.length(1);
      expect(right(await store.get("key"))).to.equal(null);
      right(await store.put(checkpoint({ sequence: 2 })));
    });
  });

  describe("who may write, and what was committed", () => {
    it("fault 23: a superseded incarnation commits nothing, also what it prepared before", async () => {
      right(await store.put(checkpoint({ epoch: 3 })));
      const prepared = right(await store.prepare(checkpoint({ epoch: 3, sequence: 2 })));
      right(await store.commit({ epochs: new Map([[identity(1), 4]]) }));
      const stale = { tag: "Stale", identity: identity(1), epoch: 3, latest: 4 };
      expect(left(await store.commit({ checkpoints: [prepared] }))).to.deep.equal(stale);
      expect(left(await store.put(checkpoint({ epoch: 3, sequence: 2 })))).to.deep.equal(stale);
      expect(left(await store.commit({ epochs: new Map([[identity(1), 4]]) }))).to.include({ tag: "Stale" });
      right(await store.put(checkpoint({ epoch: 4, sequence: 2 })));
      expect(right(await store.epoch(identity(1)))).to.equal(4);
    });

    it("fault 23: a store that was rolled back is found out by who knows better", async () => {
      const receipt = right(await store.put(checkpoint({ epoch: 2, sequence: 7 })));
      right(await store.read(identity(1), { atLeast: receipt }));
      for (const expected of [
        { epoch: 2, sequence: 8 },
        { epoch: 3, sequence: 7 },
      ])
        expect(left(await store.read(identity(1), { atLeast: expected }))).to.deep.equal({
          tag: "RolledBack",
          identity: identity(1),
          expected,
          found: { epoch: 2, sequence: 7 },
        });
      const expected = { epoch: 1, sequence: 1 };
      expect(left(await store.read(identity(2), { atLeast: expected }))).to.include({
        tag: "RolledBack",
        found: null,
      });
    });

    it("law 5: an epoch outlives its component, until it is forgotten", async () => {
      right(await store.put(checkpoint({ epoch: 5 })));
      right(await store.commit({ remove: [identity(1)] }));
      await again();
      expect(right(await store.epoch(identity(1)))).to.equal(5);
      expect(left(await store.put(checkpoint({ epoch: 4 })))).to.include({ tag: "Stale", latest: 5 });
      right(await store.put(checkpoint({ epoch: 6 })));
      expect(left(await store.commit({ forget: [identity(1)] })).tag).to.equal("Malformed");
      right(await store.commit({ remove: [identity(1)], forget: [identity(1)] }));
      expect(right(await store.epoch(identity(1)))).to.equal(null);
    });
  });

  describe("space", () => {
    it("is shared by components of a kind, and by identical ones of any", async () => {
      const sizes: number[] = [];
      for (let n = 1; n <= 4; n++) {
        const memory = noise(4 * page, 1);
        memory.set(noise(100, n), 1000);
        const kin = n === 4 ? null : "kin";
        right(await store.put(checkpoint({ identity: identity(n), kin, memory })));
        sizes.push(right(await store.facts()).bytes);
      }
      expect(sizes[0]).to.be.greaterThan(4 * page);
      expect(sizes[1]! - sizes[0]!).to.be.lessThan(1000);
      // Without a kin only whole chunks are shared.
      expect(sizes[3]! - sizes[2]!).to.be.lessThan(2 * page);
    });

    it("takes of a record what changed since the one before, however long it is", async () => {
      const record = noise(150_000, 1);
      right(await store.put(checkpoint({ record })));
      const before = right(await store.facts()).bytes;
      const next = Buffer.concat([Buffer.from("a few bytes more"), record]);
      next.fill(7, 100_000, 100_020);
      right(await store.put(checkpoint({ sequence: 2, record: next })));
      expect(right(await store.facts()).bytes - before).to.be.lessThan(3000);
      expect(equal(right(await store.read(identity(1))).record, next)).to.equal(true);
    });

    it("fault 6: what others are differences from outlives the component that wrote it", async () => {
      const memories = [1, 2].map((n) => {
        const memory = noise(2 * page, 1);
        memory.set(noise(100, n), 1000);
        return memory;
      });
      right(await store.put(checkpoint({ kin: "kin", memory: memories[0]! })));
      right(await store.put(checkpoint({ identity: identity(2), kin: "kin", memory: memories[1]! })));
      right(await store.commit({ remove: [identity(1)] }));
      await emptied();
      expect(equal(await memoryNow(identity(2)), memories[1]!)).to.equal(true);
      right(await store.put(checkpoint({ identity: identity(3), kin: "kin", memory: memories[0]! })));
      right(await store.commit({ remove: [identity(2), identity(3)] }));
      await emptied();
      expect(right(await store.facts())).to.include({ components: 0, chunks: 0, bytes: 0 });
    });

    it("is given back a bounded amount at a time, and never from under a reader", async () => {
      const memory = noise(40 * page, 1);
      right(await store.put(checkpoint({ memory, record: noise(200_000, 2) })));
      const reading = store.read(identity(1));
      right(await store.commit({ remove: [identity(1)] }));
      const swept = right(await store.sweep(10));
      expect(swept.chunks).to.be.at.most(10);
      expect(swept.more).to.equal(true);
      await emptied();
      expect(equal(right(await reading).memory, memory)).to.equal(true);
      expect(right(await store.facts())).to.include({ components: 0, chunks: 0, bytes: 0 });
      expect(left(await store.read(identity(1))).tag).to.equal("NoSuchComponent");
    });

    it("is left for later by a hurried commit", async () => {
      right(await store.put(checkpoint({ memory: noise(40 * page, 1) })));
      right(await store.commit({ remove: [identity(1)] }));
      const before = right(await store.facts()).chunks;
      const hurried = right(await store.prepare(checkpoint({ identity: identity(2) })));
      right(await store.commit({ checkpoints: [hurried], hurried: true }));
      expect(right(await store.facts()).chunks).to.be.at.least(before);
      // What its table held becomes garbage first.
      for (const n of [3, 4]) right(await store.put(checkpoint({ identity: identity(n) })));
      expect(right(await store.facts()).chunks).to.be.below(before);
    });

    it("what a prepared checkpoint relies on is not swept before its commit", async () => {
      const memory = noise(3 * page, 1);
      right(await store.put(checkpoint({ identity: identity(2), memory })));
      const prepared = right(await store.prepare(checkpoint({ memory })));
      right(await store.commit({ remove: [identity(2)] }));
      await emptied();
      right(await store.commit({ checkpoints: [prepared] }));
      expect(equal(await memoryNow(identity(1)), memory)).to.equal(true);
    });

    it("taken up again before it was swept, it is no garbage any more", async () => {
      const memory = noise(3 * page, 1);
      right(await store.put(checkpoint({ memory })));
      right(await store.commit({ remove: [identity(1)] }));
      right(await store.put(checkpoint({ identity: identity(2), memory })));
      await emptied();
      expect(equal(await memoryNow(identity(2)), memory)).to.equal(true);
      expect(right(await store.facts()).chunks).to.equal(4);
    });

    it("is bounded for each component: over it nothing changes, and the error says who, how much, and the bound", async () => {
      const bound = 2 * page;
      right(await store.put(checkpoint({ memory: memoryOf(1), bound })));
      const before = right(await store.facts());
      const error = left(await store.put(checkpoint({ sequence: 2, memory: noise(3 * page, 1), bound })));
      expect(error).to.include({ tag: "OverBound", identity: identity(1), label: "init -> one", bound });
      expect(error.tag === "OverBound" && error.bytes).to.be.greaterThan(3 * page);
      expect(right(await store.facts())).to.deep.equal(before);
      expect(equal(await memoryNow(identity(1)), memoryOf(1))).to.equal(true);
      await again({ bound: 1000 });
      expect(left(await store.put(checkpoint({ sequence: 2, memory: noise(3 * page, 1) })))).to.include({
        bound: 1000,
      });
    });

    it("a component within its bound stays so however often it is put", async () => {
      let receipt = null;
      let memory = noise(2 * page, 1);
      for (let n = 1; n <= 30; n++) {
        const next = new Uint8Array(memory);
        next.set(noise(20_000, n), (n * 4096) % page);
        receipt = right(
          await store.put(
            checkpoint({
              memory: next,
              sequence: n,
              since: receipt === null ? null : since(receipt, memory, next),
              bound: 8 * page,
            }),
          ),
        );
        memory = next;
      }
      expect(equal(await memoryNow(identity(1)), memory)).to.equal(true);
    });
  });

  describe("the host's own values", () => {
    const bytes = (text: string): Uint8Array => Buffer.from(text);

    it("are set, unset and listed, together with everything else of their batch", async () => {
      const set = new Map(["a/1", "a/2", "ä/3", "b"].map((key) => [key, bytes(key)]));
      right(await store.commit({ set }));
      right(await store.commit({ set: new Map([["a/1", bytes("new")]]), unset: ["b", "never"] }));
      await again();
      expect(right(await store.get("b"))).to.equal(null);
      const first = right(await store.entries("a/", { limit: 1 }));
      expect(first.items.map(([key, value]) => [key, String(Buffer.from(value))])).to.deep.equal([
        ["a/1", "new"],
      ]);
      const second = right(await store.entries("a/", { after: first.next, limit: 5 }));
      expect(second).to.deep.equal({ items: [["a/2", bytes("a/2")]], next: null });
      expect(right(await store.entries("")).items.map(([key]) => key)).to.deep.equal(["a/1", "a/2", "ä/3"]);
    });

    it("do not change with their setter's array", async () => {
      const value = new Uint8Array([1, 2, 3]);
      const committed = store.commit({ set: new Map([["key", value]]) });
      right(await committed);
      value.fill(0);
      expect([...right(await store.get("key"))!]).to.deep.equal([1, 2, 3]);
      right(await store.get("key"))!.fill(0);
      expect([...right(await store.get("key"))!]).to.deep.equal([1, 2, 3]);
    });
  });

  describe("what can't be", () => {
    it("is refused, and changes nothing", async () => {
      const wrong: readonly Partial<Checkpoint>[] = [
        { identity: "../x" },
        { identity: identity(1).toUpperCase().replace("8000", "A000") },
        { label: "" },
        { kin: "" },
        { base: "x" },
        { epoch: -1 },
        { sequence: 1.5 },
        { generation: 2 ** 53 },
        { registers: { stackPointer: 2 ** 32, runtime: 0, context: 0 } },
        { memory: new Uint8Array() },
        { memory: new Uint8Array(page + 1) },
        { record: new Uint8Array(2 ** 26 + 1) },
        { attachments: new Map([["", new Uint8Array()]]) },
        { bound: -1 },
      ];
      const before = right(await store.facts());
      for (const fields of wrong)
        expect(
          left(await store.put(checkpoint(fields))).tag,
          JSON.stringify(Object.keys(fields)),
        ).to.be.oneOf(["Malformed", "TooLarge"]);
      const value = new Map([["key", new Uint8Array()]]);
      expect(left(await store.commit({ set: value, unset: ["key"] })).tag).to.equal("Malformed");
      expect(left(await store.commit({ set: new Map([["", new Uint8Array()]]) })).tag).to.equal("Malformed");
      expect(left(await store.commit({ remove: [identity(1), identity(1)] })).tag).to.equal("Malformed");
      expect(left(await store.read("x")).tag).to.equal("Malformed");
      expect(right(await store.facts())).to.deep.equal(before);
      right(await store.put(checkpoint()));
    });

    it("a closed store answers Closed, and what was under way is done", async () => {
      const putting = store.put(checkpoint());
      const closing = store.close();
      const put = await putting;
      await closing;
      expect(E.isLeft(put) && put.left.tag).to.equal("Closed");
      expect(left(await store.read(identity(1))).tag).to.equal("Closed");
      expect(left(await store.get("x")).tag).to.equal("Closed");
      await store.close();
    });
  });
};
