// A durable host as a program holds it: what `cryonode up` runs, on a state directory that nobody else has meanwhile.
// Its children go on over the end of the program, orderly or not.
import { join } from "node:path";
import type { Contract } from "../../lib/contract.ts";
import { E, type Either } from "../../lib/fp.ts";
import { refusalOf, type DurableError } from "../daemon/durable-error.ts";
import type { DurableEvent } from "../daemon/durable-event.ts";
import type { DurableConfig, DurableEntry } from "../daemon/durable-host.ts";
import type { EntryReport } from "../daemon/entry-report.ts";
import { holdHost, THREADS, type HeldHost, type Unheld } from "../daemon/hold-host.ts";
import { DEFAULT_POLICY } from "../durable/checkpoint-policy.ts";
import { DEFAULT_KEEPING, type KeepingConfig } from "../host/host-config.ts";
import { warmRuntime } from "../host/runtime.ts";
import { countOf, durationOf, pathOf, sizeOf } from "./amounts.ts";
import { hostConfig, startConfig, stateOf } from "./configure.ts";
import type { CheckpointOptions, DurableEntryOptions, DurableHostOptions } from "./durable-options.ts";
import { HostFailure } from "./host-failure.ts";
import type { ServiceOptions } from "./host-options.ts";
import { Listeners } from "./listeners.ts";
import { serviceClient, type ServiceClient } from "./service-client.ts";

/** Who could not be frozen at the end, and why. What programs see drags nothing of the host's inside along. */
interface Rest {
  readonly left: readonly { readonly child: string; readonly reason: string }[];
}

/** What may be listened for: one kind of event, or `event` for all of them. */
type Kind = DurableEvent["event"];
type EventOf<K extends Kind | "event"> = K extends "event"
  ? DurableEvent
  : Extract<DurableEvent, { readonly event: K }>;

const refused = (child: string, error: DurableError): HostFailure =>
  new HostFailure({ tag: "Refused", child, refusal: refusalOf(error) });

const given = <T>(child: string, answer: Either<DurableError, T>): T => {
  if (E.isLeft(answer)) throw refused(child, answer.left);
  return answer.right;
};

const keepingOf = (name: string, { turns, bytes, every }: CheckpointOptions): KeepingConfig => ({
  ...DEFAULT_KEEPING,
  checkpoint: {
    turns: turns === undefined ? DEFAULT_POLICY.turns : countOf(`checkpoint turns of ${name}`, turns),
    bytes: bytes === undefined ? DEFAULT_POLICY.bytes : sizeOf(`checkpoint bytes of ${name}`, bytes),
    every: every === undefined ? DEFAULT_POLICY.every : durationOf(`checkpoint every of ${name}`, every),
  },
});

const entryOf = ([name, entry]: readonly [string, DurableEntryOptions]): DurableEntry => {
  const { component, roots = [], later = false, restart, checkpoint, ...rest } = entry;
  const config = startConfig(name, pathOf(component), rest);
  return {
    config: checkpoint === undefined ? config : { ...config, keeping: keepingOf(name, checkpoint) },
    roots: roots.map(pathOf),
    later,
    restart:
      restart === undefined
        ? null
        : {
            most: countOf(`restart of ${name}`, restart.most),
            within: durationOf(`restart of ${name}`, restart.within),
          },
  };
};

const configOf = (options: DurableHostOptions, state: string): DurableConfig => ({
  // What commands show for the file of a host that has none.
  file: join(state, "(a program)"),
  host: hostConfig(options),
  entries: Object.entries(options.entries).map(entryOf),
});

const failureOf = (unheld: Unheld, state: string): HostFailure => {
  switch (unheld.tag) {
    case "Wrong":
      return new HostFailure({ tag: "Component", diagnostics: unheld.diagnostics });
    case "Running":
      return new HostFailure(unheld);
    case "Unusable":
      return new HostFailure({ tag: "Setup", what: "a durable host", reason: unheld.reason });
    case "Stopped":
      return new HostFailure({ tag: "Setup", what: state, reason: "it was stopped" });
  }
};

export class DurableHost {
  readonly #held: HeldHost;
  readonly #config: DurableConfig;
  readonly #listeners: Listeners<DurableEvent>;
  /** The state directory, absolute. */
  readonly state: string;
  #closed: Promise<Rest> | null = null;
  /** Resolves when all is frozen; the state directory is held until whoever has asked for that has heard of it. */
  readonly #atRest: Promise<Rest>;
  #rested!: (rest: Rest) => void;

