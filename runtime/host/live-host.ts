// A host: quota, providers and routes, and the children that live on them.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import type { SessionError } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import { checkpointProse } from "../checkpoint/checkpoint-error.ts";
import { compileComponent } from "../component/compile.ts";
import type { SessionTarget } from "../core/link.ts";
import { disk } from "../image/disk.ts";
import type { FilePower } from "../image/file-power.ts";
import type { Image } from "../image/image.ts";
import { RouteTable } from "../shard/route-table.ts";
import type { Berth } from "./berth.ts";
import type { Child, ChildCode, ChildIdentity } from "./child.ts";
import { Children } from "./children.ts";
import type { Ending } from "./ending.ts";
import type { HostEvent } from "./event.ts";
import { Freezer, type FreezeOptions, type StopOptions } from "./freezer.ts";
import type { Frozen } from "./frozen.ts";
import type { Standing } from "./frozen-image.ts";
import type { HostConfig, StartConfig } from "./host-config.ts";
import type { HostError } from "./host-error.ts";
import type { Aside } from "../shard/protocol.ts";
import type { KeptReports } from "./kept-reports.ts";
import type { FormerLife } from "./former-life.ts";
import type { Keeper } from "./keeper.ts";
import type { OutsideSession } from "./outside-party.ts";
import { makeProviders, type Providers } from "./providers.ts";
import { Reviver, type RevivalOrder } from "./reviver.ts";
import { Resting } from "./resting.ts";
import type { Runtime } from "./runtime.ts";
import type { ServiceBroker } from "./service-broker.ts";
import type { Tie, Unheld, Unled } from "./ties.ts";

export type BeforeGo = (child: Child) => "hold" | void;

export interface LiveHostOptions {
  readonly config: HostConfig;
  readonly runtime: Runtime;
  readonly emit: (event: HostEvent) => void;
  /** Told of a child before it takes its first turn. Where it answers `hold`, the child takes none before `go`. */
  readonly beforeGo?: BeforeGo;
  /** Told of a child that was lost with its thread, for a reason that another child gave: its state is to be had
   *  elsewhere, and it comes back. Without this it has faulted. */
  readonly lost?: (child: Child, reason: string) => void;
  /** Asked when a child has faulted or was lost: whether it will be brought back, so that others wait for it. Default:
   *  it will not. */
  readonly comesBack?: (child: Child, ending: Ending) => boolean;
  /** Asked before a child is put to rest: whether something is being done with it. */
  readonly staysAwake?: (child: string) => boolean;
  /** A child that rested was wanted, and can't go on. What is kept of it stays. */
  readonly unwoken?: (child: string, error: HostError) => void;
  /** Keeps the children: whatever they let out, they can be brought back to where they did. Without this they end
   *  with the host. */
  readonly keeper?: Keeper;
  /** Keeps what they report, and has what they reported to a former host. */
  readonly reports?: KeptReports;
  /** The file system that images are written to and read from. Default: the real one. */
  readonly files?: FilePower;
}

export class LiveHost {
  readonly config: HostConfig;
  readonly providers: Providers;
  readonly #emit: (event: HostEvent) => void;
  readonly #beforeGo: BeforeGo;
  readonly #children: Children;
  readonly #freezer: Freezer;
  readonly #reviver: Reviver;
  readonly #keeper: Keeper | undefined;
  readonly #resting: Resting | null;

