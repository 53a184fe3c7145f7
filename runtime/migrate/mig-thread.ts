// The part of a host that manages migrations and owns the command channel. It is at both ends and never travels. It
// keeps the role of each task, serves what peers say, and settles what a crash or a cut link left open.
import { E, type Either } from "../../lib/fp.ts";
import type { PeerRight } from "../host/peer-right.ts";
import type { PublicKey } from "../image/public-key.ts";
import type { Signer } from "../image/signer.ts";
import type { Channel, Heard } from "./channel.ts";
import { CONTAINER_FORMAT, type Container } from "./container.ts";
import type { Landings } from "./landings.ts";
import { migrateProse, type MigrateError } from "./migrate-error.ts";
import type { Migrated, Progress, TravelOptions } from "./progress.ts";
import { Retries } from "./retries.ts";
import { RoleBook } from "./role-book.ts";
import { SinkRun, type Prepared } from "./run-sink.ts";
import { SourceRun } from "./run-source.ts";
import type { Activated, SinkHost, Taken } from "./sink-host.ts";
import type { SourceHost, Verdict } from "./source-host.ts";
import type { Stays } from "./stays.ts";

/** A channel to a peer whose key was compared with the pinned one. */
export interface Linked {
  readonly channel: Channel;
  readonly key: PublicKey;
}

export interface MigThreadOptions {
  /** What this host calls itself, and its key. */
  readonly host: string;
  readonly signer: Signer;
  readonly source: SourceHost;
  readonly sink: SinkHost;
  readonly stays: Stays;
  readonly landings: Landings;
  /** Opens a channel to the peer with this key. `signal` gives up waiting for that. */
  readonly dial: (key: PublicKey, signal?: AbortSignal) => Promise<Either<MigrateError, Linked>>;
  /** Whether the peer with this key may tell this host so. */
  readonly may: (key: PublicKey, said: PeerRight) => boolean;
  /** Travelers have come to live here. */
  readonly arrived: (children: readonly Activated[], from: string) => void;
  /** Travelers have gone, since a peer has asked for them. */
  readonly fetched: (migrated: Migrated) => void;
  readonly warn: (child: string, text: string) => void;
  /** A peer has called to carry sessions; resolves when it is over. Without this none are. */
  readonly carry?: (linked: Linked, version: number) => Promise<void>;
  /** Resolves when `recover` has; until then nobody is served: who hears of a decision before it knows what lies here
   *  would take it for settled. Without this there is nothing to recover. */
  readonly recovered?: Promise<void>;
}

/** A container that is here, durably, while its source's decision is not known. */
export interface Doubt {
  readonly task: string;
  readonly children: readonly string[];
  /** Of the source. */
  readonly from: PublicKey;
  /** Since when, in ms since 1970. */
  readonly since: number;
}

interface Open extends Doubt {
  readonly prepared: Prepared;
}

interface Leaving {
  readonly options: TravelOptions;
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
}

/** What a peer has begun with us, and by which channel. */
interface UnderWay {
  readonly channel: Channel;
  readonly key: PublicKey;
  names: readonly string[];
  over: Promise<unknown>;
}

/** Nobody here waits for it. */
const OF_ITSELF: Leaving = { options: {}, signal: new AbortController().signal, progress: () => {} };

/** Who ends the link before its first word has taken us for a stranger. */
const unheard = (error: MigrateError): MigrateError =>
  error.tag === "Link"
    ? { ...error, reason: `${error.reason} before it said a word; does its \`peers\` have this host's key?` }
    : error;

const COMMANDS = [
  "information",
  "receive",
  "transfer",
  "initialize",
  "inquire",
  "verdict",
  "confirm",
  "taken",
  "overtaken",
  "carry",
] as const;
type Said = Heard<(typeof COMMANDS)[number]>;

const namesOf = ({ manifest }: Container): readonly string[] => manifest.children.map(({ name }) => name);

