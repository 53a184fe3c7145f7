// One child under a journal that lies in memory: it can be checkpointed, crashed at any point between turns, and
// recovered from its last checkpoint and what the journal kept.
import { E } from "../../lib/fp.ts";
import { alarmsOf, mayRest, type RestingRoutes } from "../../runtime/checkpoint/alarms.ts";
import { capture, resume } from "../../runtime/checkpoint/capture.ts";
import type { Effects } from "../../runtime/checkpoint/effects.ts";
import { revive } from "../../runtime/checkpoint/revive.ts";
import type { Snapshot } from "../../runtime/checkpoint/snapshot.ts";
import type { Registers } from "../../runtime/engine/registers.ts";
import type { DomainPowers } from "../../runtime/domain/domain-powers.ts";
import { ProtectionDomain } from "../../runtime/domain/protection-domain.ts";
import { GrowthPlans } from "../../runtime/durable/growth-plans.ts";
import type { FileSync } from "../../runtime/durable/journal/file-sync.ts";
import { readFrames } from "../../runtime/durable/journal/frame.ts";
import { following, type Kept } from "../../runtime/durable/journal/past.ts";
import { whoseEntry, type DomainRecord } from "../../runtime/durable/journal/journal-record.ts";
import { JournalWriter } from "../../runtime/durable/journal/journal-writer.ts";
import { Recorder } from "../../runtime/durable/recorder.ts";
import { replay, type Replayed } from "../../runtime/durable/replay.ts";
import { throughImage } from "../domain/harness.ts";
import { platform } from "../domain/program.ts";
import type { World } from "../domain/world.ts";

const SECRET = 0x0dd;

/** A journal's file, in memory: what was appended, and how much of it was synced. */
class MemoryFile implements FileSync {
  #parts: Buffer[] = [];
  #held: (() => void)[] | null = null;
  #length = 0;
  #synced = 0;

  append(bytes: Uint8Array): void {
    this.#parts.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }
  sync(then: (cause: Error | null) => void): void {
    const covered = this.#length;
    const done = (): void => {
      this.#synced = Math.max(this.#synced, covered);
      then(null);
    };
    if (this.#held === null) setImmediate(done);
    else this.#held.push(done);
  }
  /** A disk that is slow: no sync is done before `release`. */
  hold(): void {
    this.#held ??= [];
  }
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const done of held) done();
  }
  syncNow(): void {
    this.#synced = this.#length;
  }
  /** Only that is left, and whoever goes on has synced it. */
  cut(power: "kept" | "lost"): void {
    this.#parts = [this.content(power)];
    this.#length = this.#synced = this.#parts[0]!.length;
    this.#held = null;
  }
  /** What is there after a crash: of the process, or of the machine, which loses what was not synced. */
  content(power: "kept" | "lost"): Buffer {
    const whole = Buffer.concat(this.#parts);
    return power === "kept" ? whole : whole.subarray(0, this.#synced);
  }
}

interface Checkpoint {
  readonly snapshot: Snapshot;
  readonly memory: Uint8Array;
  readonly registers: Registers;
  readonly incarnation: number;
  readonly sequence: number;
  readonly secret: number;
  readonly names: number;
}

/** More rounds than an effect needs to leave and be answered. */
const quiet = async (): Promise<void> => {
  for (let round = 0; round < 8; round++) await new Promise((resolve) => setImmediate(resolve));
};

/** A child comes to its end in fewer. */
const MOST_POINTS = 1000;

const raised = (left: unknown): never => {
  throw new Error(JSON.stringify(left));
};

export class DurableChild {
  readonly world: World;
  readonly file = new MemoryFile();
  #incarnation = 0;
  #domain!: ProtectionDomain;
  #recorder!: Recorder;
  #journal!: JournalWriter;
  #checkpoint!: Checkpoint;
  #names = 0;
  /** What its recovery changed outside, until it goes on. */
  #effects: Effects | null = null;
  #close!: () => Promise<void>;

  constructor(world: World) {
    this.world = world;
  }

  get domain(): ProtectionDomain {
    return this.#domain;
  }

  /** `goesOn`: the same incarnation, which has so many records. */
  #powers(goesOn: number | null = null): DomainPowers {
    const journal = new JournalWriter(this.file);
    this.#journal = journal;
    const plans = new GrowthPlans();
    if (goesOn === null) this.#incarnation++;
    const incarnation = this.#incarnation;
    const former = goesOn === null ? {} : { sequence: goesOn, open: true };
    this.#recorder = new Recorder({ incarnation, journal, plans, isInner: () => false }, former);
    const { powers, close } = this.world.powers();
    this.#close = close;
    return {
      ...powers,
      entropy: { fill: (into) => this.world.entropy.fill(into), secret: () => SECRET + incarnation },
      names: () => `${incarnation}-${this.#names++}`,
      witness: this.#recorder,
    };
  }

  #machine(bytes: number): ReturnType<ReturnType<typeof platform>["pool"]["take"]> {
    return platform().pool.take(bytes, this.world.quota.ram);
  }

