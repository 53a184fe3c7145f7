// A live host as a source: how its children are surveyed, copied, stopped and let go. Where decisions are written down
// is its owner's.
import { E, type Either } from "../../lib/fp.ts";
import { manifestOf, type Standing } from "../host/frozen-image.ts";
import type { Leaver } from "../host/roll.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { LiveHost } from "../host/live-host.ts";
import type { Runtime } from "../host/runtime.ts";
import { cargoOf, type Ties } from "./carried-cargo.ts";
import type { Look } from "../shard/protocol.ts";
import type { Carrier } from "./carrier.ts";
import type { Decisions } from "./decisions.ts";
import { LandedDeparture, type Lying } from "./landed-departure.ts";
import { pageBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import { offersCargo, takenAs, tooMany, type OpenOffer } from "./open-offer.ts";
import type { Requirements } from "./requirements.ts";
import { requirementsOf } from "./survey-needs.ts";
import type { Departure, Held, MemoryView, SourceHost, Verdict } from "./source-host.ts";
import type { Overtaken, Trails } from "./trails.ts";

export interface LiveSourceOptions {
  readonly live: LiveHost;
  readonly runtime: Runtime;
  readonly decisions: Decisions;
  /** Takes hold of children, until the answer is called: no other command acts on them meanwhile. */
  readonly reserve: (names: readonly string[]) => Either<MigrateError, () => void>;
  /** What is kept of one that a later incarnation has overtaken elsewhere is not to live again, whatever it is in. */
  readonly fenced?: (leaver: Leaver) => Promise<void>;
  /** One that lives, and is about to be ended since it was taken elsewhere: keeps a copy of what it is. Nothing waits for
   *  it to succeed. */
  readonly setAside?: (name: string) => Promise<void>;
  /** Where these lie in a container that they came in, and could not come to life from; null: they don't. Left: they do,
   *  and can't go so. */
  readonly stranded?: (names: readonly string[]) => Either<MigrateError, Lying | null>;
  /** Has what is due to be kept of them wait until the answer is called: it would be as large as the move, and of no use
   *  after it. */
  readonly putOff?: (names: readonly string[]) => () => void;
  /** How they live here: a target is told which of their files come along. */
  readonly entry?: (name: string) => StartConfig | undefined;
  /** A buffer for the first look at one of them, with nothing in it that is needed; it need not fit. */
  readonly lend?: (name: string) => SharedArrayBuffer | null;
  /** Carries the sessions that they have with those who stay behind. Without this nobody is left behind. */
  readonly carrier?: Carrier;
  /** What the carrier knows the host with this key by. Default: the key. */
  readonly peer?: (key: string) => string;
}

const NO_TIES: Ties = new Map();

const unfit = (child: string): Either<MigrateError, never> =>
  E.left({ tag: "Unfit", child, reason: "does not run" });

/** Where sessions aren't carried: nobody is left behind who would wait for one that goes, and none goes without what it
 *  was handed. What its routes lead to there is the sink's to say. */
const stays = (names: readonly string[], live: LiveHost): MigrateError | null => {
  for (const child of names)
    for (const { child: other, serves, session } of live.ties(child)) {
      if (names.includes(other) || (serves && session !== null)) continue;
      const why = serves ? `holds what ${other} has handed to it` : `serves ${other}`;
      return { tag: "Unfit", child, reason: `${why}, which would stay behind: they go together` };
    }
  return null;
};

/** What is carried of what they have with those who stay behind. */
const tiesOf = (
  names: readonly string[],
  peer: string,
  { carrier, live }: LiveSourceOptions,
): Either<MigrateError, Ties> => {
  if (carrier !== undefined) return carrier.ties(names, peer);
  const left = stays(names, live);
  return left === null ? E.right(NO_TIES) : E.left(left);
};

class LiveDeparture implements Departure {
  readonly names: readonly string[];
  readonly #options: LiveSourceOptions;
  readonly #free: () => void;
  readonly #keepAgain: () => void;
  /** The last state of each memory that was seen. */
  readonly #seen = new Map<string, { readonly buffer: SharedArrayBuffer; readonly look: Look }>();
  readonly #peer: string;
  #standing: readonly Standing[] = [];
  #carried: Ties = NO_TIES;
  #offers: readonly OpenOffer[] = [];

  /** `peer`: where to. */
  constructor(names: readonly string[], options: LiveSourceOptions, free: () => void, peer: string) {
    this.names = names;
    this.#peer = peer;
    this.#options = options;
    this.#free = free;
    this.#keepAgain = options.putOff?.(names) ?? ((): void => {});
  }

  async survey(): Promise<Either<MigrateError, readonly Requirements[]>> {
    const { live, runtime, carrier, entry } = this.#options;
    await live.wake(this.names);
    await live.wakeTied(this.names);
    const prepared = await (carrier?.prepare(this.names, this.#peer) ?? E.right(undefined));
    const ties = E.isLeft(prepared) ? prepared : tiesOf(this.names, this.#peer, this.#options);
    if (E.isLeft(ties)) return ties;
    const all: Requirements[] = [];
    for (const name of this.names) {
      const child = live.child(name);
      const survey = await child?.survey();
      if (child === undefined || survey === undefined || survey === null) return unfit(name);
      const engine = runtime.engine.hash;
      const carried = ties.right.get(name) ?? [];
      const facts = { name, ...child.identity, engine, base: child.base.hash };
      const needs = requirementsOf(facts, survey, entry?.(name)?.routes);
      all.push(carried.length === 0 ? needs : { ...needs, carried });
    }
    return E.right(all);
  }

  async round(): Promise<Either<MigrateError, readonly MemoryView[]>> {
    const views: MemoryView[] = [];
    await this.#options.live.wake(this.names);
    for (const name of this.names) {
      const seen = this.#seen.get(name);
      const buffer = seen?.buffer ?? this.#options.lend?.(name) ?? null;
      const glimpse = await this.#options.live.child(name)?.glimpse(buffer, seen?.look);
      if (glimpse === undefined || glimpse === null) return unfit(name);
      const { memory, number } = glimpse;
      this.#seen.set(name, {
        buffer: memory.buffer as SharedArrayBuffer,
        look: { step: pageBytes, number },
      });
      views.push(glimpse);
    }
    return E.right(views);
  }

  async hold(deadline: number): Promise<Either<MigrateError, Held>> {
    const { live, runtime, carrier } = this.#options;
    await live.wake(this.names);
    const asked = performance.now();
    const stopped = await live.stop(this.names, { deadline, since: this.#seen });
    if (E.isLeft(stopped)) return E.left({ tag: "Host", error: stopped.left });
    this.#standing = stopped.right;
    const ties =
      carrier === undefined
        ? tiesOf(this.names, this.#peer, this.#options)
        : carrier.hold(this.#leavers(), this.#peer);
    if (E.isLeft(ties)) {
      this.resume();
      return ties;
    }
    this.#carried = ties.right;
    const cargo = [...cargoOf(ties.right), ...offersCargo(this.#offers)];
    const longest = Math.max(...stopped.right.map(({ pauseMs }) => pauseMs));
    const travelers = stopped.right.map((standing) => ({
      memory: standing.frozen.memory,
      changed: this.#seen.has(standing.child.name) ? standing.changed : null,
      manifest: manifestOf(standing, runtime),
    }));
    return E.right({ travelers, cargo, since: Math.max(asked, performance.now() - longest) });
  }

  async offer(task: string, to: string): Promise<Either<MigrateError, void>> {
    const { live, decisions } = this.#options;
    const leavers = this.names.flatMap((name) => {
      const child = live.child(name);
      return child === undefined ? [] : [{ name, ...child.identity }];
    });
    const offers = await decisions.offer(task, to, leavers);
    this.#offers = E.isLeft(offers) ? [] : offers.right;
    return E.isLeft(offers) ? offers : tooMany(this.#offers);
  }

  /** Those who stand still. */
  #leavers(): readonly Leaver[] {
    return this.#standing.map(({ child }) => ({ name: child.name, ...child.identity }));
  }

  resume(): void {
    this.#options.carrier?.stay(this.#leavers());
    for (const { child } of this.#standing) child.resume();
    this.#standing = [];
  }

  async release(task: string, to: string): Promise<Either<MigrateError, void>> {
    const leavers = this.#leavers();
    const { carrier, decisions } = this.#options;
    const noted = carrier?.leaving(leavers, this.#carried, this.#peer) ?? [];
    const released = await decisions.release(task, to, leavers, noted);
    if (E.isLeft(released)) return released;
    await Promise.all(this.#standing.map(({ child }) => child.release()));
    this.#standing = [];
    await carrier?.left(leavers, noted);
    return released;
  }

  close(): void {
    this.#seen.clear();
    this.#free();
    this.#keepAgain();
  }
}

/** What an operator has said elsewhere. */
interface Word {
  readonly task: string;
  /** Who has told. */
  readonly by: string;
  /** As they were offered. */
  readonly leavers: readonly Leaver[];
  /** The task is this host's. */
  readonly isOwn: boolean;
  readonly reason: string;
}

export class LiveSource implements SourceHost {
  readonly #options: LiveSourceOptions;

  constructor(options: LiveSourceOptions) {
    this.#options = options;
  }

  depart(names: readonly string[], to: string): Either<MigrateError, Departure> {
    const { live, reserve } = this.#options;
    const lying = this.#options.stranded?.(names) ?? E.right(null);
    if (E.isLeft(lying)) return lying;
    if (lying.right !== null) {
      const held = reserve(names);
      const { decisions, carrier, peer } = this.#options;
      return E.isLeft(held)
        ? held
        : E.right(
            new LandedDeparture({
              ...{ names, decisions, to, free: held.right, ...lying.right },
              ...{ carrier, peer: peer ?? ((key) => key) },
            }),
          );
    }
    for (const name of names) {
      const child = live.child(name);
      if (!live.rests(name) && (child === undefined || child.ending !== null)) return unfit(name);
    }
    const peer = this.#options.peer?.(to) ?? to;
    const refused = tiesOf(names, peer, this.#options);
    if (E.isLeft(refused)) return refused;
    const free = reserve(names);
    return E.isLeft(free) ? free : E.right(new LiveDeparture(names, this.#options, free.right, peer));
  }

  verdict(task: string, to: string): Promise<Either<MigrateError, Verdict>> {
    return this.#options.decisions.verdict(task, to);
  }

  get trails(): Trails {
    return this.#options.decisions.trails;
  }

  async overtaken(task: string, by: string, generations: readonly number[]): Promise<boolean> {
    const offered = await this.#options.decisions.offered(task, by);
    if (E.isLeft(offered)) return false;
    const leavers = (offered.right ?? []).filter(
      ({ generation }, i) => generations[i] === takenAs(generation),
    );
    const reason = "by an operator's word there";
    return leavers.length === 0 || this.#end({ task, by, leavers, isOwn: true, reason });
  }

  async overtakenBefore(task: string, by: string, travelers: readonly Overtaken[]): Promise<boolean> {
    const inherited = await this.#options.decisions.trails.inherited(task, by);
    if (E.isLeft(inherited)) return false;
    const leavers = inherited.right.filter(({ identity, generation }) =>
      travelers.some((each) => each.identity === identity && each.generation === takenAs(generation)),
    );
    const reason = "by an operator's word of which the host has told that it came from";
    return leavers.length === 0 || this.#end({ task, by, leavers, isOwn: false, reason });
  }

  /** They were taken, each as it was offered: whoever of them lives here is ended for good, and whoever went on from here is
   *  to hear of it there. */
  async #end({ task, by, leavers: offered, isOwn, reason }: Word): Promise<boolean> {
    const { decisions, live, reserve, fenced, setAside } = this.#options;
    const leavers = offered.flatMap((leaver) => {
      const generation = takenAs(leaver.generation) - 1;
      // A later incarnation than the one that it has is not ended by its word.
      const living = live.identityOf(leaver.name);
      const isLater = living?.identity === leaver.identity && living.generation > generation + 1;
      return isLater ? [] : [{ ...leaver, generation }];
    });
    const free = reserve(leavers.map(({ name }) => name));
    if (E.isLeft(free)) return false;
    await live.wake(leavers.map(({ name }) => name));
    for (const { name, identity, generation } of leavers) {
      const child = live.child(name);
      if (child?.identity.identity === identity && child.ending === null) {
        // Whoever has said so can't be made to prove it; what it was is not lost by a lie.
        await setAside?.(name);
        await child.overtaken(`generation ${generation + 1} of it lives on another host, ${reason}`);
      }
      await fenced?.({ name, identity, generation });
    }
    const conceded = await decisions.concede(task, by, leavers, isOwn);
    free.right();
    return E.isRight(conceded);
  }

  confirmed(task: string): Promise<void> {
    return this.#options.decisions.confirmed(task);
  }

  unsettled(): ReturnType<SourceHost["unsettled"]> {
    return this.#options.decisions.unsettled();
  }
}
