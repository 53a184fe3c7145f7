import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openLmdbStore } from "../../../runtime/durable/store/lmdb-store.ts";
import { right } from "../../image/either.ts";
import { SpecProcess } from "./process.ts";
import { bases, equal, identity, LARGE, writerMemory } from "./sample.ts";

const KILLS = 20;
const NAMES = [1, 2, 3, LARGE];

describe("a store whose process is killed", () => {
  it(`fault 2: kill -9 at ${KILLS} random instants loses nothing that was acknowledged`, async function () {
    this.timeout(180_000);
    const folder = await mkdtemp(join(tmpdir(), "cryonode-crash-"));
    const acknowledged = new Map<string, number>();
    let seed = 12345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return (seed >>> 8) % below;
    };
    const heard = (line: string): void => {
      const [name = "", sequence] = line.split(" ");
      expect(Number(sequence)).to.be.greaterThan(acknowledged.get(name) ?? 0);
      acknowledged.set(name, Number(sequence));
    };
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const writer = new SpecProcess("./make-checkpoints.js", [folder]);
        // So much it shall have done; then some time, which may end amid anything.
        for (let lines = random(12); lines > 0; lines--) heard((await writer.line()) ?? "");
        await new Promise((resolve) => setTimeout(resolve, random(40)));
        await writer.kill();
        writer.rest().forEach(heard);
        const store = right(await openLmdbStore(folder, { bases }));
        for (const name of NAMES) {
          const known = acknowledged.get(String(name)) ?? 0;
          const found = right(await store.component(identity(name)));
          expect(found?.checkpoints[0]?.sequence ?? 0).to.be.at.least(known);
          for (const { sequence } of found?.checkpoints ?? []) {
            const { memory } = right(await store.read(identity(name), { sequence }));
            expect(equal(memory, writerMemory(name, sequence)), `${name}: ${sequence}`).to.equal(true);
          }
        }
        await store.close();
      }
      expect([...acknowledged.values()].every((sequence) => sequence > 3)).to.equal(true);
      const store = right(await openLmdbStore(folder, { bases }));
      right(await store.commit({ remove: NAMES.map(identity) }));
      while (right(await store.sweep()).more);
      expect(right(await store.facts())).to.include({ components: 0, chunks: 0, bytes: 0 });
      await store.close();
      expect(await readdir(folder)).to.have.members(["store.lmdb", "store.lmdb-lock"]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
