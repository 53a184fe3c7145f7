// Components run in a thread with a shard's stack: what recurses deeply must not run on a spec's own.
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { outputsOf } from "./harness.ts";
import { program } from "./program.ts";
import type { Outputs } from "./world.ts";

export interface Ran {
  readonly outputs: Outputs;
  readonly points: number;
}

/** The native stack that a shard's thread has, in MB. */
const STACK_MB = 4;

/** Runs components, given by their bodies, one after the other. */
export const inWorker = (bodies: readonly string[]): Promise<readonly Ran[]> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { bodies },
      resourceLimits: { stackSizeMb: STACK_MB },
    });
    worker.on("message", resolve);
    worker.on("error", reject);
  });

const port = parentPort;
if (!isMainThread && port !== null) {
  const ran: Ran[] = [];
  for (const body of (workerData as { readonly bodies: readonly string[] }).bodies)
    ran.push(await outputsOf(await program(body)));
  port.postMessage(ran);
}
