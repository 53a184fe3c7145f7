// What it costs that a provider looks before each effect whether a later incarnation has come: small effects through a
// fence, against the same without one.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prose } from "../lib/error.ts";
import { E } from "../lib/fp.ts";
import { makeGate } from "../runtime/core/gate.ts";
import { EpochFiles } from "../runtime/provider/epoch/epoch-file.ts";
import { fileFence } from "../runtime/provider/epoch/file-fence.ts";
import { Bar, type Fence } from "../runtime/provider/epoch/incarnation.ts";
import { directoryFiles } from "../runtime/provider/file/directory.ts";
import { fencedFiles } from "../runtime/provider/file/fenced-files.ts";
import type { FileProvider } from "../runtime/provider/file/file-provider.ts";
import type { Bench } from "./bench.ts";
import { sideBySide } from "./side-by-side.ts";
import { SinkEnd } from "./sink-end.ts";

const CALLS = 20_000;
const BYTES = 64;
const WRITES = { read: false, write: true, create: true, append: true, truncate: true };

const fenceIn = (folder: string): Fence => {
  const run = "1".repeat(32);
  return fileFence({
    incarnation: { identity: randomUUID(), epoch: 1, run, runs: run, host: "here" },
    bar: new Bar((error) => {
      throw new Error(prose(error));
    }),
    service: "File_system",
    label: "data",
    files: new EpochFiles(),
    places: [{ folder, name: "epochs", own: true }],
  });
};

/** µs of one call. */
const each = (call: () => unknown): number => {
  const began = performance.now();
  for (let i = 0; i < CALLS; i++) call();
  return ((performance.now() - began) * 1000) / CALLS;
};

const appender = (files: FileProvider, name: string): (() => number) => {
  const content = new Uint8Array(BYTES).fill(65);
  return () => {
    const file = files.open(name, WRITES);
    if (E.isLeft(file)) throw new Error(prose(file.left));
    const took = each(() => file.right.write(content, null));
    file.right.close();
    return took;
  };
};

const sender = (fence: Fence | null): (() => number) => {
  const gate = makeGate("line", new SinkEnd(), new Set(["send"]), null, fence);
  return () => each(() => gate.send("x".repeat(BYTES)));
};

const fenceBench = (
  name: string,
  sides: (folder: string, fence: Fence) => { readonly ours: () => number; readonly theirs: () => number },
): Bench => ({
  name,
  async run({ rounds }) {
    const folder = mkdtempSync(join(tmpdir(), "cryonode-bench-"));
    const fence = fenceIn(folder);
    const row = await sideBySide({
      name,
      unit: "µs",
      against: "without a fence",
      ...sides(folder, fence),
      target: null,
      rounds: rounds * 3,
    });
    fence.close();
    rmSync(folder, { recursive: true });
    return row;
  },
});

export const fenceBenches: readonly Bench[] = [
  fenceBench("files, fenced, append of 64 bytes", (folder, fence) => {
    const opened = directoryFiles({ name: "data", directory: folder });
    if (E.isLeft(opened)) throw new Error(prose(opened.left));
    return {
      ours: appender(fencedFiles(opened.right, fence), "ours"),
      theirs: appender(opened.right, "theirs"),
    };
  }),
  fenceBench("gates, fenced, message of 64 bytes", (_folder, fence) => ({
    ours: sender(fence),
    theirs: sender(null),
  })),
];
