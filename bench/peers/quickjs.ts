// quickjs-wasi, a full snapshot after each step.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Contender } from "../durable/contender.ts";
import { running, started } from "../durable/processes.ts";
import { missing, peers } from "./installed.ts";

export const quickjs: Contender = {
  name: "quickjs-wasi, full snapshots",
  absent: () => missing("quickjs-wasi"),
  keeps: ["kept"],
  async start({ folder, workers, crashAfter }) {
    await mkdir(join(folder, "out"), { recursive: true });
    const env = { ...process.env, ...(crashAfter === null ? {} : { CRASH_AFTER: String(crashAfter) }) };
    const node = started(process.execPath, [join(peers, "quickjs.js"), folder, String(workers)], { env });
    return running([node], node);
  },
};
