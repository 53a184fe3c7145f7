// The counter, half way through its life, as the host that everybody uses freezes it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { E } from "../lib/fp.ts";
import { hostProse } from "../runtime/host/host-error.ts";
import { LiveHost } from "../runtime/host/live-host.ts";
import { startRuntime } from "../runtime/host/runtime.ts";
import type { HostConfig, StartConfig } from "../runtime/host/host-config.ts";

const HALF_WAY = "count 5";

const hostConfig = (folder: string): HostConfig => ({
  name: "bench",
  ram: 64 << 20,
  caps: 1000,
  files: {
    data: {
      kind: "directory",
      path: join(folder, "data"),
      rights: ["read", "write", "create", "remove", "list"],
    },
  },
  gates: {},
  roms: {},
  trust: [],
});

const counter: StartConfig = {
  name: "counter",
  component: fileURLToPath(new URL("../../components/counter.ts", import.meta.url)),
  ram: 8 << 20,
  caps: 100,
  config: {},
  turn: 3000,
  routes: [{ service: "LOG" }, { service: "Timer" }, { service: "File_system", label: "data", to: "data" }],
};

/** One such image. */
export const frozenCounter = async (): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-bench-"));
  const runtime = await startRuntime(join(folder, "state"));
  if (E.isLeft(runtime)) throw new Error(runtime.left.tag);
  let halfWay!: () => void;
  const reached = new Promise<void>((resolve) => {
    halfWay = resolve;
  });
  const host = new LiveHost({
    runtime: runtime.right,
    config: hostConfig(folder),
    emit: () => {},
    beforeGo: (child) => child.watch({ whole: HALF_WAY }, halfWay),
  });
  try {
    const started = await host.start(counter);
    if (E.isLeft(started)) throw new Error(hostProse(started.left));
    await reached;
    const frozen = await host.freeze(["counter"], { image: join(folder, "counter.cryo") });
    if (E.isLeft(frozen)) throw new Error(hostProse(frozen.left));
    return await readFile(join(folder, "counter.cryo"));
  } finally {
    await host.close();
    await runtime.right.close();
    await rm(folder, { recursive: true });
  }
};
