// Revival from an image in memory, the engine warm, against what the engine's package needs for the same memory.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { QuickJS } from "quickjs-wasi";
import { E } from "../lib/fp.ts";
import { capture } from "../runtime/checkpoint/capture.ts";
import { checkpointProse } from "../runtime/checkpoint/checkpoint-error.ts";
import { revive } from "../runtime/checkpoint/revive.ts";
import type { Bench } from "./bench.ts";
import { holding } from "./holding.ts";
import { sideBySide } from "./side-by-side.ts";

const revivalBench = (megabytes: number): Bench => ({
  name: `revival, ${megabytes} MB`,
  async run({ engine, base, rounds }) {
    const { domain, spec, powers, pool } = await holding(engine, base, megabytes * 1_000_000);
    const captured = await capture(domain, { deadline: 1000, into: (bytes) => new Uint8Array(bytes) });
    if (E.isLeft(captured)) throw new Error(checkpointProse(captured.left));
    const { snapshot, memory, registers } = captured.right;
    await domain.release();
    pool.give(domain.machine, spec.quota.ram);
    const wasm = new WebAssembly.Module(
      readFileSync(fileURLToPath(import.meta.resolve("quickjs-wasi/quickjs.wasm"))),
    );
    return sideBySide({
      name: `revival, ${megabytes} MB`,
      unit: "ms",
      async ours() {
        const began = performance.now();
        const revived = await revive({
          spec,
          powers,
          anchors: base.anchors,
          snapshot,
          memory,
          registers,
          machine: (bytes) => pool.take(bytes, spec.quota.ram),
        });
        const took = performance.now() - began;
        if (E.isLeft(revived)) throw new Error(checkpointProse(revived.left));
        await revived.right.domain.release();
        pool.give(revived.right.domain.machine, spec.quota.ram);
        return took;
      },
      against: "QuickJS.restore",
      async theirs() {
        const began = performance.now();
        const restored = await QuickJS.restore(
          {
            memory,
            stackPointer: registers.stackPointer,
            runtimePtr: registers.runtime,
            contextPtr: registers.context,
            extensions: [],
          },
          { wasm },
        );
        const took = performance.now() - began;
        restored.dispose();
        return took;
      },
      target: { of: "ratio", bound: "at most", limit: 0.5 },
      rounds: rounds * 3,
      warmUp: 3,
    });
  },
});

export const revivalBenches: readonly Bench[] = [15, 61].map(revivalBench);
