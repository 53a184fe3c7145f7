// A child as a program holds it.
import type { Ending } from "../host/ending.ts";
import type { HostEvent } from "../host/event.ts";
import type { Frozen } from "../host/frozen.ts";
import { durationOf } from "./amounts.ts";
import { EventStream } from "./event-stream.ts";
import { HostFailure } from "./host-failure.ts";
import type { Duration, FreezeOptions } from "./host-options.ts";
import { LogTail } from "./log-tail.ts";

/** What `until` waits for. */
export interface Until {
  /** An entry of its log: the whole of it, or a pattern that is found in it. */
  readonly log: string | RegExp;
  /** How long it may take. Default: for ever. */
  readonly within?: Duration;
}

type LogMatch = { readonly whole: string } | { readonly pattern: RegExp };

/** The incarnation behind it. What programs see must not drag the host's inside along into their declarations. */
export interface Incarnation {
  readonly name: string;
  readonly identity: { readonly identity: string; readonly generation: number };
  readonly ended: Promise<Ending>;
  readonly ending: Ending | null;
  go(): void;
  hold(): void;
  watch(match: LogMatch | null): void;
}

/** What a child's host does for it. */
export interface ChildPowers {
  freeze(name: string, image: string | URL, options: FreezeOptions): Promise<Frozen>;
  checkpoint(name: string, image: string | URL, options: FreezeOptions): Promise<Frozen>;
  kill(name: string): Promise<void>;
}

interface Awaited {
  readonly until: Until;
  readonly matches: (text: string) => boolean;
  readonly reached: (text: string) => void;
  readonly missed: (ending: Ending | null) => void;
}

const LAST_EVENTS: ReadonlySet<HostEvent["event"]> = new Set([
  "exited",
  "faulted",
  "frozen",
  "killed",
  "fenced",
]);

/** A pattern that keeps no place of its own between two texts. */
const stateless = (pattern: RegExp): RegExp =>
  new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""));

const matchOf = (log: string | RegExp): LogMatch =>
  typeof log === "string" ? { whole: log } : { pattern: stateless(log) };

/** Made by `host.start` and `host.revive`: one incarnation, from there to its end. */
export class Child {
  readonly #live: Incarnation;
  readonly #powers: ChildPowers;
  readonly #tail = new LogTail();
  readonly #streams = new Set<EventStream<HostEvent>>();
  #awaited: Awaited | null = null;
  #held = true;
  /** Nobody has said yet whether it shall go. */
  #fresh = true;

  /** For the host's use. */
  constructor(live: Incarnation, powers: ChildPowers) {
    this.#live = live;
    this.#powers = powers;
    void live.ended.then((ending) => this.#awaited?.missed(ending));
  }

  get name(): string {
    return this.#live.name;
  }
  /** Stays the same over all its incarnations; a clone has another. */
  get identity(): string {
    return this.#live.identity.identity;
  }
  /** Incarnations so far: 1 after its start, one more with each revival. */
  get generation(): number {
    return this.#live.identity.generation;
  }
  /** Resolves when it has ended: exited with a code, faulted for a reason, frozen, or killed. Never rejects. */
  get ended(): Promise<Ending> {
    return this.#live.ended;
  }
  /** How it ended; null while it lives. */
  get ending(): Ending | null {
    return this.#live.ending;
  }
  /** Whether it takes no turns until `go` or `until`. */
  get held(): boolean {
    return this.#held;
  }

  /** For the host's use: lets a new child go, unless the program has said otherwise. */
  begin(): void {
    if (this.#fresh) this.go();
  }

  /** Lets a held child take turns again. */
  go(): void {
    this.#fresh = false;
    if (!this.#held) return;
    this.#held = false;
    this.#live.go();
  }

  /** It takes no further turn until `go` or `until`; one that runs now ends first. */
  hold(): void {
    this.#fresh = false;
    this.#held = true;
    this.#live.hold();
  }

  /**
   * Runs it until it writes an entry to its log, and holds it in the turn that did: a freeze after it finds the
   * child exactly there. Resolves with the entry. Entries count from the one that the last `until` resolved with, or
   * else from the beginning; for one that was written while nobody waited, the child is held where it is now.
   * Rejects with `NotReached` past `within`, the child running on, or when the child ends.
   */
  until(until: Until): Promise<string> {
    if (this.#awaited !== null)
      return Promise.reject(new TypeError(`another until of ${this.name} is under way`));
    const match = matchOf(until.log);
    const matches = (text: string): boolean =>
      "whole" in match ? match.whole === text : match.pattern.test(text);
    const known = this.#tail.take(matches);
    if (known !== undefined) {
      this.hold();
      return Promise.resolve(known);
    }
    const awaited = typeof until.log === "string" ? JSON.stringify(until.log) : String(until.log);
    const within = until.within === undefined ? null : durationOf("within", until.within);
    const missed = (ending: Ending | null): HostFailure =>
      new HostFailure({ tag: "NotReached", child: this.name, awaited, within, ending });
    if (this.ending !== null) return Promise.reject(missed(this.ending));
    return new Promise((resolve, reject) => {
      const late = within === null ? undefined : setTimeout(() => this.#awaited?.missed(null), within);
      const done = (): void => {
        clearTimeout(late);
        this.#awaited = null;
        this.#live.watch(null);
      };
      this.#awaited = {
        until,
        matches,
        reached: (text) => {
          done();
          // The shard holds it by itself, unless the entry was written before it was told to watch for it.
          this.hold();
          resolve(text);
        },
        missed: (ending) => {
          done();
          reject(missed(ending));
        },
      };
      this.#live.watch(match);
      this.go();
    });
  }

  /**
   * Stops it at a consistent point and writes an image that holds all of it; it has ended then. A bare name lies in
   * the state directory. Calls that must complete first are waited for. Rejects, and the child runs on unchanged,
   * with `Checkpoint` (its error `Deadline`, `Busy`, `Ended`, `Capture` or `Step`), `Image` or `NoSuchChild`.
   */
  freeze(image: string | URL, options: FreezeOptions = {}): Promise<Frozen> {
    return this.#alive(() => this.#powers.freeze(this.name, image, options));
  }

  /** As `freeze`, but the child goes on running; it stands still only while its memory is copied. */
  checkpoint(image: string | URL, options: FreezeOptions = {}): Promise<Frozen> {
    return this.#alive(() => this.#powers.checkpoint(this.name, image, options));
  }

  /** Drops it with no farewell. Does nothing where it has ended. */
  async kill(): Promise<void> {
    if (this.ending === null) await this.#powers.kill(this.name);
  }

  /** Its name may be another incarnation's by now. */
  #alive<T>(act: () => Promise<T>): Promise<T> {
    if (this.ending === null) return act();
    const error = { tag: "Ended" as const, child: this.name };
    return Promise.reject(new HostFailure({ tag: "Checkpoint", error }));
  }

  /** What happens to it from now on, in order; ends with its end. Events wait until they are read. */
  events(): AsyncIterableIterator<HostEvent, undefined, void> {
    const stream = new EventStream<HostEvent>(() => this.#streams.delete(stream));
    if (this.ending === null) this.#streams.add(stream);
    else stream.end();
    return stream;
  }

  /** For the host's use: takes in what happened to it. */
  happened(event: HostEvent): void {
    if (event.event === "log") {
      this.#tail.add(event.text);
      const reached = this.#awaited === null ? undefined : this.#tail.take(this.#awaited.matches);
      if (reached !== undefined) this.#awaited?.reached(reached);
    }
    for (const stream of this.#streams) {
      stream.push(event);
      if (LAST_EVENTS.has(event.event)) stream.end();
    }
  }
}
