// One child, driven turn by turn: it can be frozen and revived at any point between turns, by the code that the
// runtime itself uses.
import { E, type Either } from "../../lib/fp.ts";
import { capture, type Captured, type CaptureOptions } from "../../runtime/checkpoint/capture.ts";
import type { CheckpointError } from "../../runtime/checkpoint/checkpoint-error.ts";
import { revive, type Revival, type ReviveOptions } from "../../runtime/checkpoint/revive.ts";
import type { Snapshot } from "../../runtime/checkpoint/snapshot.ts";
import type { Route } from "../../runtime/core/route.ts";
import { ProtectionDomain } from "../../runtime/domain/protection-domain.ts";
import type { Machine } from "../../runtime/engine/machine.ts";
import { encode } from "../../runtime/image/cbor.ts";
import { decode } from "../../runtime/image/cbor-reader.ts";
import { platform } from "./program.ts";
import { World, type Outputs, type WorldOptions } from "./world.ts";

/** What a freeze left, on its own: nothing in it is shared with what runs. */
export type Frozen = Pick<Captured, "snapshot" | "memory" | "registers">;

/** More points than any spec's component should need. */
const MOST_POINTS = 20_000;

/** Lets every promise and message that is under way arrive. */
export const quiet = async (): Promise<void> => {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
};

/** As it comes out of an image. */
export const throughImage = (snapshot: Snapshot): unknown => {
  const bytes = encode(snapshot);
  const decoded = decode(bytes, "snapshot");
  if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
  return decoded.right;
};

export interface ReviveChanges extends Partial<Pick<ReviveOptions, "probe" | "made" | "together">> {
  /** Default: what it had when it was frozen. */
  readonly quota?: ProtectionDomain["spec"]["quota"];
  readonly routes?: readonly Route[];
  /** Told as soon as it is back. */
  readonly revived?: (revival: Revival) => void;
}

export class Harness {
  readonly world: World;
  #domain: ProtectionDomain | null = null;
  #close: (() => Promise<void>) | null = null;

  constructor(options: WorldOptions | World = {}) {
    this.world = options instanceof World ? options : new World(options);
  }

  /** A harness whose child has begun: its code is loaded, and waits at its first `await`. */
  static boot(bytecode: Uint8Array, options: WorldOptions | World = {}): Harness {
    const harness = Harness.unbegun(bytecode, options);
    harness.domain.load();
    return harness;
  }

  /** A harness for a domain that was made elsewhere. */
  static around(domain: ProtectionDomain, world: World): Harness {
    const harness = new Harness(world);
    harness.#domain = domain;
    harness.#close = async () => {};
    return harness;
  }

  /** A harness whose child has taken no turn. */
  static unbegun(bytecode: Uint8Array, options: WorldOptions | World = {}): Harness {
    const harness = new Harness(options);
    const { base } = platform();
    const machine = harness.#machine(base.memory.length);
    if (!machine.load(base.memory, base.registers, base.anchors)) throw new Error("the quota is too small");
    const { powers, close } = harness.world.powers();
    const domain = new ProtectionDomain(harness.world.spec, machine, powers);
    domain.hold();
    domain.boot(bytecode);
    harness.#domain = domain;
    harness.#close = close;
    return harness;
  }

  get domain(): ProtectionDomain {
    if (this.#domain === null) throw new Error("no child is here");
    return this.#domain;
  }

  #machine(bytes: number): Machine {
    return platform().pool.take(bytes, this.world.quota.ram);
  }

  async capture(options: Partial<CaptureOptions> = {}): Promise<Either<CheckpointError, Captured>> {
    return capture(this.domain, {
      deadline: 5000,
      into: (bytes) => new Uint8Array(bytes).fill(0xee),
      ...options,
    });
  }

  /** Freezes the child: it is no longer here. Throws where it can't be frozen. */
  async freeze(): Promise<Frozen> {
    const captured = await this.capture();
    if (E.isLeft(captured)) throw new Error(`not frozen: ${JSON.stringify(captured.left)}`);
    const { snapshot, memory, registers } = captured.right;
    await this.drop();
    return { snapshot, memory, registers };
  }

  /** Lets go of the child. Its machine may serve another. */
  async drop(): Promise<void> {
    const { domain } = this;
    await domain.release();
    await this.#close?.();
    this.#domain = null;
    this.#close = null;
    if (this.world.ending?.kind !== "faulted") platform().pool.give(domain.machine, this.world.quota.ram);
  }

  /** Revives here what was frozen; `snapshot` goes the way of an image. */
  async revive(frozen: Frozen, changes: ReviveChanges = {}): Promise<Either<CheckpointError, Revival>> {
    const { quota } = frozen.snapshot.ledger;
    return this.reviveUnknown(frozen, throughImage(frozen.snapshot), { quota, ...changes });
  }

  /** Revives with a snapshot that may be anything. */
  async reviveUnknown(
    { memory, registers }: Pick<Frozen, "memory" | "registers">,
    snapshot: unknown,
    { routes, quota = this.world.quota, revived, ...changes }: ReviveChanges = {},
  ): Promise<Either<CheckpointError, Revival>> {
    const { powers, close } = this.world.powers(routes);
    const revival = await revive({
      spec: { ...this.world.spec, quota },
      powers,
      anchors: platform().base.anchors,
      snapshot,
      memory,
      registers,
      machine: (bytes) => this.#machine(bytes),
      ...changes,
    });
    if (E.isLeft(revival)) {
      await close();
      return revival;
    }
    const { domain, effects } = revival.right;
    effects.confirm();
    domain.hold();
    domain.proceed();
    this.#domain = domain;
    this.#close = close;
    revived?.(revival.right);
    await quiet();
    return revival;
  }

  /** Freezes and revives on the spot. */
  async refreeze(): Promise<void> {
    const revived = await this.revive(await this.freeze());
    if (E.isLeft(revived)) throw new Error(`not revived: ${JSON.stringify(revived.left)}`);
  }

  /** Goes one point further: a turn, or where nothing waits to be delivered, the next thing that time brings.
   *  False where nothing is left to happen. */
  async advance(): Promise<boolean> {
    if (this.domain.state !== "running") return false;
    const progressed = this.domain.idle ? this.world.clock.next() : (this.domain.step(), true);
    await quiet();
    return progressed;
  }

  /** Runs to `end` or until nothing is left to happen; `freeze` says at which points it is frozen and revived.
   *  Returns the number of points passed. */
  async run(freeze: (point: number) => boolean = () => false, end = MOST_POINTS): Promise<number> {
    await quiet();
    for (let point = 0; point < end; point++) {
      if (this.domain.state !== "running") return point;
      if (freeze(point)) await this.refreeze();
      if (!(await this.advance())) return point;
    }
    if (end === MOST_POINTS) throw new Error(`still running after ${MOST_POINTS} points`);
    return end;
  }
}

/** Runs a program in a fresh world and answers what it did, and how many points there were. */
export const outputsOf = async (
  bytecode: Uint8Array,
  options: WorldOptions = {},
  freeze?: (point: number) => boolean,
): Promise<{ readonly outputs: Outputs; readonly points: number }> => {
  const harness = Harness.boot(bytecode, options);
  const points = await harness.run(freeze);
  const outputs = harness.world.outputs();
  await harness.drop();
  return { outputs, points };
};
