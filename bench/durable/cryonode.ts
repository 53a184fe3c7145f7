// Ours: `cryonode up` on a file of so many workers, in a process of its own.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Contender } from "./contender.ts";
import { running, started } from "./processes.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/command/main.js", import.meta.url));
const WORKER = fileURLToPath(new URL("../../../bench/component/worker.ts", import.meta.url));
const CRASHER = fileURLToPath(new URL("../../../bench/durable/crash-after-write.cjs", import.meta.url));

const RAM_MB = 16;

const configOf = (workers: number): string => {
  const entries = Array.from(
    { length: workers },
    (_, n) => `  w${n}:
    component: ${WORKER}
    ram: ${RAM_MB}M
    caps: 100
    config: { name: w${n} }
    routes: [{ service: File_system, label: out, to: out }]
`,
  );
  return `scenario: bench
hosts:
  here:
    ram: ${RAM_MB * workers}M
    caps: ${100 * workers}
    files:
      out: { directory: ./out, rights: [read, write, create] }
start:
${entries.join("")}`;
};

export const cryonode: Contender = {
  name: "Cryonode",
  absent: () => null,
  keeps: ["state"],
  async start({ folder, workers, crashAfter }) {
    await mkdir(join(folder, "out"), { recursive: true });
    await writeFile(join(folder, "host.yaml"), configOf(workers));
    const crash =
      crashAfter === null ? {} : { CRASH_AFTER: String(crashAfter), CRASH_IN: join(folder, "out") };
    const preload = crashAfter === null ? [] : ["--require", CRASHER];
    const host = started(process.execPath, [...preload, PROGRAM, "up", "host.yaml", "--state", "state"], {
      cwd: folder,
      env: { ...process.env, ...crash },
    });
    return running([host], host);
  },
};
