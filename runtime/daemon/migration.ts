// A durable host's part in migrations: its store and record behind the seams of both roles, its peers, and the link to
// them.
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { Child, ChildIdentity } from "../host/child.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import type { Keeper } from "../host/keeper.ts";
import type { Leaver } from "../host/roll.ts";
import type { Runtime } from "../host/runtime.ts";
import { disk } from "../image/disk.ts";
import type { Image } from "../image/image.ts";
import { imageProse } from "../image/image-error.ts";
import { privateKeyPem } from "../image/key.ts";
import { parsePublicKey, type PublicKey } from "../image/public-key.ts";
import { makeIdentity, type TlsIdentity } from "../migrate/certificate.ts";
import { tiesIn } from "../migrate/carried-cargo.ts";
import { Carrier, type CarriedReport } from "../migrate/carrier.ts";
import type { Channel } from "../migrate/channel.ts";
import type { Container } from "../migrate/container.ts";
import { FormerMemories } from "../migrate/former-memories.ts";
import { KeptLandings } from "../migrate/kept-landings.ts";
import { taskOf, type Landed } from "../migrate/landings.ts";
import { LiveSink } from "../migrate/live-sink.ts";
import { LiveSource } from "../migrate/live-source.ts";
import { MigThread, type Linked } from "../migrate/mig-thread.ts";
import { migrateProse, type MigrateError } from "../migrate/migrate-error.ts";
import type { Activated } from "../migrate/sink-host.ts";
import { offersIn } from "../migrate/open-offer.ts";
import { findPeer, parseAddress, type Address, type Peer } from "../migrate/peer.ts";
import type { Migrated, Progress, TravelOptions } from "../migrate/progress.ts";
import { Strangers } from "../migrate/strangers.ts";
import { dialPeer, listenForPeers, type Listening } from "../migrate/tls-link.ts";
import { departedRecord, type Departed } from "./departed-record.ts";
import type { DurableError } from "./durable-error.ts";
import { readSealed } from "./image-copy.ts";
import { KeptDecisions, type Parting } from "./kept-decisions.ts";
import { KeptTakings } from "./kept-takings.ts";
import { endedHere } from "./ended-here.ts";
import type { EntryBook } from "./entry-book.ts";
import { KeptWhereabouts } from "./kept-whereabouts.ts";
import type { KeptLives } from "./kept-lives.ts";
import { Stranded } from "./stranded.ts";
import type { DurableEvent } from "./durable-event.ts";
import type { StateFolder } from "./state-folder.ts";
import type { PeerConfig } from "../host/host-config.ts";

export interface MigrationOptions {
  readonly peers: readonly PeerConfig[];
  readonly runtime: Runtime;
  readonly keeper: Keeper;
  readonly book: EntryBook;
  readonly lives: KeptLives;
  readonly folder: StateFolder;
  readonly emit: (event: DurableEvent) => void;
  /** Whether nobody is kept under this name who could live. */
  readonly isFree: (name: string) => boolean;
  readonly reserve: (names: readonly string[], what: string) => Either<MigrateError, () => void>;
  /** Starts entries for a peer. */
  readonly initialize: (names: readonly string[]) => Promise<Either<MigrateError, readonly number[]>>;
  /** Children have gone, since a peer asked for them. */
  readonly fetched: (migrated: Migrated) => void;
}

const pinned = (peers: readonly PeerConfig[]): readonly Peer[] =>
  peers.flatMap(({ name, address, key, may }) => {
    const [parsed, known] = [parseAddress(address), parsePublicKey(key)];
    return parsed === null || E.isLeft(known) ? [] : [{ name, address: parsed, key: known.right, may }];
  });

export type Initialized = Extract<DurableEvent, { readonly event: "initialized" }>;

export class Migration {
  readonly #options: MigrationOptions;
  readonly #peers: readonly Peer[];
  readonly #decisions: KeptDecisions;
  readonly #landings: KeptLandings;
  readonly #takings: KeptTakings;
  readonly #thread: MigThread;
  readonly stranded: Stranded;
  readonly #carrier: Carrier;
  readonly #strangers: Strangers;
  #identity: Promise<Either<string, TlsIdentity>> | null = null;
  #listening: Listening | null = null;
  /** Lets those in who have called meanwhile. */
  #recovered = (): void => {};

