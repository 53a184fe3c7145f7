// The source's side of one migration: pre-flight, rounds of memory, the stop, and the handover. Until the one point of
// decision whatever fails leaves the travelers running here; after it they are the sink's, whatever fails.
import { randomUUID } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { encode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import type { PublicKey } from "../image/public-key.ts";
import type { Signer } from "../image/signer.ts";
import type { Channel } from "./channel.ts";
import { CONTAINER_FORMAT, type Container } from "./container.ts";
import { Lacks, type Lack } from "./lack.ts";
import { pageBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import { Outgoing } from "./outgoing.ts";
import { Packer } from "./packer.ts";
import type { Migrated, Progress, TravelOptions } from "./progress.ts";
import type { RoleEvent } from "./role.ts";
import { sealContainer, type SealedContainer } from "./sealed-container.ts";
import type { Departure, Held, MemoryView, SourceHost } from "./source-host.ts";

const PAUSE_MS = 25;
const ROUNDS = 8;
const DEADLINE_MS = 5000;
/** What a handover takes beside sending what is left, in ms. */
const HANDOVER_MS = 8;
/** A round of fewer bytes says nothing about how fast they go: it is mostly waiting. */
const TELLING_BYTES = 4 << 20;
/** Bytes a second, until a round has shown more or less. */
const FIRST_RATE = 100e6;
/** A round that leaves more than this part of what the one before left does not converge. */
const SLOW = 0.8;
/** Between two words about a round that is under way, in ms. */
const TELLING_MS = 1000;
/** Bytes of a description in one frame. */
const PIECE_BYTES = 1 << 20;

export interface SourceRunOptions {
  /** Greeted already. */
  readonly channel: Channel;
  /** What the sink calls itself, and its key. */
  readonly to: string;
  readonly key: PublicKey;
  readonly host: string;
  readonly signer: Signer;
  readonly source: SourceHost;
  readonly departure: Departure;
  readonly options: TravelOptions;
  readonly signal: AbortSignal;
  /** Told to the role of each traveler's task. */
  readonly said: (event: RoleEvent) => void;
  readonly progress: (progress: Progress) => void;
  /** Kept for the travelers' return. */
  readonly keep: (identity: string, memory: Uint8Array) => void;
}

/** What a refusal lists. */
const lacksIn = (body: Uint8Array): readonly Lack[] => {
  const value = decode(body, "lacks");
  if (E.isLeft(value)) return [];
  const lacks = Lacks.decode(value.right);
  return E.isLeft(lacks) ? [] : lacks.right;
};

export class SourceRun {
  readonly task = randomUUID();
  readonly #options: SourceRunOptions;
  readonly #packer = new Packer();
  #outgoing: readonly Outgoing[] = [];
  #phase: Progress["phase"] = "surveying";
  #rounds = 0;
  #rate = FIRST_RATE;
  /** What is told of that: 0 until it has been seen. */
  #seenRate = 0;
  readonly #began = performance.now();

  constructor(options: SourceRunOptions) {
    this.#options = options;
  }

  /** The sink may be prepared: it must hear what is decided. */
  get wasOffered(): boolean {
    return this.#phase === "offered" || this.#phase === "released";
  }

  async run(): Promise<Either<MigrateError, Migrated>> {
    const { channel, departure, said, options } = this.#options;
    const ready = await this.#prepare();
    if (E.isLeft(ready)) return this.#abandon(ready.left);
    // Written down before they stop: a sink that is in doubt hears what came of it even after a crash. Meanwhile the sink
    // makes durable what is known to have changed.
    const [offered, sent] = await Promise.all([
      channel.working(departure.offer(this.task, this.#options.key)),
      options.precopy === false ? E.right(undefined) : this.#lastRound(),
    ]);
    if (E.isLeft(offered)) return this.#abandon(offered.left);
    if (E.isLeft(sent)) return this.#abandon(sent.left);
    this.#tell("holding");
    const held = await channel.working(departure.hold(options.deadline ?? DEADLINE_MS));
    if (E.isLeft(held)) return this.#abandon(held.left);
    said("held");
    const handed = await this.#handOver(held.right);
    if (E.isLeft(handed)) {
      departure.resume();
      return this.#abandon(handed.left);
    }
    this.#phase = "released";
    const released = await channel.working(departure.release(this.task, this.#options.key));
    if (E.isLeft(released)) {
      departure.resume();
      return this.#abandon(released.left);
    }
    said("released");
    this.#tell("released");
    await channel.send({ kind: "released", task: this.task });
    return E.right(await this.#confirmed(held.right));
  }

  /** What can be done while they run. */
  async #prepare(): Promise<Either<MigrateError, void>> {
    const { channel, departure, to, options } = this.#options;
    this.#tell("surveying");
    const surveyed = await channel.working(departure.survey());
    if (E.isLeft(surveyed)) return surveyed;
    await channel.send({ kind: "receive", task: this.task }, encode(surveyed.right));
    const accepted = await channel.next(["accepted", "refused"], this.#options.signal);
    if (E.isLeft(accepted)) return accepted;
    if (accepted.right.kind === "refused") return this.#refused(accepted.right, to);
    this.#outgoing = departure.names.map(() => new Outgoing());
    return options.precopy === false ? E.right(undefined) : this.#copy();
  }

  #refused(
    { name, reason, body }: { readonly name: string; readonly reason: string; readonly body: Uint8Array },
    host: string,
  ): Either<MigrateError, never> {
    const lacks = lacksIn(body);
    return lacks.length > 0
      ? E.left({ tag: "Lacking", host, lacks })
      : E.left({ tag: "Refused", peer: host, name, reason });
  }

  /** Rounds, until what is left fits the pause, the rounds are used up, or they change memory faster than it goes. */
  async #copy(): Promise<Either<MigrateError, void>> {
    const { departure, options, channel, signal } = this.#options;
    const { pause = PAUSE_MS, rounds = ROUNDS } = options;
    let before = Infinity;
    let began = performance.now();
    let settled: Promise<Either<MigrateError, unknown>> = Promise.resolve(E.right(undefined));
    for (;;) {
      // What was sent has left the memory that is looked at: while the sink makes it durable, the next look is taken.
      const [views, last] = await Promise.all([channel.working(departure.round()), settled]);
      if (E.isLeft(views)) return views;
      if (E.isLeft(last)) return last;
      const took = performance.now() - began;
      if (before >= TELLING_BYTES && before < Infinity)
        this.#rate = this.#seenRate = (before / Math.max(1, took)) * 1000;
      this.#note(views.right);
      this.#tell("copying");
      const left = this.#left;
      const fits = this.#rounds > 0 && this.#estimate <= pause;
      const isSlow = this.#rounds > 1 && left > before * SLOW;
      if (fits || isSlow || this.#rounds >= rounds) return E.right(undefined);
      before = left;
      began = performance.now();
      const sent = await this.#telling(() => this.#sendRound());
      if (E.isLeft(sent)) return sent;
      settled = channel.next(["settled"], signal);
      this.#rounds += 1;
    }
  }

  /** A round may take minutes: says meanwhile how far it is. */
  async #telling<A>(work: () => Promise<A>): Promise<A> {
    const left = this.#left;
    const began = performance.now();
    const ticking = setInterval(() => {
      this.#seenRate = ((left - this.#left) / (performance.now() - began)) * 1000;
      this.#tell("copying");
    }, TELLING_MS);
    try {
      return await work();
    } finally {
      clearInterval(ticking);
    }
  }

  /** Sends what is left, and when it is durable there what has changed meanwhile: of those who take no more turns before they
   *  are stopped nothing is to be looked for then. */
  async #lastRound(): Promise<Either<MigrateError, void>> {
    const { channel, departure, signal } = this.#options;
    const sent = await this.#sendRound();
    if (E.isLeft(sent)) return sent;
    const settled = await channel.next(["settled"], signal);
    if (E.isLeft(settled)) return settled;
    const views = await channel.working(departure.round());
    if (E.isLeft(views)) return views;
    this.#note(views.right);
    return this.#send();
  }

  #note(views: readonly MemoryView[]): void {
    for (const [i, view] of views.entries()) this.#outgoing[i]!.note(view);
  }

  /** Sends what is left, and says that it is to be made durable. */
  async #sendRound(): Promise<Either<MigrateError, void>> {
    const sent = await this.#send();
    if (E.isLeft(sent)) return sent;
    await this.#options.channel.send({ kind: "round", number: this.#rounds });
    return sent;
  }

  async #send(): Promise<Either<MigrateError, void>> {
    const { channel, signal } = this.#options;
    for (const [i, outgoing] of this.#outgoing.entries()) {
      const sent = await outgoing.send(channel, i, this.#packer, signal);
      if (E.isLeft(sent)) return sent;
    }
    return E.right(undefined);
  }

  get #left(): number {
    return this.#outgoing.reduce((sum, { left }) => sum + left, 0);
  }
  get #memoryBytes(): number {
    return this.#outgoing.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  /** The pause, were they stopped now, in ms: scanning the memory, sending what is left, and handing over. */
  get #estimate(): number {
    const scan = this.#memoryBytes / 5e6;
    return HANDOVER_MS + scan + (this.#left / this.#rate) * 1000;
  }

  /** The rest of the memory and the container; resolves when the sink has all of it durably. */
  async #handOver({ travelers, cargo }: Held): Promise<Either<MigrateError, void>> {
    const { channel, to, key, signal, signer, said, host } = this.#options;
    this.#note(travelers);
    const sent = await this.#send();
    if (E.isLeft(sent)) return sent;
    const manifest = {
      ...{ format: 1 as const, image: this.task, created: Date.now(), host },
      children: travelers.map((traveler) => traveler.manifest),
    };
    const container: Container = {
      ...{ format: CONTAINER_FORMAT, task: this.task, from: signer.publicKey, to: key, manifest, cargo },
      memories: this.#outgoing.map((each) => each.digest()),
    };
    const sealed = sealContainer(container, signer);
    if (E.isLeft(sealed))
      return E.left({ tag: "Host", error: { tag: "Image", path: "the container", error: sealed.left } });
    this.#tell("offered");
    said("offered");
    await this.#sendContainer(sealed.right);
    const prepared = await channel.next(["prepared", "refused"], signal);
    if (E.isLeft(prepared)) return prepared;
    if (prepared.right.kind === "refused") return this.#refused(prepared.right, to);
    if (prepared.right.task !== this.task)
      return E.left({ tag: "Protocol", place: "prepared", expected: this.task, actual: prepared.right.task });
    return signal.aborted ? E.left({ tag: "Aborted", phase: "offered" }) : E.right(undefined);
  }

  async #sendContainer({ description, signature }: SealedContainer): Promise<void> {
    const { channel } = this.#options;
    const total = description.length;
    for (let at = 0; at < total; at += PIECE_BYTES)
      await channel.send({ kind: "container", total, at }, description.subarray(at, at + PIECE_BYTES));
    await channel.send({ kind: "seal" }, signature);
  }

  /** They are the sink's. What it says now is only told; where it says nothing it will ask. */
  async #confirmed({ travelers, since }: Held): Promise<Migrated> {
    const { channel, departure, source, said, to, keep } = this.#options;
    const answer = await channel.next(["activated", "stranded"]);
    const pauseMs = performance.now() - since;
    const isThere = E.isRight(answer) && answer.right.kind === "activated" && answer.right.task === this.task;
    if (isThere) {
      await source.confirmed(this.task);
      said("confirmed");
    }
    channel.close();
    for (const { manifest, memory } of travelers) keep(manifest.identity, memory);
    return {
      event: "migrated",
      children: departure.names,
      to,
      generations: E.isRight(answer) && answer.right.kind === "activated" ? answer.right.generations : null,
      rounds: this.#rounds,
      bytes: channel.sent + channel.received,
      memoryBytes: this.#memoryBytes,
      pauseMs,
      totalMs: performance.now() - this.#began,
      stranded: E.isRight(answer) && answer.right.kind === "stranded" ? answer.right.reason : null,
    };
  }

  async #abandon(error: MigrateError): Promise<Either<MigrateError, never>> {
    const { channel, said, signal } = this.#options;
    said("abandoned");
    const reason = error.tag === "Aborted" || signal.aborted ? "it was stopped" : error.tag;
    await channel.send({ kind: "abandon", reason });
    channel.close();
    return E.left(signal.aborted ? { tag: "Aborted", phase: this.#phase } : error);
  }

  #tell(phase: Progress["phase"]): void {
    this.#phase = phase;
    const { progress, departure, to, channel } = this.#options;
    progress({
      event: "migrating",
      children: departure.names,
      ...{ to, phase, round: this.#rounds, bytes: channel.sent + channel.received },
      rate: this.#seenRate,
      left: Math.ceil(this.#left / pageBytes) * pageBytes,
      pauseMs: this.#rounds === 0 ? null : this.#estimate,
    });
  }
}
