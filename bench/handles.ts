// What each open handle adds to a revival: the files are opened again and compared with what they were. Against plain
// Node that opens the same files, asks what they are, and hashes them.
import { createHash } from "node:crypto";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { E } from "../lib/fp.ts";
import { capture } from "../runtime/checkpoint/capture.ts";
import { checkpointProse } from "../runtime/checkpoint/checkpoint-error.ts";
import { revive } from "../runtime/checkpoint/revive.ts";
import { MachinePool } from "../runtime/engine/pool.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { countedFiles } from "./counted-files.ts";
import { startDomain } from "./driven-domain.ts";
import { median, sideBySide } from "./side-by-side.ts";
import { SinkEnd } from "./sink-end.ts";
import { powersFor } from "./surroundings.ts";

const CONTENT = "a line of text\n".repeat(100);
const QUOTA = { ram: 16 << 20, caps: 2000 };

/** Measures a revival of a child with so many handles, in ms. */
const reviver = async ({ engine, base }: BenchContext, folder: string, handles: number) => {
  const sink = new SinkEnd();
  const pool = new MachinePool(engine);
  const spec = { name: "opener", label: "init -> opener", quota: QUOTA, turn: 3000 };
  const powers = powersFor(sink, { handles }, countedFiles(folder).provider);
  const domain = await startDomain({ component: "opener", spec, powers, base, pool });
  await new Promise<void>((resolve) => {
    sink.after(1, resolve);
    domain.go();
  });
  while (!domain.idle || ![...domain.pending].some(({ entry }) => entry.name === "sleep"))
    await new Promise((resolve) => setImmediate(resolve));
  const captured = await capture(domain, { deadline: 1000, into: (bytes) => new Uint8Array(bytes) });
  if (E.isLeft(captured)) throw new Error(checkpointProse(captured.left));
  const { snapshot, memory, registers } = captured.right;
  await domain.release();
  pool.give(domain.machine, QUOTA.ram);
  return async (): Promise<number> => {
    const began = performance.now();
    const revived = await revive({
      spec,
      powers,
      anchors: base.anchors,
      snapshot,
      memory,
      registers,
      machine: (bytes) => pool.take(bytes, QUOTA.ram),
    });
    const took = performance.now() - began;
    if (E.isLeft(revived)) throw new Error(checkpointProse(revived.left));
    await revived.right.domain.release();
    pool.give(revived.right.domain.machine, QUOTA.ram);
    return took;
  };
};

/** What it takes to open these files and to know what they are, in ms. */
const opened = (folder: string, handles: number): number => {
  const buffer = new Uint8Array(CONTENT.length);
  const began = performance.now();
  const descriptors = Array.from({ length: handles }, (_, i) => openSync(join(folder, `file ${i}`), "r+"));
  for (const descriptor of descriptors) {
    fstatSync(descriptor, { bigint: true });
    readSync(descriptor, buffer, 0, buffer.length, 0);
    createHash("sha256").update(buffer).digest("hex");
  }
  const took = performance.now() - began;
  descriptors.forEach((descriptor) => closeSync(descriptor));
  return took;
};

const handleBench = (handles: number): Bench => {
  const name = `revival, each of ${handles.toLocaleString("en")} ${handles === 1 ? "handle" : "handles"}`;
  return {
    name,
    async run(context) {
      const folder = mkdtempSync(join(tmpdir(), "cryonode-bench-"));
      for (let i = 0; i < handles; i++) writeFileSync(join(folder, `file ${i}`), CONTENT);
      const withHandles = await reviver(context, folder, handles);
      const without = await reviver(context, folder, 0);
      // What a single one adds is little beside the revival itself.
      const often = Math.ceil(50 / handles);
      const row = await sideBySide({
        name,
        unit: "ms",
        async ours() {
          const more: number[] = [];
          for (let i = 0; i < often; i++) more.push((await withHandles()) - (await without()));
          return median(more) / handles;
        },
        against: "openSync, fstatSync, readSync, sha256",
        theirs: () => opened(folder, handles) / handles,
        target: { of: "value", bound: "at most", limit: 0.2 },
        rounds: context.rounds * 3,
        warmUp: 5,
      });
      rmSync(folder, { recursive: true });
      return row;
    },
  };
};

export const handleBenches: readonly Bench[] = [1, 100, 1000].map(handleBench);
