// `cryonode up`: a host that serves until it is told to stop.
import type { Worker } from "node:worker_threads";
import { E } from "../../lib/fp.ts";
import type { DurableConfig, Rest } from "../daemon/durable-host.ts";
import { holdHost, THREADS, type Unheld } from "../daemon/hold-host.ts";
import { growFreely } from "../heap-growth.ts";
import { warmRuntime, type RuntimeInMemory } from "../host/runtime.ts";
import type { Address } from "../migrate/peer.ts";
import type { Interruption } from "./interruption.ts";
import type { UpReport } from "./up-report.ts";

export interface ServeOptions {
  readonly config: DurableConfig;
  /** Absolute. */
  readonly state: string;
  readonly report: UpReport;
  readonly interruption: Interruption;
  /** Where it listens for peers; null: nowhere. */
  readonly listen: Address | null;
  /** Of `warmHost`; `serveHost` ends it. */
  readonly warm: RuntimeInMemory;
  /** Called when it has its state directory and serves. */
  readonly held: () => void;
}

export type Served = Unheld | ({ readonly tag: "Ended" } & Rest);

/** Makes the engine and a thread ready, which takes longest, before it is known what for. `spare`: a thread that is
 *  coming up. */
export const warmHost = (spare: Worker | null): RuntimeInMemory => warmRuntime({ threads: THREADS, spare });

export const serveHost = async (options: ServeOptions): Promise<Served> => {
  const { config, state, report, interruption, listen, warm } = options;
  const toStop = new AbortController();
  let ending!: (rest: Rest) => void;
  const ended = new Promise<Rest>((resolve) => (ending = resolve));
  const stop = (): Promise<Rest> => {
    toStop.abort();
    return ended;
  };
  const emit = report.event.bind(report);
  const held = await holdHost({ config, state, warm, emit, stop, signal: interruption.stop });
  if (E.isLeft(held)) return held.left;
  const { host, closedFrom, serve, shutdown, release } = held.right;
  const listening = listen === null ? E.right(null) : await host.listen(listen);
  if (E.isLeft(listening)) {
    await shutdown();
    await release();
    return { tag: "Unusable", reason: listening.left };
  }

  interruption.takeOver();
  report.up(closedFrom, listening.right);
  const told = new Promise<void>((resolve) => {
    for (const signal of [interruption.stop, toStop.signal])
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  growFreely();
  serve();
  void host.begin().then(options.held);
  await told;
  report.stopping(host.running.length);
  interruption.again.addEventListener("abort", () => report.abandoned(), { once: true });
  const rest = await shutdown();
  report.down(rest);
  ending(rest);
  await release();
  return { tag: "Ended", ...rest };
};