export class MigThread {
  readonly #options: MigThreadOptions;
  readonly #roles: RoleBook;
  /** Tasks that leave, by id; and what stops them. */
  readonly #leaving = new Map<string, { readonly run: SourceRun; readonly stop: AbortController }>();
  readonly #stops = new Map<string, AbortController>();
  readonly #doubts = new Map<string, Open>();
  /** Tasks whose containers lie here and could not be taken up: no decision about them is heard. */
  readonly #unread = new Set<string>();
  /** What lies here could not be looked at: of no task it is known that there is nothing of it. */
  #isBlind = false;
  /** Doubts that an operator's word is settling just now, by task. */
  readonly #resolving = new Map<string, Promise<unknown>>();
  /** Decisions that are being acted on, by task. */
  readonly #hearing = new Map<string, Promise<boolean>>();
  /** Tasks that come in, by id; and those that leave because a peer has asked for them, by channel. */
  readonly #arriving = new Map<string, UnderWay>();
  readonly #handing = new Map<Channel, UnderWay>();
  readonly #channels = new Set<Channel>();
  readonly #retries = new Retries();
  #closed = false;

  constructor(options: MigThreadOptions) {
    this.#options = options;
    this.#roles = new RoleBook((name) => options.sink.populated(name));
  }

  /** Containers whose decision is not known here. */
  get doubts(): readonly Doubt[] {
    return [...this.#doubts.values()];
  }

  /** Takes up what a crash left: asks about what was staged, and tells of what was offered. */
  async recover(): Promise<void> {
    const { landings, sink, source } = this.#options;
    const staged = await landings.staged();
    if (E.isLeft(staged)) {
      this.#isBlind = true;
      this.#options.warn("", `what came in can't be looked at: ${migrateProse(staged.left)}`);
    }
    const { containers, unread } = E.isLeft(staged) ? { containers: [], unread: [] } : staged.right;
    for (const task of unread) this.#unread.add(task);
    for (const container of containers) {
      const standing = await sink.standing(container);
      if (standing === "settled") await landings.discard(container.task);
      if (standing === "open") await this.#doubt(container);
    }
    for (const { task, to } of await source.unsettled()) this.#push(task, to as PublicKey);
    this.#retries.until("what was taken", async () => {
      const taken = await sink.taken();
      if (E.isLeft(taken)) return false;
      for (const each of taken.right) if (!this.#doubts.has(each.task)) this.#claim(each);
      return true;
    });
    this.#follow();
  }