  constructor(options: MigrationOptions) {
    this.#options = options;
    const { peers, runtime, keeper, book, lives, folder, isFree, reserve, emit } = options;
    this.#peers = pinned(peers);
    const here = join(folder.path, "migrations");
    const warn = (child: string, text: string): void => this.#warn(child, text);
    this.#strangers = new Strangers({ tell: (text) => warn("", text) });
    this.#landings = new KeptLandings({
      ...{ keeper, folder: here, former: new FormerMemories(here) },
      bound: (name) => lives.entries.get(name)?.config.keeping?.disk ?? null,
      warn: (text) => warn("", text),
    });
    this.#takings = new KeptTakings(keeper.roll);
    this.#decisions = new KeptDecisions({
      keeper,
      departed: (leaver, host, how) => this.#departed(leaver, host, how),
      written: () => lives.keeping.flush(),
    });
    const { live, entries } = lives;
    const knows = (key: string): boolean => this.#peers.some((peer) => peer.key === key);
    this.stranded = new Stranded({
      ...{ book, folder, runtime, landings: this.#landings, reserve, warn },
      read: (path) => this.#read(path),
      isAlive: (name) => lives.alive(name) !== null || live.rests(name),
      comeBack: (path) => this.comeBack(path),
      gone: (name) => lives.gone(name),
      over: async (leaver) => {
        // Where it is known already, or can't be written, that it never lived here costs a question more.
        await keeper.roll.depart([leaver], new Map());
      },
    });
    this.#carrier = new Carrier({
      ...{ own: runtime.signer.publicKey, live, warn, book: new KeptWhereabouts(keeper.roll) },
      entry: (name) => entries.get(name)?.config,
      dial: (key) => this.#greeted(key as PublicKey),
      nameOf: (key) => this.#nameOf(key),
      settled: () => keeper.settled(),
      knows,
      kept: (name) => this.#kept(name),
      names: () => book.names,
      hasEnded: (child, identity, epoch) => this.#hasEnded(child, identity, epoch),
    });
    this.#thread = new MigThread({
      host: live.config.name,
      signer: runtime.signer,
      source: new LiveSource({
        ...{ live, runtime, decisions: this.#decisions, carrier: this.#carrier },
        reserve: (names) => reserve(names, "migrate"),
        entry: (name) => entries.get(name)?.config,
        stranded: (names) => this.stranded.lying(names),
        putOff: (names) => keeper.putOff(names.flatMap((name) => live.child(name) ?? [])),
        lend: (name) => {
          const child = live.child(name);
          return child === undefined ? null : keeper.lend(child);
        },
        fenced: (leaver) => this.#fenced(leaver),
        setAside: (name) => this.#setAside(name),
      }),
      sink: new LiveSink({
        ...{ live, runtime, isFree, carries: true, knows },
        entry: (name) => entries.get(name)?.config,
        names: () => [...entries.keys()],
        reserve: (names) => reserve(names, "receive"),
        enliven: (container, image) => this.#enliven(container, image),
        standing: (container) => this.#standing(container),
        takings: this.#takings,
        roomForOffers: (count) => this.#decisions.trails.hasRoom(count),
        initialize: options.initialize,
        epoch: async (identity) => {
          const epoch = await keeper.roll.epoch(identity);
          // Where it can't be read nothing can be staged either.
          return E.isRight(epoch) ? epoch.right : 0;
        },
      }),
      stays: this.#landings,
      landings: this.#landings,
      dial: (key, signal) => this.#dial(key, signal),
      may: (key, said) => this.#peers.some((peer) => peer.key === key && peer.may.includes(said)),
      arrived: (children, from) => {
        for (const { child, generation } of children) emit({ event: "arrived", child, from, generation });
      },
      fetched: options.fetched,
      warn,
      carry: ({ channel, key }, version) => this.#carrier.serve(channel, key, version),
      recovered: new Promise<void>((resolve) => (this.#recovered = resolve)),
    });
  }

  #warn(child: string, text: string): void {
    this.#options.emit({ event: "warning", child, text });
  }

  /** Takes up what a crash left, before anybody lives. */
  async recover(): Promise<void> {
    await this.#landings.tidy();
    const decided = await this.#decisions.recover();
    if (E.isLeft(decided))
      this.#warn("", `what was decided of those who left can't be read: ${migrateProse(decided.left)}`);
    await this.#thread.recover();
    await this.#carrier.recover();
    this.#recovered();
  }

  /** The sessions of a child that lead to other hosts. */
  carried(child: string): readonly CarriedReport[] {
    return this.#carrier.report(child);
  }

  /** Listens for peers. Left: why not. */
  async listen(address: Address): Promise<Either<string, Address>> {
    const identity = await this.#tls();
    if (E.isLeft(identity)) return identity;
    const listening = await listenForPeers({
      address,
      identity: identity.right,
      peers: this.#peers,
      serve: (linked) => void this.#thread.serve(linked),
      stranger: (from, key) => this.#strangers.called(from, key),
    });
    if (E.isLeft(listening)) return listening;
    this.#listening = listening.right;
    return E.right(listening.right.address);
  }

  #tls(): Promise<Either<string, TlsIdentity>> {
    this.#identity ??= privateKeyPem(this.#options.runtime.state, disk).then(async (pem) =>
      E.isLeft(pem) ? E.left(imageProse(pem.left)) : E.right(await makeIdentity(pem.right)),
    );
    return this.#identity;
  }

  async #dial(key: PublicKey, signal?: AbortSignal): Promise<Either<MigrateError, Linked>> {
    const peer = this.#peers.find((each) => each.key === key);
    if (peer === undefined) return E.left({ tag: "Stranger", peer: "a former peer", key });
    const identity = await this.#tls();
    if (E.isLeft(identity)) return E.left({ tag: "Link", peer: peer.name, reason: identity.left });
    return dialPeer(peer, { identity: identity.right, ...(signal === undefined ? {} : { signal }) });
  }

  /** A channel to a peer that has said who it is. */
  async #greeted(key: PublicKey): Promise<Either<MigrateError, Channel>> {
    const linked = await this.#dial(key);
    if (E.isLeft(linked)) return linked;
    const { channel } = linked.right;
    const greeted = await channel.greet(this.#options.lives.live.config.name);
    if (E.isRight(greeted)) return E.right(channel);
    channel.close();
    return greeted;
  }

  /** Whether somebody who came here in this epoch, and does not live here now, has ended; one that is frozen, or was
   *  never here, has not. */
  async #hasEnded(child: string, identity: string, epoch: number): Promise<boolean> {
    const { keeper, lives } = this.#options;
    const known = await keeper.roll.epoch(identity);
    if (E.isLeft(known) || known.right < epoch) return false;
    return endedHere(lives.keeping.of(child), identity);
  }

  /** Who is this host's under a name: alive or at rest, in a container that it came in, or in an image. */
  async #kept(name: string): Promise<ChildIdentity | null> {
    const { lives, folder } = this.#options;
    const { identity, generation, image, clone, given } = lives.keeping.of(name);
    if (identity !== null) return { identity, generation };
    if (image === null || clone || given !== undefined) return null;
    const read = await readSealed(folder.lengthen(image), "any");
    const manifest = E.isLeft(read) ? null : read.right.sealed.manifest;
    const found = manifest?.children.find((child) => child.name === name);
    return found === undefined ? null : { identity: found.identity, generation: found.generation };
  }

  // --- commands

  /** Whether somebody is pinned so. */
  knows(to: string): Either<DurableError, void> {
    return E.map(() => {})(findPeer(this.#peers, to));
  }

  async migrate(
    names: readonly string[],
    to: string,
    options: TravelOptions,
    signal: AbortSignal,
    progress: (progress: Progress) => void,
  ): Promise<Either<DurableError, Migrated>> {
    const peer = findPeer(this.#peers, to);
    if (E.isLeft(peer)) return peer;
    const migrated = await this.#thread.migrate(names, peer.right.key, options, signal, progress);
    return E.isLeft(migrated) ? E.left({ tag: "Migrate", error: migrated.left }) : migrated;
  }

  /** Asks a peer for children of its. */
  async fetch(
    names: readonly string[],
    from: string,
    signal: AbortSignal,
  ): Promise<Either<DurableError, { readonly from: string; readonly children: readonly Activated[] }>> {
    const peer = findPeer(this.#peers, from);
    if (E.isLeft(peer)) return peer;
    const fetched = await this.#thread.fetch(names, peer.right.key, signal);
    return E.isLeft(fetched)
      ? E.left({ tag: "Migrate", error: fetched.left })
      : E.right({ from: peer.right.name, children: fetched.right });
  }

  /** Has a peer start an entry of its. */
  async initialize(name: string, at: string): Promise<Either<DurableError, Initialized>> {
    const peer = findPeer(this.#peers, at);
    if (E.isLeft(peer)) return peer;
    const begun = await this.#thread.initialize([name], peer.right.key);
    return E.isLeft(begun)
      ? E.left({ tag: "Migrate", error: begun.left })
      : E.right({ event: "initialized", child: name, on: peer.right.name, generation: begun.right[0] ?? 0 });
  }

  abort(child: string): Either<DurableError, void> {
    return this.#thread.abort(child)
      ? E.right(undefined)
      : E.left({ tag: "NotMigrating", child, what: "migration" });
  }

  async resolve(child: string): Promise<Either<DurableError, void>> {
    const resolved = await this.#thread.resolve(child);
    if (resolved === null) return E.left({ tag: "NotMigrating", child, what: "doubt" });
    return E.isLeft(resolved) ? E.left({ tag: "Migrate", error: resolved.left }) : resolved;
  }

  /** Why it is not known whose a child is; null where it is. */
  doubted(child: string): string | null {
    const doubt = this.#thread.doubts.find(({ children }) => children.includes(child));
    if (doubt === undefined) return null;
    return `it has come from ${this.#nameOf(doubt.from)}, which has not said yet whether it let it go; it is asked`;
  }

  // --- what is written down

  /** Told once it is decided, and again after a crash. */
  async #departed(leaver: Leaver, host: string, parting: Parting): Promise<boolean> {
    const { lives } = this.#options;
    const { name } = leaver;
    const where = this.#nameOf(host);
    const hows: Readonly<Record<Parting, Departed>> = {
      went: { state: "departed", reason: `it went to ${where}` },
      taken: { state: "fenced", reason: `it lives on ${where}, whose operator has said so` },
      told: {
        state: "fenced",
        reason: `it lives elsewhere, by an operator's word that ${where} has passed on`,
      },
    };
    const record = departedRecord(lives.keeping.of(name), leaver, hows[parting]);
    if (record === null) return true;
    const isNoted = await lives.keeping.note(name, record);
    lives.gone(name);
    return isNoted;
  }

  /** A copy of one that is about to be ended, since it was taken elsewhere: an image, of which a clone can be made. */
  async #setAside(name: string): Promise<void> {
    const { lives, folder } = this.#options;
    const generation = lives.live.identityOf(name)?.generation ?? 0;
    const image = folder.image(`${name}.taken-${generation}`);
    const made = await lives.quietly(name, () => lives.live.checkpoint([name], { image }));
    this.#warn(
      name,
      E.isRight(made)
        ? `it is taken elsewhere; what it was here lies in ${image}, and \`cryonode import\` makes a clone of it, \`--as\` another name`
        : `it is taken elsewhere; what it was here can't be kept: ${hostProse(made.left)}`,
    );
  }

  /** Overtaken by a later incarnation. Where it is frozen, that image is nobody's to revive. */
  async #fenced({ name, identity, generation }: Leaver): Promise<void> {
    const { lives, folder } = this.#options;
    const record = lives.keeping.of(name);
    if (record.state !== "frozen" || record.image === null || record.clone) return;
    if (record.generation > generation + 1) return;
    const read = await readSealed(folder.lengthen(record.image), "any");
    const isIt =
      E.isRight(read) && read.right.sealed.manifest.children.some((child) => child.identity === identity);
    if (isIt) await lives.keeping.note(name, { ...record, identity });
  }

  #nameOf(key: string): string {
    return this.#peers.find((each) => each.key === key)?.name ?? key;
  }

  async #standing({ task, manifest }: Container): Promise<"open" | "owned" | "settled"> {
    const { keeper, book, folder } = this.#options;
    const path = folder.shorten(this.#landings.path(task));
    for (const { identity, generation } of manifest.children) {
      const epoch = await keeper.roll.epoch(identity);
      // All of them were kept, in one write, and so nothing is needed of it.
      if (E.isRight(epoch) && epoch.right > generation) return "settled";
    }
    if (manifest.children.some(({ name }) => book.get(name)?.image === path)) return "owned";
    return book.wasTaken(task) ? "settled" : "open";
  }

  /** From here on they are this host's, whatever happens: the record says that they come back from their container. */
  async #enliven(staged: Container, { memories }: Image): Promise<Either<HostError, readonly Child[]>> {
    const { lives, folder, isFree } = this.#options;
    const path = folder.shorten(this.#landings.path(staged.task));
    const { from, cargo } = staged;
    const noted = await this.#carrier.arrived(
      staged.manifest.children,
      tiesIn(cargo),
      from,
      (child) => !isFree(child),
    );
    if (E.isLeft(noted)) return noted;
    const offers = offersIn(cargo, staged.manifest.children);
    const inherited = await this.#decisions.inherit(from, offers);
    const child = staged.manifest.children.map(({ name }) => name).join(", ");
    const unkept = (error: MigrateError): Either<HostError, never> =>
      E.left({ tag: "Unkept", child, reason: migrateProse(error) });
    if (E.isLeft(inherited)) return unkept(inherited.left);
    const here = await this.#asHere(staged, path);
    if (E.isLeft(here)) {
      this.stranded.tryAgain(path);
      return here;
    }
    const intact = await this.#landings.intact(staged.task, memories);
    if (E.isLeft(intact)) return unkept(intact.left);
    const container = here.right;
    const image: Image = { manifest: container.manifest, memories: intact.right };
    this.#landings.seed(container, intact.right);
    const children = await lives.arrive(container, image, path);
    if (E.isRight(children)) {
      this.#carrier.landed(from);
      return children;
    }
    this.#landings.unseed(container);
    this.stranded.tryAgain(path);
    return children;
  }

  /** As it is here: who was taken by the operator's word is so much later than it was, and the record knows. */
  async #asHere(staged: Container, path: string): Promise<Either<HostError, Container>> {
    const { book } = this.#options;
    const taken = await this.#takings.later(staged);
    if (E.isLeft(taken)) return taken;
    const { manifest, ...rest } = taken.right;
    const children = manifest.children.map((child) => {
      const record = book.get(child.name);
      const known = record?.image === path ? record.generation : 0;
      return { ...child, generation: Math.max(child.generation, known) };
    });
    return E.right({ ...rest, manifest: { ...manifest, children } });
  }

  async #read(path: string): Promise<Either<MigrateError, Landed>> {
    const landed = await this.#landings.read(taskOf(path));
    if (E.isLeft(landed)) return landed;
    const { container, memories } = landed.right;
    const here = await this.#asHere(container, path);
    return E.isLeft(here)
      ? E.left({ tag: "Host", error: here.left })
      : E.right({ container: here.right, memories });
  }

  /** The travelers of a container that stands in the record, once more. */
  async comeBack(path: string): Promise<Either<DurableError, readonly Child[]>> {
    const task = taskOf(path);
    const landed = await this.#read(path);
    if (E.isLeft(landed)) return E.left({ tag: "Migrate", error: landed.left });
    const { container, memories } = landed.right;
    const image: Image = { manifest: container.manifest, memories };
    const children = await this.#enliven(container, image);
    if (E.isLeft(children)) return E.left({ tag: "Host", error: children.left });
    await this.#landings.discard(task);
    return children;
  }

  close(): void {
    this.stranded.close();
    this.#carrier.close();
    this.#thread.close();
    this.#recovered();
    this.#listening?.close();
    this.#strangers.close();
  }
}
