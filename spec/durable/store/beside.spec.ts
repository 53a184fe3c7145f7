import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E, type Either } from "../../../lib/fp.ts";
import { CommitThread } from "../../../runtime/durable/commit-thread.ts";
import { ChunkStore } from "../../../runtime/durable/store/chunk-store.ts";
import type { Changes, Ground, GroundError } from "../../../runtime/durable/store/ground.ts";
import { openLmdbStore } from "../../../runtime/durable/store/lmdb-store.ts";
import { MemoryGround } from "../../../runtime/durable/store/memory-ground.ts";
import type { Store } from "../../../runtime/durable/store/store.ts";
import { left, right } from "../../image/either.ts";
import { noise } from "../../image/sample-image.ts";
import { bases, checkpoint, equal, identity, page } from "./sample.ts";

/** As much as is written beside. */
const large = noise(17 * page, 3);
/** What it begins with. */
const common = large.slice(0, 2 * page);

interface Begun {
  readonly finish: (outcome: "written" | GroundError) => void;
}

/** A ground in memory, whose writes beside are over when the spec says so. */
const opened = (): { store: Store; began: () => Promise<Begun>; writes: () => number } => {
  const ground: Ground = new MemoryGround("memory");
  let writes = 0;
  let heard = (_: Begun): void => {};
  const beside = (changes: Changes): Promise<Either<GroundError, void>> =>
    new Promise((resolve) =>
      heard({
        finish: (outcome) => resolve(outcome === "written" ? ground.write(changes) : E.left(outcome)),
      }),
    );
  const slow: Ground = {
    path: "memory",
    view: () => ground.view(),
    last: (prefix) => ground.last(prefix),
    write: (changes) => {
      writes += 1;
      return ground.write(changes);
    },
    writeBeside: beside,
    bytes: () => ground.bytes(),
    close: () => ground.close(),
  };
  return {
    store: right(ChunkStore.open(slow, { bases })),
    began: () => new Promise((resolve) => (heard = resolve)),
    writes: () => writes,
  };
};

describe("a commit that is written beside", () => {
  for (const outcome of ["written", { tag: "NoSpace", step: "commit" }] as const)
    it(`fault 4: others are read and prepared meanwhile, and written after it, where it was ${outcome === "written" ? outcome : outcome.tag}`, async () => {
      const { store, began, writes } = opened();
      const one = right(await store.prepare(checkpoint({ memory: large })));
      const begun = began();
      const committed = store.commit({ checkpoints: [one] });
      const { finish } = await begun;
      const before = writes();
      expect(right(await store.component(identity(1)))).to.equal(null);
      // It has some of that in common, which is not there yet, and may never be.
      const two = right(await store.prepare(checkpoint({ identity: identity(2), memory: common })));
      const then = [
        store.commit({ checkpoints: [two] }),
        store.commit({ set: new Map([["key", Buffer.from("value")]]) }),
      ];
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(writes()).to.equal(before);
      finish(outcome);
      const answer = await committed;
      if (outcome === "written") right(answer);
      else expect(left(answer)).to.deep.equal({ ...outcome, path: "memory" });
      for (const each of await Promise.all(then)) right(each);
      expect(writes()).to.equal(before + 1);
      if (outcome === "written")
        expect(equal(right(await store.read(identity(1))).memory, large)).to.equal(true);
      expect(equal(right(await store.read(identity(2))).memory, common)).to.equal(true);
      right(await store.commit({ remove: [identity(1), identity(2)], unset: ["key"] }));
      while (right(await store.sweep()).more);
      expect(right(await store.facts())).to.include({ components: 0, chunks: 0, bytes: 0 });
      await store.close();
    });

  it("takes nothing away that others may come to rely on meanwhile: what sweeps is written at once", async () => {
    const { store, began } = opened();
    right(await store.put(checkpoint({ memory: noise(3 * page, 1) })));
    right(await store.commit({ remove: [identity(1)] }));
    const besides = began().then(() => "beside");
    const put = store.put(checkpoint({ identity: identity(2), memory: large })).then(() => "at once");
    expect(await Promise.race([besides, put])).to.equal("at once");
    await store.close();
  });

  it("is there when its store has been closed and opened again, on disk", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-beside-"));
    try {
      const store = right(await openLmdbStore(folder, { bases }));
      const memory = new Uint8Array(new SharedArrayBuffer(large.length));
      memory.set(large);
      const receipt = right(await store.put(checkpoint({ memory, stable: true })));
      expect(right(await store.component(identity(1)))?.checkpoints[0]?.hash).to.equal(receipt.hash);
      right(await store.put(checkpoint({ identity: identity(2), memory: common })));
      await store.close();
      const again = right(await openLmdbStore(folder, { bases }));
      expect(equal(right(await again.read(identity(1))).memory, large)).to.equal(true);
      expect(equal(right(await again.read(identity(2))).memory, common)).to.equal(true);
      await again.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("fault 4: of a ground that can't be opened that is told; a thread that has ended has no answer", async () => {
    const thread = new CommitThread(join(process.execPath, "store.lmdb"));
    const changes = new Map([["a", Buffer.from("1")]]);
    expect(left((await thread.write(changes))!).tag).to.equal("Io");
    await thread.close();
    expect(await thread.write(changes)).to.equal(null);
  });
});
