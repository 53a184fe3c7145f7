import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import { ChunkStore } from "../../../runtime/durable/store/chunk-store.ts";
import { openLmdbStore } from "../../../runtime/durable/store/lmdb-store.ts";
import { MemoryGround } from "../../../runtime/durable/store/memory-ground.ts";
import type { Receipt, Store } from "../../../runtime/durable/store/store.ts";
import { storeProse } from "../../../runtime/durable/store/store-error.ts";
import { left, right } from "../../image/either.ts";
import { noise } from "../../image/sample-image.ts";
import { FailingGround, type Outcome } from "./failing-ground.ts";
import { SpecProcess } from "./process.ts";
import { bases, checkpoint, equal, identity, memoryOf, page, since } from "./sample.ts";

const opened = (outcome: (write: number) => Outcome): { store: Store; ground: FailingGround } => {
  const ground = new FailingGround(new MemoryGround("memory"), outcome);
  return { store: right(ChunkStore.open(ground, { bases })), ground };
};

const memories = [1, 2, 3, 4].map((n) => {
  const memory = memoryOf(n, 5);
  memory.set(noise(2000, n), 4 * page);
  return memory;
});

describe("a store whose disk fails", () => {
  for (const outcome of [
    { tag: "NoSpace" as const, step: "commit" },
    { tag: "Io" as const, step: "commit", code: "EIO" },
  ])
    it(`fault 4: ${outcome.tag} at any write is told, leaves nothing behind, and the next one goes on`, async () => {
      for (let failing = 2; failing <= 5; failing++) {
        const { store } = opened((write) => (write === failing ? outcome : "written"));
        let receipt: Receipt | null = null;
        let last = 0;
        for (let n = 1; n <= 4; n++) {
          const before = right(await store.facts());
          const memory = memories[n - 1]!;
          const put = checkpoint({
            sequence: n,
            memory,
            since: receipt === null ? null : since(receipt, memories[last - 1]!, memory),
          });
          let answer = await store.put(put);
          if (E.isLeft(answer)) {
            expect(answer.left).to.deep.equal({ ...outcome, path: "memory" });
            expect(storeProse(answer.left)).to.include("memory");
            expect(right(await store.facts())).to.deep.equal(before);
            if (last > 0)
              expect(equal(right(await store.read(identity(1))).memory, memories[last - 1]!)).to.equal(true);
            answer = await store.put(put);
          }
          receipt = right(answer);
          last = n;
          expect(equal(right(await store.read(identity(1))).memory, memory)).to.equal(true);
        }
        right(await store.commit({ remove: [identity(1)] }));
        while (right(await store.sweep()).more);
        expect(right(await store.facts())).to.include({ components: 0, chunks: 0, bytes: 0 });
        await store.close();
      }
    });

  it("fault 4: commits that fail together are tried one by one", async () => {
    const ground = new MemoryGround("memory", { limit: 20_000 });
    const store = right(ChunkStore.open(ground, { bases }));
    const large = checkpoint({ identity: identity(1), memory: noise(2 * page, 1) });
    const small = checkpoint({ identity: identity(2) });
    const one = right(await store.prepare(large));
    const two = right(await store.prepare(small));
    const answers = await Promise.all([
      store.commit({ checkpoints: [one] }),
      store.commit({ checkpoints: [two] }),
    ]);
    expect(left(answers[0])).to.include({ tag: "NoSpace", path: "memory" });
    right(answers[1]);
    expect(right(await store.component(identity(1)))).to.equal(null);
    expect(equal(right(await store.read(identity(2))).memory, memoryOf(1))).to.equal(true);
    await store.close();
  });

  it("what is asked for in one moment is written together", async () => {
    const { store, ground } = opened(() => "written");
    const before = ground.writes;
    const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
    const prepared = await Promise.all(
      numbers.map((n) => store.prepare(checkpoint({ identity: identity(n) }))),
    );
    const answers = await Promise.all(prepared.map((each) => store.commit({ checkpoints: [right(each)] })));
    answers.map(right);
    expect(ground.writes - before).to.equal(1);
    await store.close();
  });

  it("fault 4: on a real disk that takes no more, too", async function () {
    this.timeout(60_000);
    const folder = await mkdtemp(join(tmpdir(), "cryonode-full-"));
    // In blocks of 512 or 1024 bytes, as the shell has it; the signal is ignored, so that the write fails.
    const child = new SpecProcess("./make-full.js", [folder], "trap '' XFSZ; ulimit -f 2000");
    try {
      const said: string[] = [];
      for (let line = await child.line(); line !== null; line = await child.line()) said.push(line);
      expect(await child.gone()).to.equal(0);
      const [, full = "none"] =
        /^full after (\d+): (?:NoSpace|Io) .*store\.lmdb commit$/.exec(said[0] ?? "") ?? [];
      expect(said[1], said.join("\n")).to.equal("all there");
      // Where there is room again, it goes on from there.
      const store = right(await openLmdbStore(folder, { bases }));
      const next = Number(full) + 1;
      expect(right(await store.component(identity(next)))).to.equal(null);
      right(await store.put(checkpoint({ identity: identity(next), memory: noise(page, next) })));
      for (let n = 1; n <= next; n++)
        expect(equal(right(await store.read(identity(n))).memory, noise(page, n))).to.equal(true);
      await store.close();
    } finally {
      await child.kill();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
