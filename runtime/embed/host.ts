// A host as a program holds it: quota, providers, and children that can be frozen and revived.
import type { Contract } from "../../lib/contract.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { HostEvent } from "../host/event.ts";
import type { Frozen } from "../host/frozen.ts";
import type { HostError } from "../host/host-error.ts";
import { LiveHost } from "../host/live-host.ts";
import type { HostConfig, StartConfig } from "../host/host-config.ts";
import { outsideFiles } from "../host/providers.ts";
import { startRuntime, type Runtime } from "../host/runtime.ts";
import type { FilePower } from "../image/file-power.ts";
import type { FileProvider } from "../provider/file/file-provider.ts";
import { countOf, durationOf, pathOf } from "./amounts.ts";
import { Child, type ChildPowers } from "./child.ts";
import { deadlineOf, hostConfig, imagePath, startConfig, stateOf } from "./configure.ts";
import { migrateLocally } from "../migrate/migrate-locally.ts";
import { namesOf } from "./cut.ts";
import { EventStream } from "./event-stream.ts";
import { HostFailure } from "./host-failure.ts";
import type {
  EntryOptions,
  FreezeOptions,
  HostOptions,
  ReviveAllOptions,
  ReviveOptions,
  ServiceOptions,
  StartOptions,
} from "./host-options.ts";
import type { MigrateOptions, Moved } from "./migrate-options.ts";
import { OuterFiles, OuterGate, OuterRom } from "./outside.ts";
import { Listeners } from "./listeners.ts";
import { serviceClient, type ServiceClient } from "./service-client.ts";

/** What may be listened for: one kind of event, or `event` for all of them. */
type Kind = HostEvent["event"];
type EventOf<K extends Kind | "event", E = HostEvent> = K extends "event"
  ? E
  : E extends HostEvent
    ? K extends E["event"]
      ? E
      : never
    : never;

const given = <T>(answer: Either<HostError, T>): T => {
  if (E.isLeft(answer)) throw new HostFailure(answer.left);
  return answer.right;
};

/** Waits for the end of what the program does right now, up to its next `await`. */
const afterwards = (act: () => void): void => void setImmediate(act);

