// A child that holds a given amount of memory and sleeps: something to freeze and to revive.
import type { ProtectionDomain } from "../runtime/domain/protection-domain.ts";
import type { DomainPowers, DomainSpec } from "../runtime/domain/domain-powers.ts";
import type { Base } from "../runtime/engine/base.ts";
import { MachinePool } from "../runtime/engine/pool.ts";
import type { Engine } from "../runtime/engine/wasm-module.ts";
import { startDomain } from "./driven-domain.ts";
import { SinkEnd } from "./sink-end.ts";
import { powersFor } from "./surroundings.ts";

export interface Holding {
  readonly domain: ProtectionDomain;
  readonly spec: DomainSpec;
  readonly powers: DomainPowers;
  readonly pool: MachinePool;
}

/** Its linear memory has about `bytes` bytes, most of them random. */
export const holding = async (engine: Engine, base: Base, bytes: number): Promise<Holding> => {
  const sink = new SinkEnd();
  const pool = new MachinePool(engine);
  const quota = { ram: 128 << 20, caps: 100 };
  const spec = { name: "holder", label: "init -> holder", quota, turn: 10_000 };
  const powers = powersFor(sink, { bytes: Math.max(0, bytes - base.memory.length) });
  const domain = await startDomain({ component: "holder", spec, powers, base, pool });
  await new Promise<void>((resolve) => {
    sink.after(1, resolve);
    domain.go();
  });
  // The turns that follow its message have been taken when this one's immediates have run.
  while (!domain.idle || ![...domain.pending].some(({ entry }) => entry.name === "sleep"))
    await new Promise((resolve) => setImmediate(resolve));
  return { domain, spec, powers, pool };
};