  static async boot(bytecode: Uint8Array, world: World): Promise<DurableChild> {
    const child = new DurableChild(world);
    const { base } = platform();
    const machine = child.#machine(base.memory.length);
    if (!machine.load(base.memory, base.registers, base.anchors)) throw new Error("the quota is too small");
    child.#domain = new ProtectionDomain(world.spec, machine, child.#powers());
    child.#domain.hold();
    child.#domain.boot(bytecode);
    child.#domain.load();
    await child.checkpoint();
    return child;
  }

  async checkpoint(): Promise<void> {
    const { domain } = this;
    if (domain.state !== "running" && domain.exiting === null) return;
    this.#effects?.confirm();
    this.#effects = null;
    const recorder = this.#recorder;
    let sequence = 0;
    recorder.hold();
    const captured = await capture(domain, {
      deadline: 0,
      into: (bytes) => new Uint8Array(bytes),
      plan: (slot, turn) => recorder.plan(slot, turn),
      taken: () => {
        sequence = recorder.sequence;
      },
    });
    recorder.release();
    if (E.isLeft(captured)) return raised(captured.left);
    const { snapshot, memory, registers } = captured.right;
    this.#checkpoint = {
      snapshot: throughImage(snapshot) as Snapshot,
      memory,
      registers,
      incarnation: this.#incarnation,
      sequence,
      secret: SECRET + this.#incarnation,
      names: this.#names,
    };
    resume(domain);
    recorder.open();
    await quiet();
  }

  /** Puts it to rest where it may, and brings it back at once; false where it does not rest here. `meanwhile`: it stands
   *  still, and is not at rest yet. */
  async rest(meanwhile: () => unknown = () => {}): Promise<boolean> {
    const { domain, world } = this;
    const recorder = this.#recorder;
    const { router } = world.powers().powers;
    const routes: RestingRoutes = {
      provider: (service, label) => router.provider(service, label),
      waitsInHost: () => true,
      isOwnRom: (label) => label === "config",
    };
    if (!mayRest(domain, routes)) return false;
    let sequence = 0;
    recorder.hold();
    const captured = await capture(domain, {
      deadline: 0,
      into: (bytes) => new Uint8Array(bytes),
      plan: (slot, turn) => recorder.plan(slot, turn),
      taken: () => {
        sequence = recorder.sequence;
        recorder.rest();
      },
    });
    if (E.isLeft(captured)) return raised(captured.left);
    if (typeof alarmsOf(domain, captured.right.snapshot, routes) === "string") {
      recorder.stir();
      resume(domain);
      recorder.release();
      await quiet();
      return false;
    }
    const { snapshot, memory, registers } = captured.right;
    const incarnation = this.#incarnation;
    const kept = throughImage(snapshot) as Snapshot;
    meanwhile();
    await quiet();
    const secret = SECRET + incarnation;
    this.#checkpoint = {
      snapshot: kept,
      memory,
      registers,
      incarnation,
      sequence,
      secret,
      names: this.#names,
    };
    this.write();
    await domain.release();
    await this.#close();
    platform().pool.give(domain.machine, world.quota.ram);
    const revival = await revive({
      spec: { ...world.spec, quota: kept.ledger.quota },
      powers: { ...this.#powers(sequence), goesOn: true },
      anchors: platform().base.anchors,
      snapshot: kept,
      memory,
      registers,
      machine: (bytes) => this.#machine(bytes),
      recovers: true,
      rested: 0,
    });
    if (E.isLeft(revival)) return raised(revival.left);
    this.#domain = revival.right.domain;
    this.#domain.hold();
    this.#domain.proceed();
    await quiet();
    return true;
  }

  async advance(): Promise<boolean> {
    if (this.domain.state !== "running") return false;
    const progressed = this.domain.idle ? this.world.clock.next() : (this.domain.step(), true);
    await quiet();
    return progressed;
  }

  /** Goes on to where that holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let point = 0; !holds(); point++) {
      if (point > MOST_POINTS)
        throw new Error(`it never comes to that: ${JSON.stringify(this.world.ending)}, ${this.domain.state}`);
      await this.advance();
      await quiet();
    }
  }

  /** All that the journal has, whosever it is. */
  #kept(power: "kept" | "lost"): readonly (Kept & { readonly incarnation: number })[] {
    const all: (Kept & { readonly incarnation: number })[] = [];
    const bytes = this.file.content(power);
    const read = readFrames(bytes, (payload) => {
      const whose = whoseEntry(payload);
      if (whose !== null) all.push({ ...whose, payload });
      return whose !== null;
    });
    if (read !== bytes.length) throw new Error(`the journal ends at ${read} of ${bytes.length} bytes`);
    return all;
  }

  /** Which records the journal has, in order. */
  get numbers(): readonly string[] {
    return this.#kept("kept").map(({ incarnation, sequence }) => `${incarnation}.${sequence}`);
  }

  /** What the journal has of this incarnation after the last checkpoint. */
  #records(power: "kept" | "lost"): readonly DomainRecord[] {
    const { incarnation, sequence } = this.#checkpoint;
    return following(
      this.#kept(power).filter((each) => each.incarnation === incarnation),
      sequence,
    );
  }

  /** Hands to the file what was gathered for it. */
  write(): void {
    this.#journal.write();
  }

  /** The past as the journal has it. */
  async replayed(power: "kept" | "lost" = "kept"): Promise<Replayed> {
    const { snapshot, memory, registers, secret, incarnation } = this.#checkpoint;
    let { names } = this.#checkpoint;
    const { router } = this.world.powers().powers;
    const result = await replay({
      spec: { ...this.world.spec, quota: snapshot.ledger.quota },
      routes: { child: () => null, refusal: (service, label) => router.refusal(service, label) },
      anchors: platform().base.anchors,
      snapshot,
      memory,
      registers,
      secret,
      names: () => `${incarnation}-${names++}`,
      records: this.#records(power),
      machine: (bytes) => this.#machine(bytes),
      into: (bytes) => new Uint8Array(bytes),
    });
    if (E.isLeft(result)) return raised(result.left);
    platform().pool.give(result.right.machine, this.world.quota.ram);
    return result.right;
  }

  /** The end of the process, at once: nothing more leaves, and nothing is given back in order. */
  async crash(): Promise<void> {
    this.#recorder.end();
    await this.domain.release();
    await this.#close();
    await quiet();
  }

  /** Goes on from what the journal kept. `admitted`: it has another checkpoint then; until it has, nothing that it says
   *  can be relied upon. `redo`: makes again what was lost. */
  async recover(
    power: "kept" | "lost" = "kept",
    admitted = true,
    redo: (domain: ProtectionDomain) => void = () => {},
  ): Promise<Replayed> {
    this.file.cut(power);
    const replayed = await this.replayed();
    const revival = await revive({
      spec: { ...this.world.spec, quota: replayed.snapshot.ledger.quota },
      powers: this.#powers(),
      anchors: platform().base.anchors,
      snapshot: throughImage(replayed.snapshot),
      memory: replayed.memory,
      registers: replayed.registers,
      machine: (bytes) => this.#machine(bytes),
      recovers: true,
      redo: (domain) => E.right(redo(domain)),
    });
    if (E.isLeft(revival)) return raised(revival.left);
    this.#domain = revival.right.domain;
    this.#effects = revival.right.effects;
    this.#recorder.inherit([...this.#domain.capabilities.values()].map(({ object }) => object));
    this.#domain.hold();
    this.#domain.proceed();
    await quiet();
    if (admitted) await this.checkpoint();
    return replayed;
  }
}