export class Host {
  readonly #runtime: Runtime;
  readonly #live: LiveHost;
  readonly #children = new Map<string, Child>();
  readonly #entries = new Map<string, StartConfig>();
  readonly #listeners = new Listeners<HostEvent>();
  readonly #streams = new Set<EventStream<HostEvent>>();
  readonly #directories = new Map<string, FileProvider>();
  readonly #powers: ChildPowers = {
    freeze: async (name, image, { deadline }) =>
      given(await this.#open.freeze([name], this.#target(image, deadlineOf(deadline))))[0]!,
    checkpoint: async (name, image, { deadline }) =>
      given(await this.#open.checkpoint([name], this.#target(image, deadlineOf(deadline))))[0]!,
    kill: (name) => this.kill(name),
  };
  #closed: Promise<void> | null = null;

  private constructor(runtime: Runtime, config: HostConfig, images: FilePower | undefined) {
    this.#runtime = runtime;
    this.#live = new LiveHost({
      config,
      runtime,
      emit: (event) => this.#emit(event),
      beforeGo: (live) => {
        this.#children.set(live.name, new Child(live, this.#powers));
        return "hold";
      },
      ...(images === undefined ? {} : { files: images }),
    });
  }

  /**
   * Opens a host. `await using` closes it at the end of the block. Rejects with `Image` where the state directory's
   * key can't be made or used, with `Setup` where a provider's directory or a ROM's file can't.
   */
  static async open(options: HostOptions = {}): Promise<Host> {
    const { silence, threads, images } = options;
    const config = hostConfig(options);
    const state = stateOf(options);
    const runtime = await startRuntime(state, {
      ...(silence === undefined ? {} : { silence: durationOf("silence", silence) }),
      ...(threads === undefined ? {} : { threads: countOf("threads", threads) }),
    }).catch((error: unknown) => {
      throw setupFailure(state, error);
    });
    if (E.isLeft(runtime)) throw new HostFailure({ tag: "Image", path: state, error: runtime.left });
    try {
      return new Host(runtime.right, config, images);
    } catch (error) {
      await runtime.right.close();
      throw setupFailure("a provider", error);
    }
  }

  get name(): string {
    return this.#live.config.name;
  }
  /** The state directory, absolute. */
  get state(): string {
    return this.#runtime.state;
  }
  /** Of the key that signs its images; other hosts name it in `trust`. */
  get publicKey(): string {
    return this.#runtime.signer.publicKey;
  }
  /** Quota that no child has: bytes of RAM, and capabilities. */
  get free(): { readonly ram: number; readonly caps: number } {
    return this.#live.free;
  }
  /** The children that live. */
  get children(): readonly Child[] {
    return [...this.#children.values()].filter(({ ending }) => ending === null);
  }
  /** The child of this name that lives, or the last one that did. */
  child(name: string): Child | undefined {
    return this.#children.get(name);
  }

  get #open(): LiveHost {
    if (this.#closed !== null) throw new HostFailure({ tag: "HostClosed", host: this.name });
    return this.#live;
  }

  #target(image: string | URL, deadline: number): { image: string; deadline: number } {
    return { image: imagePath(this.state, image), deadline };
  }

  /**
   * Compiles a component and starts it. Its quota is taken from the host's. It takes its first turn when the program
   * has come to its next `await`, so that an `until` right after this one misses nothing; with `held`, not before.
   * Rejects with `Component` (what does not compile, with places), `AlreadyRunning`, `HostQuota` or `Boot`.
   */
  async start(options: StartOptions): Promise<Child> {
    const { name, held = false, roots } = options;
    const config = startConfig(name, pathOf(options.component), options);
    const started = await this.#open.start(config, roots?.map(pathOf));
    return this.#begun(config, given(started).name, held);
  }

  /**
   * Brings back the child of an image, at the very `await` where it was frozen. A bare name lies in the state
   * directory. The image grants nothing: every session and handle is requested again under `routes`, or else under
   * those of the child's start on this host. It is used up then, unless `as` makes a clone; whether it was is known
   * to the state directory. Rejects with `Image`, `Several`, `UsedUp`, `NoEntry`, `AlreadyRunning`, `HostQuota`, or
   * `Checkpoint` (its error `Refused` names all that is missing, `Quota`, `Malformed`); nothing has run then, and the
   * image is as it was.
   */
  async revive(image: string | URL, options: ReviveOptions = {}): Promise<Child> {
    const { as, held = false, ...entry } = options;
    const path = imagePath(this.state, image);
    const entries = new Map<string, StartConfig>();
    const order = {
      entry: this.#entryOf(() => entry, entries),
      alone: true,
      ...(as === undefined ? {} : { as }),
    };
    const [revived] = given(await this.#open.revive(path, order));
    return this.#begun(entries.get(revived!.name)!, revived!.name, held);
  }

  /**
   * Brings back all children of an image, in the image's order: those that were frozen together find their sessions
   * with one another as they left them. What holds for `revive` holds for each of them, and all of them come back or
   * none does. Rejects as `revive` does; with `Together` for what concerns single ones, and names everything that is
   * missing for any of them; with `CloneNames` where `as` does not name a clone for each.
   */
  async reviveAll(image: string | URL, options: ReviveAllOptions = {}): Promise<readonly Child[]> {
    const { as, held = false, entries: own = {} } = options;
    const path = imagePath(this.state, image);
    const entries = new Map<string, StartConfig>();
    const entryFor = (name: string): EntryOptions => (Object.hasOwn(own, name) ? own[name]! : {});
    const order = { entry: this.#entryOf(entryFor, entries), ...(as === undefined ? {} : { as }) };
    const revived = given(await this.#open.revive(path, order));
    return revived.map(({ name }) => this.#begun(entries.get(name)!, name, held));
  }

  /** Under what a child of a name is revived; `used` notes it. */
  #entryOf(
    entryFor: (name: string) => EntryOptions,
    used: Map<string, StartConfig>,
  ): (name: string) => StartConfig | undefined {
    return (name) => {
      const before = this.#entries.get(name);
      const entry = entryFor(name);
      if (before === undefined && entry.routes === undefined) return undefined;
      const { ram, caps, config, routes, turn } = { ...(entry.routes === undefined ? before : {}), ...entry };
      const defined = { ram, caps, config, routes, turn };
      const made = startConfig(name, before?.component ?? "", withoutUndefined(defined));
      used.set(name, made);
      return made;
    };
  }

  /**
   * Freezes several children in one consistent cut, what they say to one another included: one image holds all of
   * them, and they have ended then. A bare name lies in the state directory. `reviveAll` brings them back. Resolves
   * with what was frozen of each, in the order of `children`. Rejects with `Together` (whose failures those are), or
   * with `Image`, and all of them run on unchanged.
   */
  async freeze(
    children: readonly (Child | string)[],
    image: string | URL,
    { deadline }: FreezeOptions = {},
  ): Promise<readonly Frozen[]> {
    const names = namesOf(children);
    return given(await this.#open.freeze(names, this.#target(image, deadlineOf(deadline))));
  }

  /** As `freeze`, but they go on running; they stand still only while their memories are copied. */
  async checkpoint(
    children: readonly (Child | string)[],
    image: string | URL,
    { deadline }: FreezeOptions = {},
  ): Promise<readonly Frozen[]> {
    const names = namesOf(children);
    return given(await this.#open.checkpoint(names, this.#target(image, deadlineOf(deadline))));
  }

  /**
   * Moves children to another host of this program while they run; they go on there at their very `await`s, with every
   * handle they held, acquired again from that host's providers. They live there under the quota and routes that
   * `entries` says, or else under those that they have here. Resolves with what became of each, in the order of
   * `children`. Rejects with `Migrate`, and they run on here: its error `Lacking` names everything that the other host
   * lacks, and then they never stopped.
   */
  async migrate(
    children: readonly (Child | string)[],
    to: Host,
    { entries: own = {}, precopy, deadline, held = false, signal, progress }: MigrateOptions = {},
  ): Promise<readonly Moved[]> {
    const names = namesOf(children);
    const there = new Map<string, StartConfig>();
    const entryFor = (name: string): EntryOptions => (Object.hasOwn(own, name) ? own[name]! : {});
    const migrated = await migrateLocally({
      names,
      from: { live: this.#open, runtime: this.#runtime, entry: (name) => this.#entries.get(name) },
      to: {
        live: to.#open,
        runtime: to.#runtime,
        entry: (name) => to.#entryOf(entryFor, there)(name) ?? this.#entries.get(name),
      },
      options: {
        ...(precopy === undefined ? {} : { precopy }),
        ...(deadline === undefined ? {} : { deadline: durationOf("deadline", deadline) }),
      },
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
    });
    if (E.isLeft(migrated)) {
      // Where it came back after all it is another incarnation.
      for (const name of names) {
        const child = this.#children.get(name);
        if (child?.ending === null && !held) afterwards(() => child.begin());
      }
      throw new HostFailure({ tag: "Migrate", error: migrated.left });
    }
    const { event, children: moved, generations, ...facts } = migrated.right;
    return moved.map((name, i): Moved => {
      const child = to.#begun(there.get(name) ?? this.#entries.get(name)!, name, held);
      this.#emit({ event, child: name, generation: generations?.[i] ?? null, ...facts });
      const { pauseMs, totalMs, bytes, rounds } = facts;
      return { child, pauseMs, totalMs, bytes, rounds };
    });
  }

  #begun(config: StartConfig, name: string, held: boolean): Child {
    this.#entries.set(name, config);
    const child = this.#children.get(name)!;
    if (!held) afterwards(() => child.begin());
    return child;
  }

  /** Drops a child with no farewell. Rejects with `NoSuchChild` where none of that name lives. */
  async kill(name: string): Promise<void> {
    given(await this.#open.kill(name));
  }

  /**
   * Opens a session with a service that a child provides: an object with the contract's methods, to be called from
   * outside. Waits for the child to announce it. Rejects with `NoSuchChild` where none of that name lives, with `Call`
   * where the child ends first, refuses, or `patience` has passed; its methods reject with `Call`, and wait while the
   * child is frozen.
   */
  async session<C extends Contract>(
    child: string,
    contract: C,
    { label = "", args = {}, patience }: ServiceOptions = {},
  ): Promise<ServiceClient<C>> {
    const { service } = contract;
    const live = this.#open;
    if (live.child(child)?.ending !== null) throw new HostFailure({ tag: "NoSuchChild", child });
    const wait = patience === undefined ? null : durationOf("patience", patience);
    const opened = await live.session({ child, service, label, args: JSON.stringify(args), patience: wait });
    if (E.isLeft(opened)) throw new HostFailure({ tag: "Call", child, method: service, error: opened.left });
    return serviceClient(child, contract, opened.right);
  }

  /** Calls `listener` with every event of this kind, or of all kinds for `event`. The result takes it away again. */
  on<K extends Kind | "event">(kind: K, listener: (event: EventOf<K>) => void): () => void {
    return this.#listeners.add(kind, (event) => listener(event as EventOf<K>));
  }

  /** All events from now on, in order, until the host closes. They wait until they are read. */
  events(): AsyncIterableIterator<HostEvent, undefined, void> {
    const stream = new EventStream<HostEvent>(() => this.#streams.delete(stream));
    if (this.#closed === null) this.#streams.add(stream);
    else stream.end();
    return stream;
  }

  #emit(event: HostEvent): void {
    this.#children.get(event.child)?.happened(event);
    for (const stream of this.#streams) stream.push(event);
    this.#listeners.tell(event);
  }

  /** The outer end of a queue gate. Throws `NoSuchProvider` where the host has none of that name. */
  gate(name: string): OuterGate {
    const { gates } = this.#live.providers;
    const found = gates.get(name);
    if (found !== undefined) return new OuterGate(found.provider);
    throw this.#unknown("gate", name, [...gates.keys()]);
  }

  /** A ROM of the host, or what a child's report publishes under this name. */
  rom(name: string): OuterRom {
    return new OuterRom(this.#live.providers.roms.source(name));
  }

  /** A file provider, with all rights. Throws `NoSuchProvider` where the host has none of that name. */
  files(name: string): OuterFiles {
    const known = this.#directories.get(name);
    if (known !== undefined) return new OuterFiles(known);
    const { providers } = this.#live;
    const found = outsideFiles(providers, name);
    if (found === null) throw this.#unknown("file provider", name, [...providers.fileSpecs.keys()]);
    if (providers.files.get(name) === undefined) this.#directories.set(name, found);
    return new OuterFiles(found);
  }

  #unknown(kind: "file provider" | "gate", name: string, offered: readonly string[]): HostFailure {
    return new HostFailure({ tag: "NoSuchProvider", host: this.name, kind, name, offered });
  }

  /** Drops the children that still live, closes the providers and ends the threads. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#live.close();
    for (const provider of this.#directories.values()) provider.close();
    await this.#runtime.close();
    for (const stream of this.#streams) stream.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const setupFailure = (what: string, error: unknown): unknown =>
  error instanceof Error && "code" in error && typeof error.code === "string" && !(error instanceof TypeError)
    ? new HostFailure({ tag: "Setup", what, reason: error.message })
    : error;

const withoutUndefined = <T extends object>(record: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never;
