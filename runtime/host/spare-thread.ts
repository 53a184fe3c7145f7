// A thread of the runtime that comes up before it is known what for: that takes some 40 ms.
import { Worker } from "node:worker_threads";

/** Native stack of a shard's thread: with it, 256 KiB of the engine's own are catchable when exhausted. */
const STACK_MB = 4;

/** The bundled one, wherever this module lies: with its compiled code kept it comes up in a third of the time. */
const THREAD = new URL("../../bin/shard/main.js", import.meta.url);

/** What it works with is the first thing it is told. It keeps no process alive. */
export const startThread = (): Worker => {
  const worker = new Worker(THREAD, { resourceLimits: { stackSizeMb: STACK_MB } });
  worker.unref();
  return worker;
};
