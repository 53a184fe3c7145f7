// Starts a component of `bench/component` in a protection domain of this thread, driven by its own pump as in a
// shard.
import { fileURLToPath } from "node:url";
import { E } from "../lib/fp.ts";
import { compileComponent } from "../runtime/component/compile.ts";
import type { DomainPowers, DomainSpec } from "../runtime/domain/domain-powers.ts";
import { ProtectionDomain } from "../runtime/domain/protection-domain.ts";
import type { Base } from "../runtime/engine/base.ts";
import type { MachinePool } from "../runtime/engine/pool.ts";

export interface DomainOptions {
  readonly component: "caller" | "holder" | "mover" | "opener" | "streamer";
  readonly spec: DomainSpec;
  readonly powers: DomainPowers;
  readonly base: Base;
  readonly pool: MachinePool;
}

const compiled = async (component: string) => {
  const file = fileURLToPath(new URL(`../../bench/component/${component}.ts`, import.meta.url));
  const result = await compileComponent({ file, roots: [] });
  if (E.isLeft(result)) throw new Error(result.left.map(({ message }) => message).join("\n"));
  return result.right;
};

/** A domain that takes no turn before `go`. */
export const startDomain = async (options: DomainOptions): Promise<ProtectionDomain> => {
  const { component, spec, powers, base, pool } = options;
  const { code, name } = await compiled(component);
  const machine = () => {
    const taken = pool.take(base.memory.length, spec.quota.ram);
    taken.load(base.memory, base.registers, base.anchors);
    return taken;
  };
  const compiler = machine();
  const bytecode = compiler.compile(code, name);
  if (!(bytecode instanceof Uint8Array)) throw new Error(bytecode.reason);
  pool.give(compiler, spec.quota.ram);
  const domain = new ProtectionDomain(spec, machine(), powers);
  domain.hold();
  domain.boot(bytecode);
  return domain;
};
