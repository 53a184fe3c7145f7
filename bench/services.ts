// Calls a second from child to child through a service, against the same component's calls of core. Each child lives
// where the host puts it, as for everybody.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Host } from "../runtime/index.ts";
import type { Bench } from "./bench.ts";
import { sideBySide } from "./side-by-side.ts";

/** Calls of one measurement, to another child and to core. */
const CALLS = { service: 1000, core: 10_000 };
/** Measurements a round. */
const OFTEN = 4;

const source = (name: string): string =>
  fileURLToPath(new URL(`../../bench/component/${name}.ts`, import.meta.url));

const serviceBench = (flights: number): Bench => {
  const name = `calls to a child, ${flights === 1 ? "one at a time" : `${flights} at a time`}`;
  return {
    name,
    async run({ rounds }) {
      const folder = mkdtempSync(join(tmpdir(), "cryonode-bench-"));
      const host = await Host.open({
        state: join(folder, "state"),
        gates: { service: { queue: true }, core: { queue: true } },
      });
      const heard = new Map<string, (figure: number) => void>();
      host.on("log", ({ child, text }) => heard.get(child)?.(Number(text)));
      host.on("faulted", ({ child, reason }) => process.stderr.write(`${child} faulted: ${reason}\n`));
      const common = [{ service: "LOG" }, { service: "Timer" }];
      await host.start({ name: "server", component: source("server"), routes: common });
      for (const to of ["service", "core"] as const)
        await host.start({
          name: to,
          component: source("client"),
          config: { calls: CALLS[to], flights, core: to === "core" },
          routes: [...common, { service: "Gate", to }, { service: "Adder", to: { child: "server" } }],
        });
      const measure = async (to: "service" | "core"): Promise<number> => {
        const said = new Promise<number>((resolve) => {
          heard.set(to, resolve);
        });
        await host.gate(to).send("go");
        return said;
      };
      const row = await sideBySide({
        name,
        unit: "calls/s",
        ours: () => measure("service"),
        against: "calls of core",
        theirs: () => measure("core"),
        target: null,
        rounds: rounds * OFTEN,
        warmUp: OFTEN,
      });
      await host.close();
      rmSync(folder, { recursive: true });
      return row;
    },
  };
};

export const serviceBenches: readonly Bench[] = [1, 16].map(serviceBench);
