// How many hosts there were on a state directory, for how long together, and what of theirs a loss of power or a failing
// disk may have undone. Each has its number in the store before it writes anything else.
import { randomInt } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { storeProse } from "../durable/store/store-error.ts";
import type { Store } from "../durable/store/store.ts";

/** Keys in the store: how many hosts there were; and for how long there has been one, in ms. */
const RUNS = "runs";
const UPTIME = "uptime";
/** Since when the machine has had power: its own word for that, the number of the first host since, and of the last one
 *  whose disk may have lost what was written, 0 where there was none. */
const BOOT = "boot";

/** The number of a state directory's first host is below it. */
const MOST_FIRST_RUN = 2 ** 28;

/** Incarnations of one run of the host; their numbers, in the journal, are never given again. */
const MOST_INCARNATIONS = 2 ** 24;

/** Between tries to note that the disk has failed, in ms. */
const NOTE_PAUSE_MS = 200;

const utf8 = new TextEncoder();

export interface HostCountOptions {
  readonly store: Store;
  /** What the machine calls the time since it last had no power; no spaces. */
  readonly boot: string;
  /** The highest number of an incarnation that the journal has; 0: none. */
  readonly latest: number;
}

interface Counted {
  readonly run: number;
  /** The first one since the machine has had power, and the last one before this whose disk failed. */
  readonly since: number;
  readonly failed: number;
  readonly uptime: number;
}

export class HostCount {
  readonly #options: HostCountOptions;
  readonly #counted: Counted;
  /** The number of the incarnation before this host's first. */
  readonly incarnations: number;
  /** What `performance.now` showed when there had been a host for no time at all. */
  #origin: number;
  /** That the disk may have lost what this host wrote is on record, or being written. */
  #noted: Promise<void> | null = null;

  private constructor(options: HostCountOptions, counted: Counted) {
    this.#options = options;
    this.#counted = counted;
    this.incarnations = counted.run * MOST_INCARNATIONS;
    this.#origin = performance.now() - counted.uptime;
  }

  /** Counts this host. */
  static async open(options: HostCountOptions): Promise<Either<string, HostCount>> {
    const { store, latest, boot } = options;
    const known = await store.get(RUNS);
    if (E.isLeft(known)) return E.left(storeProse(known.left));
    // Names of links are drawn from these numbers, and two hosts that carry sessions must not draw the same.
    const lowest = latest === 0 ? randomInt(1, MOST_FIRST_RUN) : 1;
    const run = known.right === null ? lowest : Number(Buffer.from(known.right).toString()) + 1;
    // Its number is in the store before a host writes to the journal.
    if (latest >= run * MOST_INCARNATIONS)
      return E.left(
        `the store was put back to an earlier state: it knows of ${run - 1} hosts, and the journal of a later one`,
      );
    const before = await store.get(BOOT);
    if (E.isLeft(before)) return E.left(storeProse(before.left));
    const [word, first, last = 0] = Buffer.from(before.right ?? [])
      .toString()
      .split(" ");
    const [since, failed] = word === boot ? [Number(first), Number(last)] : [run, 0];
    const noted = await store.commit({
      set: new Map([
        [RUNS, utf8.encode(String(run))],
        [BOOT, utf8.encode(`${boot} ${since} ${failed}`)],
      ]),
    });
    if (E.isLeft(noted)) return E.left(storeProse(noted.left));
    const passed = await store.get(UPTIME);
    if (E.isLeft(passed)) return E.left(storeProse(passed.left));
    const uptime = Number(Buffer.from(passed.right ?? []).toString());
    return E.right(
      new HostCount(options, { run, since, failed, uptime: Number.isFinite(uptime) ? uptime : 0 }),
    );
  }

  /** For how long there has been a host on this state directory, in ms: what passes for those that rest. Where a host
   *  ended with no farewell, as far as that was written down. */
  get uptime(): number {
    return performance.now() - this.#origin;
  }

  /** It was at least so long: a host that ended with no farewell had not written that down. */
  atLeast(uptime: number): void {
    if (uptime > this.uptime) this.#origin = performance.now() - uptime;
  }

  /** What says for how long there has been a host. */
  static uptimeNote(uptime: number): [string, Uint8Array] {
    return [UPTIME, utf8.encode(String(uptime))];
  }

  /** Whether a loss of power may have undone what an incarnation wrote. */
  lostPower(incarnation: number): boolean {
    return incarnation <= this.#counted.since * MOST_INCARNATIONS;
  }

  /** Whether a failure of the disk may have, in the time of a former host. */
  lostDisk(incarnation: number): boolean {
    return incarnation <= (this.#counted.failed + 1) * MOST_INCARNATIONS;
  }

  /** The disk may have lost what this host wrote. Resolves when that is on record; `warn` is told once where it can't be
   *  just now. */
  noteFailed(warn: (text: string) => void): Promise<void> {
    this.#noted ??= this.#note(warn);
    return this.#noted;
  }

  async #note(warn: (text: string) => void): Promise<void> {
    const { store, boot } = this.#options;
    const { run, since } = this.#counted;
    for (let told = false; ; told = true) {
      const noted = await store.commit({ set: new Map([[BOOT, utf8.encode(`${boot} ${since} ${run}`)]]) });
      if (E.isRight(noted)) return;
      const why = `that the disk may have lost what was written can't be noted: ${storeProse(noted.left)}`;
      if (!told) warn(why);
      await new Promise((resolve) => setTimeout(resolve, NOTE_PAUSE_MS).unref());
    }
  }
}