  async #doubt({ task, from, manifest }: Container): Promise<void> {
    const { landings, sink, warn } = this.#options;
    const names = manifest.children.map(({ name }) => name);
    const landed = await landings.read(task);
    const arrival = E.isLeft(landed) ? landed : sink.expect(names);
    if (E.isLeft(landed) || E.isLeft(arrival)) {
      const error = E.isLeft(landed) ? landed.left : E.isLeft(arrival) ? arrival.left : null;
      for (const name of names) warn(name, `what came of it can't be taken up: ${migrateProse(error!)}`);
      this.#unread.add(task);
      return;
    }
    this.#roles.set(names, task, "prepared");
    this.#wonder({ ...landed.right, arrival: arrival.right }, from as PublicKey);
  }

  // --- as a source

  /** Moves children to a peer. Resolves when they go on there, or when they run on here. `signal` stops it in every
   *  phase before the decision. */
  async migrate(
    names: readonly string[],
    to: PublicKey,
    options: TravelOptions = {},
    signal: AbortSignal = new AbortController().signal,
    progress: (progress: Progress) => void = () => {},
  ): Promise<Either<MigrateError, Migrated>> {
    const { dial, host } = this.#options;
    return this.#depart(names, to, { options, signal, progress }, async (stopped) => {
      const linked = await dial(to, stopped);
      if (E.isLeft(linked)) return linked;
      const { channel } = linked.right;
      this.#channels.add(channel);
      const greeted = await channel.greet(host, stopped);
      if (E.isRight(greeted)) return E.right({ ...linked.right, peer: greeted.right });
      this.#channels.delete(channel);
      channel.close();
      return E.left(unheard(greeted.left));
    });
  }

  /** Moves children over a channel that `link` opens once it is their turn. */
  async #depart(
    names: readonly string[],
    to: PublicKey,
    { options, signal, progress }: Leaving,
    link: (stopped: AbortSignal) => Promise<Either<MigrateError, Linked & { readonly peer: string }>>,
  ): Promise<Either<MigrateError, Migrated>> {
    const { source } = this.#options;
    if (this.#closed) return E.left({ tag: "Aborted", phase: "surveying" });
    const place = this.#roles.follow(names, null, "transfer");
    if (E.isLeft(place)) return place;
    const departure = source.depart(names, to);
    if (E.isLeft(departure)) {
      this.#roles.follow(names, null, "abandoned");
      return departure;
    }
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    for (const name of names) this.#stops.set(name, stop);
    try {
      const linked = await link(stop.signal);
      if (E.isLeft(linked)) {
        this.#roles.follow(names, null, "abandoned");
        return stop.signal.aborted ? E.left({ tag: "Aborted", phase: "surveying" }) : linked;
      }
      return await this.#leave(linked.right, names, departure.right, { options, stop, progress });
    } finally {
      signal.removeEventListener("abort", abort);
      for (const name of names) this.#stops.delete(name);
      departure.right.close();
    }
  }

  async #leave(
    { channel, key, peer }: Linked & { readonly peer: string },
    names: readonly string[],
    departure: ConstructorParameters<typeof SourceRun>[0]["departure"],
    { options, stop, progress }: Omit<Leaving, "signal"> & { readonly stop: AbortController },
  ): Promise<Either<MigrateError, Migrated>> {
    const { host, signer, source, stays } = this.#options;
    const run: SourceRun = new SourceRun({
      ...{ channel, to: peer, key, host, signer, source, departure, options, progress },
      signal: stop.signal,
      said: (event) => void this.#roles.follow(names, run.task, event),
      keep: (identity, memory) => void stays.keep(identity, memory),
    });
    this.#leaving.set(run.task, { run, stop });
    const hurry = (): void => channel.hurry();
    stop.signal.addEventListener("abort", hurry);
    if (stop.signal.aborted) hurry();
    try {
      const migrated = await run.run();
      const isSettled = E.isRight(migrated) && migrated.right.generations !== null;
      if (E.isRight(migrated)) this.#follow();
      if (run.wasOffered && !isSettled) this.#push(run.task, key);
      // Nobody can be in doubt about it.
      if (!run.wasOffered && E.isLeft(migrated)) await source.confirmed(run.task);
      return migrated;
    } finally {
      stop.signal.removeEventListener("abort", hurry);
      this.#leaving.delete(run.task);
      this.#channels.delete(channel);
    }
  }

  /** Stops a migration of this child that is under way; false: there is none. Past the decision it has no effect. */
  abort(name: string): boolean {
    const stop = this.#stops.get(name);
    stop?.abort();
    return stop !== undefined;
  }

  /** What was decided of a task; `undecided` while it is under way. */
  async #verdict(task: string, to: PublicKey): Promise<Either<MigrateError, Verdict | "undecided">> {
    return this.#leaving.has(task) ? E.right("undecided") : this.#options.source.verdict(task, to);
  }

  /** Tells a sink what was decided, until it has heard. */
  #push(task: string, to: PublicKey): void {
    this.#retries.until(task, async () => {
      if (this.#leaving.has(task)) return false;
      const verdict = await this.#verdict(task, to);
      if (E.isLeft(verdict) || verdict.right === "undecided") return false;
      const answer = await this.#ask(to, async (channel) => {
        await channel.send({ kind: "verdict", task, verdict: verdict.right });
        return channel.next(["noted", "taken"]);
      });
      if (E.isLeft(answer)) return false;
      const { source } = this.#options;
      const isOver =
        answer.right.kind === "noted" || (await source.overtaken(task, to, answer.right.generations));
      if (!isOver) return false;
      await this.#options.source.confirmed(task);
      this.#roles.confirmed(task);
      this.#follow();
      return true;
    });
  }

  /** Those who were offered elsewhere before they went on, or came: tells of those who were taken, and asks of the others,
   *  until that is settled. */
  #follow(): void {
    if (this.#closed) return;
    const { trails } = this.#options.source;
    const look = async (): Promise<boolean> => {
      const open = await trails.open();
      if (E.isLeft(open)) return false;
      for (const { task, to } of open.right.telling)
        this.#retries.until(`tell ${task} ${to}`, () => this.#passOn(task, to as PublicKey));
      for (const { task, from } of open.right.asking)
        this.#retries.until(`ask ${task} ${from}`, () => this.#askBefore(task, from as PublicKey));
      return true;
    };
    void look().then((done) => {
      if (!done) this.#retries.until("trails", look, { later: true });
    });
  }

  async #passOn(task: string, to: PublicKey): Promise<boolean> {
    const { trails } = this.#options.source;
    const onward = await trails.onward(task, to);
    if (E.isLeft(onward) || onward.right === "open") return false;
    if (onward.right === "settled") return true;
    const travelers = [...onward.right];
    const answer = await this.#ask(to, async (channel) => {
      await channel.send({ kind: "overtaken", task, travelers });
      return channel.next(["noted"]);
    });
    if (E.isLeft(answer) || answer.right.task !== task) return false;
    await trails.passed(task, to);
    return true;
  }

  async #askBefore(task: string, from: PublicKey): Promise<boolean> {
    const { source } = this.#options;
    const inherited = await source.trails.inherited(task, from);
    if (E.isLeft(inherited)) return false;
    if (inherited.right.length === 0) return true;
    const answer = await this.#ask(from, async (channel) => {
      await channel.send({ kind: "inquire", task });
      return channel.next(["verdict", "overtaken"]);
    });
    if (E.isLeft(answer) || answer.right.task !== task) return false;
    if (answer.right.kind === "verdict") {
      if (answer.right.verdict !== "kept") return false;
      await source.trails.settled(task, from);
      return true;
    }
    if (!(await source.overtakenBefore(task, from, answer.right.travelers))) return false;
    this.#follow();
    // Where it was not about any of them, it is asked again.
    return false;
  }

  /** Says one thing to a peer over a channel of its own. */
  async #ask<T>(
    key: PublicKey,
    say: (channel: Channel) => Promise<Either<MigrateError, T>>,
    signal?: AbortSignal,
  ): Promise<Either<MigrateError, T>> {
    const linked = await this.#options.dial(key, signal);
    if (E.isLeft(linked)) return linked;
    const { channel } = linked.right;
    this.#channels.add(channel);
    const greeted = await channel.greet(this.#options.host, signal);
    const answer = E.isLeft(greeted) ? E.left(unheard(greeted.left)) : await say(channel);
    channel.close();
    this.#channels.delete(channel);
    return answer;
  }

  // --- as a sink

  /** Serves a peer that has called. Resolves when it has said all that it had to say. */
  async serve({ channel, key }: Linked): Promise<void> {
    this.#channels.add(channel);
    await this.#options.recovered;
    if (this.#closed) return channel.cut();
    const greeted = await channel.greet(this.#options.host);
    for (let more = E.isRight(greeted); more;) {
      const said = await channel.next(COMMANDS);
      if (E.isLeft(said)) {
        if (said.left.tag === "Protocol") await channel.refuse(said.left);
        break;
      }
      more = await this.#obey(said.right, { channel, key, peer: E.isRight(greeted) ? greeted.right : "" });
    }
    channel.close();
    this.#channels.delete(channel);
  }

  async #obey(said: Said, linked: Linked & { readonly peer: string }): Promise<boolean> {
    const { source, may } = this.#options;
    const { channel, key } = linked;
    const isCommand = said.kind === "initialize" || said.kind === "transfer" || said.kind === "receive";
    if (isCommand && !may(key, said.kind)) {
      await this.#refuse(channel, { tag: "Forbidden", said: said.kind, peer: channel.peer });
      return true;
    }
    switch (said.kind) {
      case "information":
        await this.#inform(channel, said.names);
        return true;
      case "initialize":
        await this.#boot(said.names, channel);
        return true;
      case "transfer":
        return this.#handTo(said.names, linked);
      case "inquire": {
        const { task } = said;
        const onward = await source.trails.onward(task, key);
        if (E.isRight(onward) && onward.right !== "settled") {
          await channel.send(
            onward.right === "open"
              ? { kind: "verdict", task, verdict: "undecided" }
              : { kind: "overtaken", task, travelers: [...onward.right] },
          );
          return true;
        }
        const verdict = E.isLeft(onward) ? onward : await this.#verdict(task, key);
        await channel.send(
          E.isLeft(verdict)
            ? { kind: "refused", name: verdict.left.tag, reason: migrateProse(verdict.left).slice(0, 2000) }
            : { kind: "verdict", task, verdict: verdict.right },
        );
        return true;
      }
      case "confirm":
        if (!this.#leaving.has(said.task)) await this.#confirmedBy(said.task, key);
        await channel.send({ kind: "noted", task: said.task });
        return true;
      case "verdict": {
        const { task, verdict } = said;
        const isUnread = this.#isBlind || this.#unread.has(task);
        const isHeard =
          !isUnread && (verdict === "undecided" || (await channel.working(this.#hear(task, key, verdict))));
        const taken = await this.#takenFrom(task, key);
        // Who notes it is not told again.
        if (!isHeard || (verdict === "kept" && E.isLeft(taken))) {
          const reason = "what came of it can't be taken up here; it is to be told again";
          await channel.send({ kind: "refused", name: "Unfit", reason });
        } else if (verdict === "kept" && E.isRight(taken) && taken.right !== undefined)
          await channel.send({ kind: "taken", task, generations: [...taken.right.generations] });
        else await channel.send({ kind: "noted", task });
        return true;
      }
      case "taken": {
        const { task, generations } = said;
        const isHeard =
          !this.#leaving.has(task) && (await channel.working(source.overtaken(task, key, generations)));
        if (isHeard) await this.#confirmedBy(task, key);
        await channel.send(
          isHeard ? { kind: "noted", task } : { kind: "verdict", task, verdict: "undecided" },
        );
        if (isHeard) this.#follow();
        return true;
      }
      case "overtaken": {
        const { task, travelers } = said;
        const isHeard = await channel.working(source.overtakenBefore(task, key, travelers));
        await channel.send(
          isHeard ? { kind: "noted", task } : { kind: "verdict", task, verdict: "undecided" },
        );
        if (isHeard) this.#follow();
        return true;
      }
      case "receive":
        await this.#receive(said, channel, key, null);
        return false;
      case "carry": {
        const { carry } = this.#options;
        const reason = "no sessions are carried to this host";
        if (carry === undefined) await channel.send({ kind: "refused", name: "Unfit", reason });
        else await carry({ channel, key }, said.version);
        return false;
      }
    }
  }

  /** Says why nothing has changed. */
  async #refuse(channel: Channel, error: MigrateError): Promise<void> {
    const reason = migrateProse(error).slice(0, 2000);
    await channel.send({ kind: "refused", name: error.tag, reason });
  }

  /** The first boot of a task, for a peer. */
  async #boot(names: readonly string[], channel: Channel): Promise<void> {
    const place = this.#roles.follow(names, null, "initialize");
    if (E.isLeft(place)) return this.#refuse(channel, place.left);
    const begun = await channel.working(this.#options.sink.initialize(names));
    this.#roles.follow(names, null, E.isRight(begun) ? "begun" : "failed");
    if (E.isLeft(begun)) return this.#refuse(channel, begun.left);
    await channel.send({ kind: "initialized", generations: [...begun.right] });
  }

  /** Moves travelers to the peer that asks for them, over the channel that it asks on. False: that is used up. */
  async #handTo(names: readonly string[], linked: Linked & { readonly peer: string }): Promise<boolean> {
    const { channel, key } = linked;
    let begun = false;
    await channel.working(this.#overtake(this.#handing, names, key));
    const moving = this.#depart(names, key, OF_ITSELF, () => {
      begun = true;
      return Promise.resolve(E.right(linked));
    });
    this.#handing.set(channel, { channel, key, names, over: moving });
    const moved = await moving;
    this.#handing.delete(channel);
    if (E.isRight(moved)) this.#options.fetched(moved.right);
    if (!begun && E.isLeft(moved)) await this.#refuse(channel, moved.left);
    return !begun;
  }

  /** Only whom a task was for can say that it has it. */
  async #confirmedBy(task: string, key: PublicKey): Promise<void> {
    const { source } = this.#options;
    const verdict = await source.verdict(task, key);
    if (E.isLeft(verdict) || verdict.right !== "released") return;
    await source.confirmed(task);
    this.#roles.confirmed(task);
  }

  async #inform(channel: Channel, names: readonly string[]): Promise<void> {
    const { host, wordSize, byteOrder, engines } = this.#options.sink.facts;
    await channel.send({
      kind: "informed",
      ...{ host, wordSize, byteOrder, engines, format: CONTAINER_FORMAT, compression: ["deflate"] },
      tasks: names.map((name) => ({ name, ...this.#roles.of(name) })),
    });
  }

  async #receive(
    said: Heard<"receive">,
    channel: Channel,
    from: PublicKey,
    wanted: readonly string[] | null,
  ): Promise<Either<MigrateError, readonly Activated[]>> {
    const { task } = said;
    if (this.#arriving.has(task)) {
      channel.cut();
      return E.left({ tag: "Protocol", place: "receive", expected: "another task", actual: task });
    }
    const arriving: UnderWay = { channel, key: from, names: [], over: Promise.resolve() };
    this.#arriving.set(task, arriving);
    const taking = this.#take(said, arriving, wanted);
    arriving.over = taking;
    const taken = await taking;
    this.#arriving.delete(task);
    return taken;
  }

  /** A host stops what it has begun with somebody before it begins again: what is still under way of that is over, though
   *  the link that would have said so has stalled. */
  async #overtake(
    all: ReadonlyMap<unknown, UnderWay>,
    names: readonly string[],
    key: PublicKey,
    by?: UnderWay,
  ): Promise<void> {
    for (const former of all.values()) {
      if (former === by || former.key !== key || !former.names.some((name) => names.includes(name))) continue;
      former.channel.cut();
      await former.over;
    }
  }

  async #take(
    { task, body }: Heard<"receive">,
    arriving: UnderWay,
    wanted: readonly string[] | null,
  ): Promise<Either<MigrateError, readonly Activated[]>> {
    const { sink, stays, landings, signer } = this.#options;
    const { channel, key: from } = arriving;
    const run = new SinkRun({
      ...{ channel, from, peer: channel.peer, own: signer.publicKey, task, wanted, sink, stays, landings },
      said: (names, said) => this.#roles.follow(names, task, said),
      announced: (names) => {
        const overtaken = this.#overtake(this.#arriving, names, from, arriving);
        arriving.names = names;
        return overtaken;
      },
    });
    const prepared = await run.run(body);
    if (E.isLeft(prepared)) return prepared;
    const decided = await channel.next(["released"]);
    if (E.isRight(decided) && decided.right.task === task) {
      const activated = await this.#activate(prepared.right, channel);
      if (activated !== null) return activated;
      channel.cut();
      this.#wonder(prepared.right, from);
      const reason =
        "they are let go, and it can't be noted here that they are this host's: it is asked again";
      return E.left({ tag: "Unfit", child: arriving.names.join(", "), reason });
    }
    const isKept = E.isLeft(decided) && decided.left.tag === "Refused" && decided.left.name === "abandon";
    if (isKept) await this.#drop(prepared.right);
    else this.#wonder(prepared.right, from);
    const reason = "the link is gone before it said whether it let them go: it is asked until it has said so";
    return E.isLeft(decided) && isKept ? decided : E.left({ tag: "Link", peer: channel.peer, reason });
  }

  /** Asks a peer for travelers of its, and takes them in. Left: they are where they were, unless it says otherwise. */
  async fetch(
    names: readonly string[],
    from: PublicKey,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Either<MigrateError, readonly Activated[]>> {
    const place = this.#roles.would(names, "receive");
    if (E.isLeft(place)) return place;
    const stop = new AbortController();
    const stopped = AbortSignal.any([signal, stop.signal]);
    for (const name of names) this.#stops.set(name, stop);
    const ask = async (channel: Channel): Promise<Either<MigrateError, readonly Activated[]>> => {
      const abandon = (): void => {
        channel.hurry();
        void channel.send({ kind: "abandon", reason: "it was stopped" }).then(() => channel.cut());
      };
      stopped.addEventListener("abort", abandon);
      if (stopped.aborted) abandon();
      await channel.send({ kind: "transfer", names: [...names] });
      const heard = await channel.next(["receive"], stopped);
      const taken = E.isLeft(heard) ? heard : await this.#receive(heard.right, channel, from, names);
      stopped.removeEventListener("abort", abandon);
      return taken;
    };
    const fetched = await this.#ask(from, ask, stopped);
    for (const name of names) this.#stops.delete(name);
    const isStopped = E.isLeft(fetched) && stopped.aborted && this.#roles.of(names[0]!).phase === "empty";
    return isStopped ? E.left({ tag: "Aborted", phase: "receiving" }) : fetched;
  }

  /** Has a peer start entries of its for the first time. Right: their generations. */
  initialize(names: readonly string[], at: PublicKey): Promise<Either<MigrateError, readonly number[]>> {
    return this.#ask(at, async (channel) => {
      await channel.send({ kind: "initialize", names: [...names] });
      const begun = await channel.next(["initialized"]);
      return E.isLeft(begun) ? begun : E.right(begun.right.generations);
    });
  }

  /** The source's decision is not known: asks until it is. */
  #wonder(prepared: Prepared, from: PublicKey): void {
    const { task } = prepared.container;
    // The end of the host waits for nobody who is in doubt: the next one asks.
    if (this.#closed) return prepared.arrival.close();
    this.#doubts.set(task, {
      prepared,
      task,
      from,
      children: namesOf(prepared.container),
      since: Date.now(),
    });
    this.#retries.until(task, async () => {
      if (!this.#doubts.has(task)) return true;
      const taken = await this.#takenFrom(task, from);
      if (E.isLeft(taken)) return false;
      // An operator has settled it, and before they came to life a crash came.
      if (taken.right !== undefined) {
        await this.resolve(namesOf(prepared.container)[0]!);
        return !this.#doubts.has(task);
      }
      const answer = await this.#ask(from, async (channel) => {
        await channel.send({ kind: "inquire", task });
        return channel.next(["verdict"]);
      });
      if (E.isLeft(answer) || answer.right.task !== task || answer.right.verdict === "undecided")
        return !this.#doubts.has(task);
      const { verdict } = answer.right;
      if (!(await this.#hear(task, from, verdict))) return !this.#doubts.has(task);
      if (verdict === "released")
        await this.#ask(from, async (channel) => {
          await channel.send({ kind: "confirm", task });
          return channel.next(["noted"]);
        });
      return true;
    });
  }

  /** The source has said what it decided. Where the channel that the task came by is not known to be gone yet, it is.
   *  False: that can't be acted on now, and is to be said again. */
  async #hear(task: string, from: PublicKey, verdict: Verdict): Promise<boolean> {
    // It may be told and asked for at once: what is heard second is not noted before it is known what came of the first.
    const before = this.#hearing.get(task) ?? Promise.resolve();
    const hearing = before.then(() => this.#heed(task, from, verdict));
    this.#hearing.set(task, hearing);
    const isHeard = await hearing;
    if (this.#hearing.get(task) === hearing) this.#hearing.delete(task);
    return isHeard;
  }

  async #heed(task: string, from: PublicKey, verdict: Verdict): Promise<boolean> {
    const arriving = this.#arriving.get(task);
    arriving?.channel.cut();
    await arriving?.over;
    await this.#resolving.get(task);
    const taken = await this.#takenFrom(task, from);
    if (E.isLeft(taken)) return false;
    const open = this.#doubts.get(task);
    if (open === undefined || open.from !== from) {
      // It was taken by an operator's word, and let go as well.
      if (verdict === "released" && taken.right !== undefined) await this.#options.sink.acknowledged(task);
      return true;
    }
    // The operator's word came first, and stands in the store: they are about to come to life by it.
    if (verdict === "kept" && taken.right !== undefined) return true;
    this.#doubts.delete(task);
    if (verdict === "kept") {
      await this.#drop(open.prepared);
      return true;
    }
    if ((await this.#activate(open.prepared, null)) !== null) return true;
    this.#wonder(open.prepared, from);
    return false;
  }

  /** Settles a doubt by an operator's word: the source is gone, and the child lives here. Null: there is no doubt. */
  async resolve(name: string): Promise<Either<MigrateError, void> | null> {
    const open = [...this.#doubts.values()].find(({ children }) => children.includes(name));
    if (open === undefined) return null;
    // What its source says meanwhile waits: what was noted of that would not be said again.
    const resolving = this.#resolve(open);
    this.#resolving.set(open.task, resolving);
    const resolved = await resolving;
    this.#resolving.delete(open.task);
    return resolved;
  }

  async #resolve({ task, from, prepared }: Open): Promise<Either<MigrateError, void>> {
    const { sink } = this.#options;
    this.#doubts.delete(task);
    const noted = await sink.take(prepared.container);
    const activated = E.isLeft(noted) ? null : await this.#activate(prepared, null);
    if (activated === null) {
      this.#wonder(prepared, from);
      const child = namesOf(prepared.container).join(", ");
      const reason = "is in doubt yet: it can't be noted that it is this host's";
      return E.isLeft(noted) ? noted : E.left({ tag: "Unfit", child, reason });
    }
    const taken = await this.#takenFrom(task, from);
    if (E.isRight(taken) && taken.right !== undefined) this.#claim(taken.right);
    return E.isLeft(activated) ? activated : E.right(undefined);
  }

  async #takenFrom(task: string, from: PublicKey): Promise<Either<MigrateError, Taken | undefined>> {
    const all = await this.#options.sink.taken();
    return E.isLeft(all) ? all : E.right(all.right.find((each) => each.task === task && each.from === from));
  }

  /** Tells the source of what was taken by an operator's word, until it has heard. */
  #claim({ task, from, generations }: Taken): void {
    this.#retries.until(`taken ${task}`, async () => {
      const answer = await this.#ask(from as PublicKey, async (channel) => {
        await channel.send({ kind: "taken", task, generations: [...generations] });
        return channel.next(["noted", "verdict"]);
      });
      if (E.isLeft(answer) || answer.right.kind !== "noted" || answer.right.task !== task) return false;
      await this.#options.sink.acknowledged(task);
      return true;
    });
  }

  /** They are this host's, and come to life. Null: that can't be noted, so they are in doubt as before; the source must not
   *  hear otherwise. */
  async #activate(
    { container, memories, arrival }: Prepared,
    channel: Channel | null,
  ): Promise<Either<MigrateError, readonly Activated[]> | null> {
    const { landings, arrived, warn, sink } = this.#options;
    const { task } = container;
    const names = namesOf(container);
    const began = performance.now();
    const work = arrival.activate(container, memories);
    const activated = await (channel === null ? work : channel.working(work));
    if (E.isLeft(activated) && (await sink.standing(container)) === "open") {
      for (const name of names)
        warn(name, `it can't be noted that it is this host's: ${migrateProse(activated.left)}`);
      return null;
    }
    this.#roles.settle(names);
    arrival.close();
    if (E.isLeft(activated)) {
      const reason = migrateProse(activated.left).slice(0, 2000);
      for (const name of names) warn(name, `it is here, and can't live here as things are: ${reason}`);
      this.#follow();
      await channel?.send({ kind: "stranded", task, reason });
      return activated;
    }
    const generations = activated.right.map(({ generation }) => generation);
    await channel?.send({ kind: "activated", task, generations, ms: performance.now() - began });
    arrived(activated.right, container.manifest.host);
    await landings.discard(task);
    this.#follow();
    return activated;
  }

  async #drop({ container, arrival }: Prepared): Promise<void> {
    await this.#options.landings.discard(container.task);
    this.#roles.settle(namesOf(container));
    arrival.close();
  }

  /** Ends all that is under way: sources run on, what is staged stays staged. */
  close(): void {
    this.#closed = true;
    this.#retries.close();
    for (const { stop } of this.#leaving.values()) stop.abort();
    for (const channel of this.#channels) channel.cut();
    for (const { prepared } of this.#doubts.values()) prepared.arrival.close();
  }
}