  private constructor(
    held: HeldHost,
    config: DurableConfig,
    state: string,
    listeners: Listeners<DurableEvent>,
  ) {
    this.#held = held;
    this.#config = config;
    this.state = state;
    this.#listeners = listeners;
    this.#atRest = new Promise((resolve) => (this.#rested = resolve));
  }

  /**
   * Takes the state directory, brings back who lived there, and starts who is new; resolves when all of them are there.
   * `on` hears what happens from the beginning. `await using` closes it at the end of the block. Rejects with `Component`
   * (what does not compile), `Running` (another host, this program's or not, has the directory) or `Setup`; nothing has
   * been started then.
   */
  static async open(options: DurableHostOptions, on?: (event: DurableEvent) => void): Promise<DurableHost> {
    const state = stateOf(options);
    const config = configOf(options, state);
    const { silence } = options;
    const listeners = new Listeners<DurableEvent>();
    if (on !== undefined) listeners.add("event", on);
    const warm = warmRuntime({
      threads: THREADS,
      ...(silence === undefined ? {} : { silence: durationOf("silence", silence) }),
    });
    let opened: DurableHost | null = null;
    const held = await holdHost({
      ...{ config, state, warm },
      emit: (event) => listeners.tell(event),
      // Whoever says `cryonode stop`; commands are heard when there is a host.
      stop: () => {
        void opened!.close();
        return opened!.#atRest;
      },
    });
    if (E.isLeft(held)) throw failureOf(held.left, state);
    opened = new DurableHost(held.right, config, state, listeners);
    held.right.serve();
    await held.right.host.begin();
    return opened;
  }

  get name(): string {
    return this.#config.host.name;
  }
  get #open(): HeldHost["host"] {
    if (this.#closed !== null) throw new HostFailure({ tag: "HostClosed", host: this.name });
    return this.#held.host;
  }

  /** Its children, in the order of their entries, then those that are no longer among them. */
  list(): Promise<readonly EntryReport[]> {
    return this.#open.list();
  }

  /** Starts an entry anew that has ended, or waits for its first start. Rejects with `Refused`, as all that follow. */
  async start(name: string): Promise<void> {
    given(name, await this.#open.start(name));
  }
  /** Takes a child out, until `revive`. */
  async freeze(name: string): Promise<void> {
    given(name, await this.#open.freeze(name, null));
  }
  /** Brings one back that is frozen, or stuck. */
  async revive(name: string): Promise<void> {
    given(name, await this.#open.revive(name));
  }
  /** Drops a child with no farewell. */
  async kill(name: string): Promise<void> {
    given(name, await this.#open.kill(name));
  }
  /** Its source as it is now, or another component, in its place. */
  async replace(name: string, component?: string | URL): Promise<void> {
    given(name, await this.#open.replace(name, component === undefined ? null : pathOf(component)));
  }

  /**
   * Opens a session with a service that a child provides: an object with the contract's methods. Waits for the child to
   * announce it, as long as `patience` says. Rejects with `Refused` where the child does not run, with `Call` where it
   * refuses; its methods reject with `Call`.
   */
  async session<C extends Contract>(
    child: string,
    contract: C,
    { label = "", args = {}, patience }: ServiceOptions = {},
  ): Promise<ServiceClient<C>> {
    const { service } = contract;
    const wait = patience === undefined ? null : durationOf("patience", patience);
    const target = { child, service, label, args: JSON.stringify(args), patience: wait };
    const opened = await this.#open.session(target);
    if (E.isRight(opened)) return serviceClient(child, contract, opened.right);
    if (opened.left.tag === "Call")
      throw new HostFailure({ tag: "Call", child, method: service, error: opened.left.error });
    throw refused(child, opened.left);
  }

  /** Calls `listener` with every event of this kind, or of all kinds for `event`. The result takes it away again. */
  on<K extends Kind | "event">(kind: K, listener: (event: EventOf<K>) => void): () => void {
    return this.#listeners.add(kind, (event) => listener(event as EventOf<K>));
  }

  /** Freezes all that lives, and gives the state directory back: the next host there goes on with them. Resolves with
   *  those that could not be frozen, and why; they go on as after a crash. */
  close(): Promise<Rest> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<Rest> {
    const rest = await this.#held.shutdown();
    this.#rested(rest);
    await this.#held.release();
    return rest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
