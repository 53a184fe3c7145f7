// The children of one host: who lives under which name, and the quota that they have of the host's.
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { systemClock } from "../core/clock.ts";
import type { ChildSpec, FencedSpec, KeptSpec } from "../shard/protocol.ts";
import { Berth } from "./berth.ts";
import { Child, type ChildCode, type ChildIdentity, type ChildSurroundings } from "./child.ts";
import type { HostEvent } from "./event.ts";
import type { HostConfig, StartConfig } from "./host-config.ts";
import type { Failure, HostError } from "./host-error.ts";
import type { Ending } from "./ending.ts";
import type { Keeper } from "./keeper.ts";
import { OutsideParty } from "./outside-party.ts";
import type { Providers } from "./providers.ts";
import type { Runtime } from "./runtime.ts";
import type { Wanted } from "./parties.ts";
import { ServiceBroker } from "./service-broker.ts";
import type { Tie, Unled } from "./ties.ts";

export interface ChildrenOptions {
  readonly config: HostConfig;
  readonly runtime: Runtime;
  readonly providers: Providers;
  readonly emit: (event: HostEvent) => void;
  /** Told of a child that was lost with its thread, or whose writes were. Without this it has faulted. */
  readonly lost?: ((child: Child, reason: string) => void) | undefined;
  /** As for a live host. */
  readonly comesBack?: ((child: Child, ending: Ending) => boolean) | undefined;
  /** Keeps them, on a durable host. */
  readonly keeper?: Keeper | undefined;
  /** One has been idle for as long as its entry says. */
  readonly idle?: ((child: Child) => void) | undefined;
  /** Somebody is wanted by others who is not there. */
  readonly wanted?: ((who: Wanted) => void) | undefined;
}

/** A child that goes on where it rested. */
export interface GoingOn {
  readonly kept: KeptSpec;
  /** Others know that it is there. */
  readonly known: boolean;
}

/** A child that is to be made. */
export interface ToMake {
  readonly config: StartConfig;
  readonly identity: string;
}

export class Children {
  readonly #config: HostConfig;
  readonly #runtime: Runtime;
  readonly #providers: Providers;
  readonly #emit: (event: HostEvent) => void;
  readonly #lost: ChildrenOptions["lost"];
  readonly #keeper: Keeper | undefined;
  readonly #comesBack: ChildrenOptions["comesBack"];
  readonly #children = new Map<string, Child>();
  /** Those that are being made. */
  readonly #making = new Map<string, Child>();
  /** Places for those who are on their way from another host, by name. */
  readonly #berths = new Map<string, Berth>();
  readonly #broker: ServiceBroker;
  readonly #idle: ChildrenOptions["idle"];
  readonly #configs = new WeakMap<Child, StartConfig>();
  #outside: OutsideParty | null = null;
  #freeRam: number;
  #freeCaps: number;

  constructor(options: ChildrenOptions) {
    const { config, runtime, providers, emit, lost, keeper, comesBack, idle, wanted } = options;
    this.#broker = new ServiceBroker(systemClock, wanted);
    this.#idle = idle;
    this.#config = config;
    this.#runtime = runtime;
    this.#providers = providers;
    this.#emit = emit;
    this.#lost = lost;
    this.#keeper = keeper;
    this.#comesBack = comesBack;
    this.#freeRam = config.ram;
    this.#freeCaps = config.caps;
  }

