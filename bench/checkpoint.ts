// What an incremental checkpoint costs beside its pause: finding the pages that changed, against copying all of them;
// and bringing them into the store, against writing them to a file as they are.
import { randomFillSync } from "node:crypto";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { compareMemories, PageSet, storePageBytes } from "../runtime/durable/store/page-set.ts";
import type { Bench } from "./bench.ts";
import { done, firstCheckpoint, openedStore } from "./opened-store.ts";
import { sideBySide } from "./side-by-side.ts";

const MEGABYTES = 64;
const BYTES = MEGABYTES << 20;
const PAGES = BYTES / storePageBytes;
/** One page in so many. */
const CHANGED = 100;

const kept = (): Uint8Array => randomFillSync(new Uint8Array(new SharedArrayBuffer(BYTES)));

/** Writes into a hundredth of the pages, other ones each time. */
const change = (memory: Uint8Array, round: number): void => {
  for (let page = round % CHANGED; page < PAGES; page += CHANGED)
    randomFillSync(memory, page * storePageBytes, storePageBytes);
};

export const comparing: Bench = {
  name: "finding what changed, 64 MB",
  run({ rounds }) {
    const memory = kept();
    const before = new Uint8Array(new SharedArrayBuffer(BYTES));
    const copy = new Uint8Array(new SharedArrayBuffer(BYTES)).fill(1);
    before.set(memory);
    let round = 0;
    return sideBySide({
      name: "finding what changed, 64 MB",
      unit: "ms",
      ours() {
        change(memory, ++round);
        const changed = new PageSet(BYTES);
        const began = performance.now();
        compareMemories(before, memory, changed);
        const took = performance.now() - began;
        if (changed.size !== Math.ceil((PAGES - (round % CHANGED)) / CHANGED))
          throw new Error(`${changed.size} pages were found`);
        before.set(memory);
        return took;
      },
      against: "copying as many bytes",
      theirs() {
        const began = performance.now();
        copy.set(memory);
        return performance.now() - began;
      },
      target: null,
      rounds,
    });
  },
};

export const storing: Bench = {
  name: "storing 1 % of 64 MB",
  async run({ base, rounds }) {
    const { store, folder, close } = await openedStore(base);
    const memory = kept();
    const before = new Uint8Array(BYTES);
    const put = firstCheckpoint(base, { memory });
    let receipt = done(await store.put(put));
    before.set(memory);
    const file = openSync(join(folder, "pages"), "w");
    let round = 0;
    const row = await sideBySide({
      name: "storing 1 % of 64 MB",
      unit: "ms",
      async ours() {
        change(memory, ++round);
        const changed = new PageSet(BYTES);
        compareMemories(before, memory, changed);
        before.set(memory);
        const began = performance.now();
        receipt = done(await store.put({ ...put, sequence: round + 1, since: { receipt, changed } }));
        return performance.now() - began;
      },
      against: "write and fdatasync",
      theirs() {
        const began = performance.now();
        for (let page = round % CHANGED; page < PAGES; page += CHANGED)
          writeSync(file, memory, page * storePageBytes, storePageBytes);
        fdatasyncSync(file);
        return performance.now() - began;
      },
      target: null,
      rounds,
    });
    closeSync(file);
    await close();
    return row;
  },
};