  constructor({
    config,
    runtime,
    emit,
    beforeGo = () => {},
    lost,
    keeper,
    reports,
    comesBack,
    unwoken = () => {},
    staysAwake = () => false,
    files = disk,
  }: LiveHostOptions) {
    this.config = config;
    this.#emit = emit;
    this.#beforeGo = beforeGo;
    this.providers = makeProviders(config, reports);
    const { providers } = this;
    const children = new Children({
      ...{ config, runtime, providers, emit, lost, keeper, comesBack },
      idle: (child) => void this.#resting?.rest(child),
      wanted: (who) => this.#resting?.wanted(who),
    });
    this.#keeper = keeper;
    this.#children = children;
    this.#resting =
      keeper === undefined
        ? null
        : new Resting({ config, keeper, children, providers, emit, failed: unwoken, staysAwake });
    const held = (): string | null => keeper?.held ?? null;
    this.#freezer = new Freezer({ host: config.name, runtime, children, files, emit, held });
    this.#reviver = new Reviver({
      ...{ config, runtime, children, files, emit },
      ...(keeper === undefined ? {} : { keep: (revived, owned) => keeper.admit(revived, { owned }) }),
    });
  }

  /** Quota that no child has: bytes, and capabilities. */
  get free(): { readonly ram: number; readonly caps: number } {
    return this.#children.free;
  }

  /** The child of this name that lives, or the last one that did. */
  child(name: string): Child | undefined {
    return this.#children.child(name);
  }

  /** Compiles and starts a component. */
  async start(
    config: StartConfig,
    roots: readonly string[] = [dirname(config.component)],
  ): Promise<Either<HostError, Child>> {
    const compiled = await compileComponent({ file: config.component, roots });
    if (E.isLeft(compiled)) return E.left({ tag: "Component", diagnostics: compiled.left });
    const { code, name, hash, sourceMap } = compiled.right;
    return this.startCompiled(config, code, { file: name, hash, sourceMap });
  }

  /** Starts a component that was compiled before. */
  async startCompiled(
    config: StartConfig,
    source: string,
    code: ChildCode,
  ): Promise<Either<HostError, Child>> {
    const room = await this.#room(config);
    if (E.isLeft(room)) return room;
    const made = this.#children.make(config, code, { identity: randomUUID(), generation: 1 });
    if (E.isLeft(made)) return made;
    const child = made.right;
    const booted = await child.boot(source);
    if (E.isLeft(booted)) {
      const { ending } = child;
      const why = booted.left.tag === "Step" ? booted.left.reason : checkpointProse(booted.left);
      const reason = ending?.kind === "faulted" ? ending.reason : why;
      await this.#children.unmake(child);
      return E.left({ tag: "Boot", child: config.name, reason });
    }
    const kept = await this.#keep(child);
    if (E.isLeft(kept)) {
      const { ending } = child;
      await this.#children.unmake(child);
      // Its code was loaded meanwhile.
      return ending?.kind === "faulted"
        ? E.left({ tag: "Boot", child: config.name, reason: ending.reason })
        : kept;
    }
    this.#children.settle(child);
    this.#resting?.watch(child);
    this.#emit({ event: "started", child: config.name, host: this.config.name });
    this.#letGo(child);
    return made;
  }

  /** Others that may rest make room for a child, whether it may rest or not. */
  async #room(config: StartConfig): Promise<Either<HostError, void>> {
    return this.#resting?.room(config) ?? E.right(undefined);
  }

  async #keep(child: Child, checkpoint?: number): Promise<Either<HostError, void>> {
    return this.#keeper?.admit([child], { checkpoint }) ?? E.right(undefined);
  }

  /**
   * Brings back a child that lived when a former host ended, under the routes and quota of `config`: it goes on where
   * the last thing happened that anyone could see. It may have ended by then: the child says so.
   */
  async recover(config: StartConfig, former: FormerLife): Promise<Either<HostError, Child>> {
    const { identity, generation } = former.identity;
    const room = await this.#room(config);
    if (E.isLeft(room)) return room;
    const made = this.#children.make(config, former.code, { identity, generation: generation + 1 });
    if (E.isLeft(made)) return made;
    const child = made.right;
    const recovered = await child.recover(former);
    if (E.isLeft(recovered)) {
      if (child.ending?.kind === "exited") this.#children.settle(child);
      else await this.#children.unmake(child);
      return child.ending?.kind === "exited" ? made : E.left({ tag: "Checkpoint", error: recovered.left });
    }
    if (child.follows) this.#keeper?.follow(child, former);
    const kept = child.follows ? E.right(undefined) : await this.#keep(child, former.checkpoint);
    if (E.isLeft(kept)) {
      await this.#children.unmake(child);
      return kept;
    }
    this.#children.settle(child);
    this.#resting?.watch(child);
    const event = child.aside?.event ?? null;
    if (event !== null) {
      const text = `what brought it down was set aside: ${event}`;
      this.#emit({ event: "warning", child: config.name, text });
    }
    this.#emit({
      event: "revived",
      child: config.name,
      host: this.config.name,
      image: null,
      generation: generation + 1,
      reopened: recovered.right,
      reviveMs: child.reviveMs,
    });
    this.#letGo(child);
    return made;
  }

  /** What a child had called last, and what brought it down, where it faulted. It stays as it fell. */
  async examine(config: StartConfig, former: FormerLife): Promise<Either<HostError, Aside>> {
    const { identity, generation } = former.identity;
    const made = this.#children.make(config, former.code, { identity, generation: generation + 1 });
    if (E.isLeft(made)) return made;
    const examined = await made.right.recover(former, true);
    const { aside } = made.right;
    await this.#children.unmake(made.right);
    if (aside !== null) return E.right(aside);
    if (E.isLeft(examined)) return E.left({ tag: "Checkpoint", error: examined.left });
    throw new Error(`${config.name} lives, and was to be examined`);
  }

  // --- rest

  /**
   * Takes up those that rest since a former host, as far as `entry` says under what: none of them is looked at before it
   * is wanted. The others of the former host are to be recovered, and then `allBack` called: until then nobody is woken,
   * since what those share is as it was only when all are there.
   */
  async takeUp(
    entry: (name: string, identity: string) => StartConfig | undefined,
  ): Promise<Either<HostError, void>> {
    const resting = this.#resting;
    const found = await (this.#keeper?.resting() ?? E.right(new Map<string, never>()));
    if (E.isLeft(found)) return found;
    resting?.shut();
    for (const [name, record] of found.right) {
      const config = entry(name, record.identity);
      if (config !== undefined) resting?.adopt(config, record);
    }
    return E.right(undefined);
  }

  /** Whoever could be recovered of the former host has been. */
  allBack(): void {
    this.#resting?.open();
  }

  /** How many children rest. */
  get resting(): number {
    return this.#resting?.size ?? 0;
  }

  /** Whether a child rests. */
  rests(name: string): boolean {
    return this.#resting?.has(name) === true;
  }

  /** Forgets one that rests: it is over with it. */
  dropResting(name: string): void {
    this.#resting?.drop(name);
  }

  /** Brings back those of these that rest; whoever is on the way to rest or back has arrived then. */
  async wake(names: readonly string[]): Promise<void> {
    const resting = this.#resting;
    if (resting === null) return;
    await Promise.all(
      names.map(async (name) => {
        await resting.settled(this.#children.living(name));
        if (resting.has(name)) await resting.wake(name);
      }),
    );
  }

  #letGo(child: Child): void {
    if (this.#beforeGo(child) !== "hold") child.go();
  }

  /**
   * Freezes children in one consistent cut: the image holds all of them, and they are no longer here. On failure all
   * of them run on, and where there are several the error is `Together`.
   */
  async freeze(
    names: readonly string[],
    options: FreezeOptions,
  ): Promise<Either<HostError, readonly Frozen[]>> {
    await this.wake(names);
    return this.#freezer.freeze(names, options);
  }

  /** Stops children in one consistent cut; they stand until each is resumed or released. On failure all run on. */
  stop(names: readonly string[], options: StopOptions): Promise<Either<HostError, readonly Standing[]>> {
    return this.#freezer.stop(names, options);
  }

  /** As `freeze`, but they go on running. */
  async checkpoint(
    names: readonly string[],
    options: FreezeOptions,
  ): Promise<Either<HostError, readonly Frozen[]>> {
    await this.wake(names);
    return this.#freezer.checkpoint(names, options);
  }

  /**
   * Revives the children of an image, in its order, under the routes and quota that `entry` gives for their names, or
   * for those that `as` gives them. The image is used up, unless `as` makes clones with identities of their own.
   */
  async revive(path: string, order: RevivalOrder): Promise<Either<HostError, readonly Child[]>> {
    return this.#back(await this.#reviver.revive(path, order));
  }

  /** As `revive`, of an image that was read and found to be genuine; `path` names it. */
  async reviveRead(
    image: Image,
    path: string,
    order: RevivalOrder,
  ): Promise<Either<HostError, readonly Child[]>> {
    return this.#back(await this.#reviver.reviveRead(image, path, order));
  }

  #back(revived: Either<HostError, readonly Child[]>): Either<HostError, readonly Child[]> {
    for (const child of E.isRight(revived) ? revived.right : []) {
      this.#resting?.watch(child);
      this.#letGo(child);
    }
    return revived;
  }

  /** Opens a session with a child's service from outside; waits for the announcement as long as `patience` says. */
  async session(target: SessionTarget): Promise<Either<SessionError, OutsideSession>> {
    const { child, service, label } = target;
    await this.wake([child]);
    if (this.#children.living(child) === null) return E.left({ tag: "NoSuchService", service, label });
    return this.#children.outside.open(target);
  }

  /** The other children that a living child shares sessions and capabilities with. */
  ties(name: string): readonly Tie[] {
    return this.#children.ties(name);
  }

  /** The sessions of a living child whose servers have not been there since this host began. */
  unled(name: string): readonly Unled[] {
    return this.#children.unled(name);
  }

  /** What a living child serves to children that have not been there since this host began. */
  unheld(name: string): readonly Unheld[] {
    const identity = this.#children.living(name)?.identity.identity;
    return identity === undefined ? [] : this.broker.ties.unheld(identity);
  }

  /** Brings back those that rest and have sessions with these: what they have with one another is known then. */
  async wakeTied(names: readonly string[]): Promise<void> {
    const resting = this.#resting;
    if (resting === null) return;
    const { broker } = this;
    const others = names.flatMap((name) => {
      const { identity = "" } = this.identityOf(name) ?? {};
      return broker.ties.outline(identity).links.flatMap(({ holder, owner, child }) => {
        if (owner === null) return [child];
        return resting.nameOf(holder === identity ? owner : holder) ?? [];
      });
    });
    await this.wake(others);
  }

  /** Who lives under a name, or rests there; null where nobody does. */
  identityOf(name: string): ChildIdentity | null {
    return this.#resting?.identityOf(name) ?? this.#children.living(name)?.identity ?? null;
  }

  /** Leads from one child to the other, and to those of other hosts. */
  get broker(): ServiceBroker {
    return this.#children.broker;
  }

  /** The services that a child has announced. */
  announced(child: string): readonly string[] {
    return this.#children.announced(child);
  }

  /** Keeps a place for a child that is on its way from another host. */
  keepPlace(config: StartConfig): Berth {
    return this.#children.keepPlace(config);
  }

  /** What the routes of an entry grant, before anything is opened. */
  grants(config: StartConfig): RouteTable {
    return new RouteTable(this.#children.spec(config));
  }

  /** Drops a child with no farewell. */
  async kill(name: string): Promise<Either<HostError, void>> {
    await this.#resting?.settled(this.#children.living(name));
    if (this.rests(name)) {
      this.dropResting(name);
      this.#emit({ event: "killed", child: name });
      return E.right(undefined);
    }
    const child = this.#children.living(name);
    if (child === null) return E.left({ tag: "NoSuchChild", child: name });
    await child.kill();
    return E.right(undefined);
  }

  /** Drops whoever still lives, and closes the providers. */
  async close(): Promise<void> {
    await this.#resting?.close();
    await this.#children.close();
    this.providers.close();
  }
}
