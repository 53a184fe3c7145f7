// Several children of one host, driven turn by turn in one thread: each with its own harness, all with one clock, and
// between them the broker that the runtime itself uses. Any of them may be frozen at any point, and be away for a while.
import { E, type Either } from "../../lib/fp.ts";
import type { CheckpointError } from "../../runtime/checkpoint/checkpoint-error.ts";
import { ServiceBroker } from "../../runtime/host/service-broker.ts";
import type { ProtectionDomain } from "../../runtime/domain/protection-domain.ts";
import type { Revival } from "../../runtime/checkpoint/revive.ts";
import { Harness, type Frozen, type ReviveChanges } from "./harness.ts";
import { Post, type Pick } from "./post.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { World, type WorldOptions } from "./world.ts";

/** A child and what is known of it over all its incarnations. */
export class Villager {
  readonly name: string;
  readonly world: World;
  readonly harness: Harness;
  identity: string;
  generation = 1;
  state: "live" | "frozen" | "ended" = "live";
  /** What its last freeze left. */
  image: Frozen | null = null;
  /** The domain that letters are delivered to: it comes back before its harness has it. */
  hears: ProtectionDomain | null = null;

  constructor(name: string, harness: Harness) {
    this.name = name;
    this.identity = `identity of ${name}`;
    this.world = harness.world;
    this.harness = harness;
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Village {
  readonly clock = new VirtualClock();
  readonly villagers = new Map<string, Villager>();
  broker = new ServiceBroker(this.clock);
  /** Turns that are taken at each point. */
  turns = 1;
  /** Chooses who takes the next turn; the first who can, unless a spec says otherwise. */
  pick: Pick = () => 0;
  readonly post = new Post((letter) => {
    if ("from" in letter) this.broker.hear(this.at(letter.from).identity, letter.message);
    else this.at(letter.to).hears?.hear(letter.message);
  });

  at(name: string): Villager {
    const found = this.villagers.get(name);
    if (found === undefined) throw new Error(`nobody is called ${name}`);
    return found;
  }

  get live(): readonly Villager[] {
    return [...this.villagers.values()].filter(({ state }) => state === "live");
  }

  /** Starts a child. A name that was used before is free again once its child has ended. */
  async start(
    name: string,
    bytecode: Uint8Array,
    options: WorldOptions = {},
    begin: (code: Uint8Array, world: World) => Harness = (code, world) => Harness.boot(code, world),
  ): Promise<Villager> {
    const world = new World({ ...options, name }, this.clock);
    world.links = { send: (message) => this.post.put({ from: name, message }) };
    const harness = begin(bytecode, world);
    const villager = new Villager(name, harness);
    const before = this.villagers.get(name);
    if (before !== undefined) villager.identity = `${before.identity}, again`;
    this.villagers.set(name, villager);
    villager.hears = harness.domain;
    this.join(villager);
    this.broker.settled(villager.identity);
    await this.quiet();
    return villager;
  }

  /** A child is about to live. */
  join({ name, identity }: Villager): void {
    this.broker.join(name, identity, (message) => this.post.put({ to: name, message }));
  }

  /** Lets everything arrive that is on its way. */
  async quiet(): Promise<void> {
    for (let still = 0; still < 3; still++) {
      await tick();
      if (this.post.deliver()) still = -1;
      this.#bury();
    }
  }

  /** Those who ended by themselves have left. */
  #bury(): void {
    for (const villager of this.live)
      if (villager.world.ending !== null) {
        this.post.flush(villager.name);
        this.left(villager, "ended");
      }
  }

  /** A child is no longer there. */
  left(villager: Villager, how: "frozen" | "ended" | "failed"): void {
    villager.state = how === "failed" ? "frozen" : how;
    villager.hears = null;
    this.post.lose(villager.name);
    this.broker.leave(villager.identity, how);
  }

  /** Drops a child with no farewell. What it sent has left it. */
  async kill(name: string): Promise<void> {
    const villager = this.at(name);
    if (villager.state === "live") {
      this.post.flush(name);
      await villager.harness.drop();
      this.left(villager, "ended");
    }
    await this.quiet();
  }

  /** Freezes a child: it is no longer here. Throws where it can't be frozen. */
  async freeze(name: string): Promise<void> {
    const villager = this.at(name);
    const captured = await villager.harness.capture();
    if (E.isLeft(captured)) throw new Error(`${name} is not frozen: ${JSON.stringify(captured.left)}`);
    const { snapshot, memory, registers } = captured.right;
    villager.image = { snapshot, memory, registers };
    this.post.flush(name);
    // What is said to it until it is released does not arrive any more.
    await this.quiet();
    await villager.harness.drop();
    this.left(villager, "frozen");
    await this.quiet();
  }

  /** What a promise brings that waits for letters. */
  async carriedOn<T>(promise: Promise<T>): Promise<T> {
    const done: T[] = [];
    void promise.then((result) => done.push(result));
    while (done.length === 0) await this.quiet();
    return promise;
  }

  async tryRevive(name: string, changes: ReviveChanges = {}): Promise<Either<CheckpointError, Revival>> {
    const villager = this.at(name);
    if (villager.image === null) throw new Error(`${name} was never frozen`);
    this.join(villager);
    villager.state = "live";
    const made = (domain: ProtectionDomain): void => {
      villager.hears = domain;
    };
    const generation = villager.generation + 1;
    const revived = ({ domain, reopened }: Revival): void =>
      domain.signalRevived({ generation, host: "here", reopened });
    const revival = villager.harness.revive(villager.image, { made, revived, ...changes });
    const result = await this.carriedOn(revival);
    if (E.isLeft(result)) {
      villager.state = "frozen";
      villager.hears = null;
      this.post.flush(name);
      this.post.lose(name);
      this.broker.leave(villager.identity, "failed");
      await this.quiet();
      return result;
    }
    villager.generation = generation;
    this.broker.settled(villager.identity);
    await this.quiet();
    return result;
  }

  /** Brings a child back. Throws where it can't be. */
  async revive(name: string, changes: ReviveChanges = {}): Promise<Revival> {
    const result = await this.tryRevive(name, changes);
    if (E.isLeft(result)) throw new Error(`${name} is not revived: ${JSON.stringify(result.left)}`);
    return result.right;
  }

  /** A host that has seen none of them: whoever is frozen comes up there. */
  async moveHouse(order: readonly string[]): Promise<void> {
    for (const { name } of this.live) await this.freeze(name);
    this.broker.close();
    this.broker = new ServiceBroker(this.clock);
    for (const name of order) if (this.at(name).state === "frozen") await this.revive(name);
  }

  get #ready(): readonly Villager[] {
    return this.live.filter(({ harness: { domain } }) => domain.state === "running" && !domain.idle);
  }

  /** Goes one point further: a turn of whoever is chosen, or where nobody has anything to do, the next thing that
   *  time brings. False where nothing is left to happen. */
  async advance(): Promise<boolean> {
    const ready = this.#ready;
    if (ready.length > 0) {
      const { domain } = ready[this.pick(ready.length)]!.harness;
      for (let turn = 0; turn < this.turns && domain.state === "running" && !domain.idle; turn++)
        domain.step();
    } else if (!this.clock.next()) return false;
    await this.quiet();
    return true;
  }

  /** Everybody takes all turns that there are, and no time passes. */
  async rest(): Promise<void> {
    for (let ready = this.#ready; ready.length > 0; ready = this.#ready) {
      ready[0]!.harness.domain.step();
      await this.quiet();
    }
  }

  /** Lets go of whoever is still there. */
  async close(): Promise<void> {
    for (const { name } of this.live) await this.kill(name);
    this.broker.close();
  }
}
