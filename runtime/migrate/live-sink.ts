// A live host as a sink: what it lacks of what travelers need, and how they come to life there.
import { prose } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import { checkpointProse, type CheckpointError } from "../checkpoint/checkpoint-error.ts";
import { decoded, refusedSessions, tooLarge } from "../checkpoint/revivable.ts";
import { routeFor } from "../core/route.ts";
import type { Berth } from "../host/berth.ts";
import type { Child } from "../host/child.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { HostError } from "../host/host-error.ts";
import type { LiveHost } from "../host/live-host.ts";
import type { Runtime } from "../host/runtime.ts";
import type { Image } from "../image/image.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { CARRIED_CARGO, decodeTies, type CarriedTie } from "./carried-cargo.ts";
import { CONTAINER_FORMAT, type Container } from "./container.ts";
import { FileRehearsal } from "./file-rehearsal.ts";
import type { Lack } from "./lack.ts";
import { chunkBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import { decodeOffers, OFFERS_CARGO } from "./open-offer.ts";
import type { Requirements } from "./requirements.ts";
import type { Activated, Arrival, HostFacts, SinkHost } from "./sink-host.ts";

const WORD_SIZE = 32;
const BYTE_ORDER = "little";

export interface LiveSinkOptions {
  readonly live: LiveHost;
  readonly runtime: Runtime;
  /** The entries by which children live here. */
  readonly entry: (name: string) => StartConfig | undefined;
  readonly names: () => readonly string[];
  /** Whether nobody lives under this name, and nothing is kept under it that could. */
  readonly isFree: (name: string) => boolean;
  /** Takes hold of names, until the answer is called: no other command acts on them meanwhile. */
  readonly reserve: (names: readonly string[]) => Either<MigrateError, () => void>;
  /** Whether sessions are carried between this host and others. */
  readonly carries?: boolean;
  /** Whether the host with this key is one of this one's peers; without this none but the source is. */
  readonly knows?: (key: string) => boolean;
  /** Brings the travelers of a container to life. */
  readonly enliven: (container: Container, image: Image) => Promise<Either<HostError, readonly Child[]>>;
  readonly standing: SinkHost["standing"];
  /** Without it no peer can have anything started. */
  readonly initialize?: SinkHost["initialize"];
  /** Where it is noted what an operator has settled. Without it nothing is: nobody can be in doubt for long. */
  readonly takings?: Pick<SinkHost, "take" | "taken" | "acknowledged">;
  /** Whether so many more tasks can be noted in which those who come were offered elsewhere. Without it none can. */
  readonly roomForOffers?: (count: number) => Promise<boolean>;
  /** The highest epoch that is known here of an identity; 0 where none is. */
  readonly epoch: (identity: string) => Promise<number>;
}

const bytesText = (bytes: number): string => `${bytes} bytes`;

class LiveArrival implements Arrival {
  readonly #sink: LiveSink;
  readonly #options: LiveSinkOptions;
  readonly #free: () => void;
  readonly #berths = new Map<string, Berth>();

  constructor(sink: LiveSink, options: LiveSinkOptions, free: () => void) {
    this.#sink = sink;
    this.#options = options;
    this.#free = free;
  }

  judge(container: Container): Promise<readonly Lack[]> {
    return this.#sink.judge(container);
  }

  async activate(
    container: Container,
    memories: readonly Uint8Array[],
  ): Promise<Either<MigrateError, readonly Activated[]>> {
    const image: Image = { manifest: container.manifest, memories };
    const children = await this.#options.enliven(container, image);
    if (E.isLeft(children)) return E.left({ tag: "Host", error: children.left });
    return E.right(
      children.right.map(({ name, identity }) => ({ child: name, generation: identity.generation })),
    );
  }

  prepare(name: string, memory: Uint8Array): void {
    const config = this.#options.entry(name);
    const berth = this.#berths.get(name) ?? (config && this.#options.live.keepPlace(config));
    if (berth === undefined) return;
    this.#berths.set(name, berth);
    berth.prime(memory);
  }

  changed(name: string, chunks: readonly number[]): void {
    this.#berths.get(name)?.expect(chunkBytes, chunks);
  }

  close(): void {
    for (const berth of this.#berths.values()) berth.giveUp();
    this.#free();
  }
}

export class LiveSink implements SinkHost {
  readonly #options: LiveSinkOptions;
  readonly facts: HostFacts;

  constructor(options: LiveSinkOptions) {
    this.#options = options;
    const { live, runtime } = options;
    const { engines } = runtime.platform;
    this.facts = { host: live.config.name, wordSize: WORD_SIZE, byteOrder: BYTE_ORDER, engines };
  }

  base(hash: string): Uint8Array | null {
    return this.#options.runtime.platform.base(hash);
  }

  populated(name: string): boolean {
    return !this.#options.isFree(name);
  }

  room(name: string): number {
    return this.#options.entry(name)?.ram ?? 0;
  }

  initialize(names: readonly string[]): Promise<Either<MigrateError, readonly number[]>> {
    const none = {
      tag: "Unfit",
      child: names.join(", "),
      reason: "can't be started by a peer here",
    } as const;
    return this.#options.initialize?.(names) ?? Promise.resolve(E.left(none));
  }

  take(container: Container): Promise<Either<MigrateError, void>> {
    return this.#options.takings?.take(container) ?? Promise.resolve(E.right(undefined));
  }

  taken(): ReturnType<SinkHost["taken"]> {
    return this.#options.takings?.taken() ?? Promise.resolve(E.right([]));
  }

  async acknowledged(task: string): Promise<void> {
    await this.#options.takings?.acknowledged(task);
  }

  standing(container: Container): Promise<"open" | "owned" | "settled"> {
    return this.#options.standing(container);
  }

  async check(travelers: readonly Requirements[]): Promise<readonly Lack[]> {
    const free = { ...this.#options.live.free };
    const together = travelers.map(({ name }) => name);
    const stale = await this.#stale(travelers);
    const rehearsal = new FileRehearsal(this.#options.live);
    const files = travelers.flatMap(({ name, files: needs }) => {
      const config = this.#options.entry(name);
      return config === undefined ? [] : rehearsal.check(config, needs);
    });
    rehearsal.close();
    const lacks = travelers.flatMap((traveler) => this.#lacksOf(traveler, free, together));
    return [...stale, ...lacks, ...files];
  }

  /** What was here before, or left from here, and comes once more as what it was: a container of old. */
  async #stale(
    travelers: readonly Pick<Requirements, "name" | "identity" | "generation">[],
  ): Promise<readonly Lack[]> {
    const lacks: Lack[] = [];
    for (const { name: child, identity, generation } of travelers) {
      const epoch = await this.#options.epoch(identity);
      if (epoch <= generation) continue;
      const reason = `generation ${generation} of it is over: this host has known generation ${epoch}`;
      lacks.push({ child, what: "generation", name: "", reason });
    }
    return lacks;
  }

  /** `free`: what no child has of the host's quota; what this one would take is taken from it. `together`: who comes. */
  #lacksOf(
    traveler: Requirements,
    free: { ram: number; caps: number },
    together: readonly string[],
  ): readonly Lack[] {
    const { live, entry, names, isFree } = this.#options;
    const { name: child, format, ram, caps, carried = [] } = traveler;
    const lacks: Lack[] = [];
    const lack = (what: string, name: string, reason: string): void =>
      void lacks.push({ child, what, name, reason });
    if (format !== CONTAINER_FORMAT)
      lack("format", "", `containers here are of format ${CONTAINER_FORMAT}, it is of ${format}`);
    this.#platform(traveler, lack);
    const config = entry(child);
    if (config === undefined) {
      const meant = didYouMean(nearest(child, names()));
      lack("entry", child, `no start entry has this name, so nothing is granted to it${meant}`);
      return lacks;
    }
    if (!isFree(child)) lack("name", child, "somebody of this name is here already");
    if (ram > config.ram)
      lack("ram", "", `it takes ${bytesText(ram)}, its entry grants ${bytesText(config.ram)}`);
    if (caps > config.caps)
      lack("caps", "", `it takes ${caps} capabilities, its entry grants ${config.caps}`);
    if (config.ram > free.ram)
      lack("ram", "", `its entry grants ${bytesText(config.ram)}, the host has ${bytesText(free.ram)} left`);
    if (config.caps > free.caps)
      lack("caps", "", `its entry grants ${config.caps} capabilities, the host has ${free.caps} left`);
    free.ram -= config.ram;
    free.caps -= config.caps;
    const grants = live.grants(config);
    for (const { service, label, rights } of traveler.sessions) {
      const refusal = grants.refusal(service, label);
      if (refusal !== null) lack(service, label, prose(refusal));
      // Nobody would answer it.
      const server = grants.child(service, label)?.child ?? null;
      const isCarried =
        this.#options.carries === true &&
        carried.some((tie) => tie.serves && tie.session?.service === service && tie.session.label === label);
      if (server !== null && !together.includes(server) && isFree(server) && !isCarried)
        lack(
          service,
          label,
          `its route leads to ${server}, which does not live on this host and does not come with it`,
        );
      const granted = refusal === null ? grants.rights(service, label) : null;
      for (const right of rights)
        if (granted !== null && !granted.has(right))
          lack(service, label, prose({ tag: "Denied", service, label, right }));
    }
    for (const tie of carried) lacks.push(...this.#uncarried(child, tie));
    return lacks;
  }

  /** Why what a traveler has with somebody who stays behind can't be carried from here. */
  #uncarried(child: string, { child: other, serves, session, at }: CarriedTie): readonly Lack[] {
    const { carries, entry, isFree, knows } = this.#options;
    const what = session?.service ?? "capability";
    const lack = (reason: string): readonly Lack[] => [{ child, what, name: session?.label ?? "", reason }];
    if (carries !== true)
      return isFree(other) ? lack(`${other} stays behind, and this host carries no sessions`) : [];
    if (at !== undefined && knows?.(at.key) !== true)
      return lack(
        `${other} lives on ${at.name}, and this host's \`peers\` lack that, with the key ${at.key}: the two must know each other`,
      );
    if (session === null) return [];
    const { service, label } = session;
    const [client, server] = serves ? [child, other] : [other, child];
    const config = entry(client);
    if (config === undefined)
      return lack(`${client} stays behind, and no start entry here grants it a session with ${server}`);
    const route = routeFor(config.routes, service, label);
    if (route?.child !== server)
      return lack(
        `no route of ${client} here leads to ${server}, with which it has a session that would be carried between the hosts`,
      );
    return route.local === true && isFree(other)
      ? lack(
          `${other} stays behind, and the route of ${client} to ${server} here says local: true: they go together`,
        )
      : [];
  }

  #platform(
    { wordSize, byteOrder, engine, base }: Pick<Requirements, "wordSize" | "byteOrder" | "engine" | "base">,
    lack: (what: string, name: string, reason: string) => void,
  ): void {
    const { engines } = this.facts;
    if (wordSize !== WORD_SIZE) lack("word size", "", `it has ${wordSize} bits, this host ${WORD_SIZE}`);
    if (byteOrder !== BYTE_ORDER) lack("byte order", "", `it is ${byteOrder}, this host is ${BYTE_ORDER}`);
    if (!engines.includes(engine)) lack("engine", engine, `this host has ${engines.join(", ") || "none"}`);
    if (this.base(base) === null)
      lack("base", base, "this host does not have it; `export --whole` brings it along");
  }

  /** The whole container, against what is granted here: all that its ledgers name. */
  async judge({ manifest, cargo }: Container): Promise<readonly Lack[]> {
    const lacks: Lack[] = [...(await this.#stale(manifest.children))];
    let offered = 0;
    for (const { child, kind, version, bytes } of cargo) {
      if (kind === CARRIED_CARGO.kind && version === CARRIED_CARGO.version) {
        const ties = decodeTies(bytes);
        if (ties === null) lacks.push({ child, what: "cargo", name: kind, reason: "it can't be read" });
        else lacks.push(...ties.flatMap((tie) => this.#uncarried(child, tie)));
        continue;
      }
      const { roomForOffers } = this.#options;
      if (kind === OFFERS_CARGO.kind && version === OFFERS_CARGO.version && roomForOffers !== undefined) {
        const offers = decodeOffers(bytes);
        offered += offers?.length ?? 0;
        const isMuch = offers !== null && !(await roomForOffers(offered));
        if (offers === null) lacks.push({ child, what: "cargo", name: kind, reason: "it can't be read" });
        if (isMuch) lacks.push({ child, what: "cargo", name: kind, reason: "too many offers are open here" });
        continue;
      }
      const reason = `this host knows no use for version ${version} of it`;
      lacks.push({ child, what: "cargo", name: kind, reason });
    }
    const rehearsal = new FileRehearsal(this.#options.live);
    for (const { name: child, ledger, memoryBytes, platform } of manifest.children) {
      const lack = (what: string, name: string, reason: string): void =>
        void lacks.push({ child, what, name, reason });
      this.#platform(platform, lack);
      const config = this.#options.entry(child);
      if (config === undefined) {
        lack("entry", child, "no start entry has this name");
        continue;
      }
      const snapshot = decoded(ledger, memoryBytes);
      if (E.isLeft(snapshot)) {
        lack("ledger", "", checkpointProse(snapshot.left));
        continue;
      }
      const large: CheckpointError | null = tooLarge(snapshot.right, memoryBytes, config);
      if (large !== null) lack("quota", "", checkpointProse(large));
      for (const { service, name, error } of refusedSessions(
        snapshot.right,
        this.#options.live.grants(config),
      ))
        lack(service, name, prose(error));
      lacks.push(...rehearsal.judge(config, snapshot.right));
    }
    rehearsal.close();
    return lacks;
  }

  expect(names: readonly string[]): Either<MigrateError, Arrival> {
    const free = this.#options.reserve(names);
    return E.isLeft(free) ? free : E.right(new LiveArrival(this, this.#options, free.right));
  }
}