  /** Quota that no child has: bytes, and capabilities. */
  get free(): { readonly ram: number; readonly caps: number } {
    return { ram: this.#freeRam - this.#broker.homes.kept, caps: this.#freeCaps };
  }

  /** The child of this name that lives, or the last one that did. */
  child(name: string): Child | undefined {
    return this.#children.get(name);
  }

  living(name: string): Child | null {
    const child = this.#children.get(name);
    return child !== undefined && child.ending === null ? child : null;
  }

  /** Keeps a place for a child of this entry. */
  keepPlace({ name, ram }: StartConfig): Berth {
    this.#berths.get(name)?.giveUp();
    const berth = new Berth(name, this.#runtime.placement, ram);
    this.#berths.set(name, berth);
    return berth;
  }

  /** The place that is kept for a child, if it is still there. */
  #berth(name: string): Berth | undefined {
    const berth = this.#berths.get(name);
    this.#berths.delete(name);
    return berth?.gone === false ? berth : undefined;
  }

  /** Why these can't all be made now: each that lives already, or that what the others leave of the quota is too
   *  little for. */
  refusals(wanted: readonly ToMake[]): readonly Failure[] {
    const names = new Set<string>();
    let { ram, caps } = this.free;
    return wanted.flatMap(({ config, identity }): Failure[] => {
      const child = config.name;
      if (names.has(child) || this.#isTaken(child, identity))
        return [{ child, error: { tag: "AlreadyRunning", child } }];
      names.add(child);
      // What is kept of its own memory for others it takes over.
      ram += this.#broker.homes.keptFor(identity);
      const short = this.#shortOf(config, { ram, caps });
      if (short !== null) return [{ child, error: short }];
      ram -= config.ram;
      caps -= config.caps;
      return [];
    });
  }

  #isTaken(name: string, identity: string): boolean {
    return this.living(name) !== null || this.#making.has(name) || this.#runtime.alive.has(identity);
  }

  /**
   * Makes a child that has neither code nor past yet; its quota is taken from the host's. `settle` or `unmake` must
   * follow. `clone`: it comes from an image of another; `kin` are the identities of those cloned together with it.
   * `goesOn`: it was at rest.
   */
  make(
    config: StartConfig,
    code: ChildCode,
    identity: ChildIdentity,
    clone?: { readonly kin: readonly string[] },
    goesOn?: GoingOn,
  ): Either<HostError, Child> {
    const { alive, placement, bases } = this.#runtime;
    const [refused] = this.refusals([{ config, identity: identity.identity }]);
    if (refused !== undefined) return E.left(refused.error);
    alive.add(identity.identity);
    const { ram, caps } = config;
    this.#freeRam -= ram;
    this.#freeCaps -= caps;
    const lost = this.#lost;
    const keeper = this.#keeper;
    const surroundings: ChildSurroundings = {
      providers: this.#providers,
      placement,
      berth: this.#berth(config.name),
      bases,
      emit: this.#emit,
      broker: this.#broker,
      freed: (bytes, capabilities) => {
        this.#freeRam += bytes;
        this.#freeCaps += capabilities;
      },
      ...(this.#comesBack === undefined ? {} : { comesBack: this.#comesBack }),
      ...(keeper === undefined
        ? {}
        : {
            due: (due) => void keeper.due(due),
            unwritten: (which, reason) => keeper.unwritten(which, reason),
            undone: (which) => keeper.undone(which),
          }),
      ...(this.#idle === undefined ? {} : { idle: this.#idle }),
      ...(goesOn?.known === true ? { known: true } : {}),
      ...(lost === undefined ? {} : { lost: (reason) => lost(child, reason) }),
    };
    const spec = {
      ...this.spec(config),
      ...(clone === undefined ? {} : { clone }),
      fenced: this.#fenced(identity),
      ...(keeper === undefined ? {} : { kept: goesOn?.kept ?? keeper.enlist(config) }),
      ...(keeper === undefined || config.rest === undefined ? {} : { rest: config.rest }),
    };
    const child: Child = new Child(spec, code, identity, surroundings);
    this.#making.set(config.name, child);
    this.#configs.set(child, config);
    void child.ended.then(() => {
      alive.delete(identity.identity);
      if (spec.kept !== undefined) keeper?.strike(spec.kept);
    });
    return E.right(child);
  }

  #fenced({ identity, generation: epoch }: ChildIdentity): FencedSpec {
    const { runs, state } = this.#runtime;
    const { name: host, epochs = join(state, "epochs") } = this.#config;
    return { incarnation: { identity, epoch, ...runs, host }, epochs };
  }

  /** What of its quota the host does not have now; null where it has all. */
  shortOf(config: StartConfig): HostError | null {
    return this.#shortOf(config, this.free);
  }

  #shortOf({ ram, caps }: StartConfig, free: Children["free"]): HostError | null {
    const host = this.#config.name;
    if (ram > free.ram) return { tag: "HostQuota", host, resource: "ram", wanted: ram, available: free.ram };
    if (caps > free.caps)
      return { tag: "HostQuota", host, resource: "caps", wanted: caps, available: free.caps };
    return null;
  }

  /** What a child of this entry is told of its surroundings. */
  spec({ name, ram, caps, turn, config, routes }: StartConfig): ChildSpec {
    const reports = routes.flatMap(({ service, report }) =>
      service === "ROM" && report !== undefined ? [report] : [],
    );
    return {
      name,
      label: `init -> ${name}`,
      host: this.#config.name,
      quota: { ram, caps },
      turn,
      config: JSON.stringify(config ?? null),
      routes,
      files: this.#providers.fileSpecs,
      gates: this.#providers.gateSpecs,
      roms: new Set([...Object.keys(this.#config.roms), ...reports]),
    };
  }

  /** Under what it was made. */
  configOf(child: Child): StartConfig {
    return this.#configs.get(child)!;
  }

  /** Nobody asks any more for one that is at rest. */
  forget(child: Child): void {
    if (this.#children.get(child.name) === child) this.#children.delete(child.name);
  }

  /** Leads from one to the other. */
  get broker(): ServiceBroker {
    return this.#broker;
  }

  /** The world outside, as a client of the children's services. */
  get outside(): OutsideParty {
    return (this.#outside ??= new OutsideParty(this.#broker));
  }

  /** The other children that a living child shares sessions and capabilities with. */
  ties(name: string): readonly Tie[] {
    const child = this.living(name);
    return child === null ? [] : this.#broker.ties.of(child.identity.identity);
  }

  /** The sessions of a living child whose servers have not been there since this host began. */
  unled(name: string): readonly Unled[] {
    const child = this.living(name);
    return child === null ? [] : this.#broker.ties.unled(child.identity.identity);
  }

  /** The services that a child has announced. */
  announced(child: string): readonly string[] {
    return this.#broker.announced(child);
  }

  /** The children have begun, one or several together: each is the one of its name from now on. */
  settle(...children: readonly Child[]): void {
    for (const child of children) {
      this.#making.delete(child.name);
      this.#children.set(child.name, child);
      child.settled();
    }
    const fresh = children.filter(({ known }) => !known);
    this.#broker.settled(...fresh.map(({ identity }) => identity.identity));
  }

  /** The child could not begin: gives back all that it took. */
  async unmake(child: Child): Promise<void> {
    this.#making.delete(child.name);
    await child.release();
  }

  /** Drops whoever still lives, or is about to. */
  async close(): Promise<void> {
    const all = [...this.#making.values(), ...this.#children.values()];
    await Promise.all(all.map((child) => child.kill()));
    this.#broker.close();
  }
}
