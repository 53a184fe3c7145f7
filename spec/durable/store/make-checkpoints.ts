// A process of its own that puts checkpoints for ever: `node make-checkpoints.js FOLDER`. Goes on from what is there.
// Says `NAME SEQUENCE` when one is acknowledged.
import { writeSync } from "node:fs";
import { openLmdbStore } from "../../../runtime/durable/store/lmdb-store.ts";
import type { Receipt } from "../../../runtime/durable/store/store.ts";
import { right } from "../../image/either.ts";
import { bases, checkpoint, identity, LARGE, since, writerMemory } from "./sample.ts";

const NAMES = [1, 2, 3, LARGE];
const [folder] = process.argv.slice(2) as [string];
const store = right(await openLmdbStore(folder, { bases }));
const receipts = new Map<number, Receipt>();
for (const name of NAMES) {
  const found = right(await store.component(identity(name)))?.checkpoints[0];
  if (found !== undefined) receipts.set(name, found);
}
for (;;)
  await Promise.all(
    NAMES.map(async (name) => {
      const receipt = receipts.get(name) ?? null;
      const sequence = (receipt?.sequence ?? 0) + 1;
      const memory = writerMemory(name, sequence);
      const put = checkpoint({
        identity: identity(name),
        kin: "kin",
        sequence,
        memory,
        resting: sequence % 5 === 0,
        since: receipt === null ? null : since(receipt, writerMemory(name, sequence - 1), memory),
      });
      const prepared = right(await store.prepare(put));
      // What sweeps is not written by the thread for large ones.
      const { receipts: made } = right(
        await store.commit({ checkpoints: [prepared], hurried: name === LARGE }),
      );
      receipts.set(name, made[0]!);
      writeSync(1, `${name} ${sequence}\n`);
    }),
  );
