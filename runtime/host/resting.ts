// The children of a durable host that rest: what would bring each back, who says what to them meanwhile, and how they
// go on. To everybody else they are there all the time.
import { E, type Either } from "../../lib/fp.ts";
import type { Alarm } from "../checkpoint/alarms.ts";
import type { ToDomain } from "../core/link.ts";
import type { RestRecord } from "../durable/rest-record.ts";
import { sha256 } from "../digest.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { Child, ChildIdentity } from "./child.ts";
import type { Children } from "./children.ts";
import type { HostEvent } from "./event.ts";
import type { HostConfig, StartConfig } from "./host-config.ts";
import type { HostError } from "./host-error.ts";
import type { FormerLife } from "./former-life.ts";
import type { Keeper } from "./keeper.ts";
import type { Providers } from "./providers.ts";
import { RomWatch } from "./rom-watch.ts";
import { Turnstile } from "./turnstile.ts";

export interface RestingOptions {
  readonly config: HostConfig;
  readonly keeper: Keeper;
  readonly children: Children;
  readonly providers: Providers;
  readonly emit: (event: HostEvent) => void;
  /** Asked before a child is put to rest: whether something is being done with it. */
  readonly staysAwake: (child: string) => boolean;
  /** A child that was wanted can't go on. What is kept of it stays. */
  readonly failed: (child: string, error: HostError) => void;
}

type Woken = Either<HostError, Child>;

/** There may be very many, so it is no larger than it must be. */
interface Rester {
  readonly config: StartConfig;
  readonly record: Pick<RestRecord, "identity" | "generation" | "alarms" | "elapsed" | "uptime">;
  /** Others know it: it was put to rest in this run of the host. */
  readonly known: boolean;
  /** What it was told. */
  heard: readonly ToDomain[];
  /** It is still on its way to rest. */
  leaving: Promise<void> | null;
  waking: Promise<Woken> | null;
  /** Takes back that it is called when there is a message at its gates. */
  stops: readonly (() => void)[];
}

const NONE: never[] = [];

/** So many are put to rest at once; one takes some ms of the host's thread. */
const MOST_GOING = 4;
/** So many wake at once: each has a buffer of its whole memory meanwhile. */
const MOST_WAKING = 32;
/** How often it is written down for how long there was a host, in ms, while somebody's timer sleeps. */
const UPTIME_MS = 10_000;

export class Resting {
  readonly #options: RestingOptions;
  readonly #resters = new Map<string, Rester>();
  /** Names by identity. */
  readonly #names = new Map<string, string>();
  readonly #alarms: AlarmClock;
  readonly #roms: RomWatch;
  /** Those that may rest and are awake, the one that has been for the longest time first. */
  readonly #awake = new Map<string, Child>();
  readonly #going = new Map<Child, Promise<boolean>>();
  readonly #goers = new Turnstile(MOST_GOING);
  readonly #wakers = new Turnstile(MOST_WAKING);
  #waitingForRoom: (() => void)[] = [];
  readonly #terms = new WeakMap<StartConfig["routes"], string>();
  readonly #offers: string;
  readonly #heartbeat: NodeJS.Timeout;
  /** Resolves when those who are wanted may wake. */
  #opened: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  #isShut = false;
  #closed = false;

  constructor(options: RestingOptions) {
    this.#options = options;
    const { keeper, providers, config } = options;
    this.#alarms = new AlarmClock(
      (name) => void this.wake(name),
      () => keeper.uptime,
    );
    this.#roms = new RomWatch(providers.roms, (name) => void this.wake(name));
    this.#offers = JSON.stringify([
      [...providers.fileSpecs],
      [...providers.gateSpecs],
      Object.keys(config.roms),
    ]);
    this.#heartbeat = setInterval(() => {
      if (this.#alarms.size > 0) void keeper.noteUptime();
    }, UPTIME_MS);
    this.#heartbeat.unref();
  }

  /** How many rest. */
  get size(): number {
    return this.#resters.size;
  }
  has(child: string): boolean {
    return this.#resters.has(child);
  }

  /** What an entry and the host give a child, in short. */
  terms({ routes, ram, caps, turn }: StartConfig): string {
    const known = this.#terms.get(routes);
    const own = known ?? sha256(`${this.#offers}${JSON.stringify(routes)}`);
    this.#terms.set(routes, own);
    return `${own} ${ram} ${caps} ${turn}`;
  }

  // --- going to rest

  /** A child has begun that may rest. */
  watch(child: Child): void {
    if (child.spec.rest === undefined) return;
    this.#awake.set(child.name, child);
    void child.ended.then(() => {
      if (this.#awake.get(child.name) === child) this.#awake.delete(child.name);
      this.#madeRoom();
    });
  }

  /** Puts a child to rest; false where it does not rest now. */
  rest(child: Child): Promise<boolean> {
    const known = this.#going.get(child);
    if (known !== undefined) return known;
    const going = this.#rest(child).finally(() => this.#going.delete(child));
    this.#going.set(child, going);
    return going;
  }

  async #rest(child: Child): Promise<boolean> {
    await this.#goers.enter();
    const rests = await this.#restNow(child);
    this.#goers.leave();
    return rests;
  }

  async #restNow(child: Child): Promise<boolean> {
    const { keeper, children, emit, staysAwake } = this.#options;
    const { name, identity, said } = child;
    const config = children.configOf(child);
    const isWanted = (): boolean => this.#closed || child.ending !== null || staysAwake(name);
    if (isWanted()) return false;
    const rested = await keeper.rest(child, this.terms(config));
    if (E.isLeft(rested) || rested.right === null) return false;
    // Whatever it was told since then it has not heard.
    if (child.said !== said || isWanted()) {
      child.stir();
      return false;
    }
    const rester = this.#add(config, rested.right, true);
    children.broker.voice(identity.identity, (message) => this.#hear(name, message));
    rester.leaving = child.release({ kind: "resting" }).then(() => {
      rester.leaving = null;
    });
    await rester.leaving;
    children.forget(child);
    emit({ event: "rested", child: name });
    this.#listen(name, rester);
    return true;
  }

  #add(config: StartConfig, record: RestRecord, known: boolean): Rester {
    const { identity, generation, elapsed, uptime } = record;
    const alarms = record.alarms.length === 0 ? NONE : record.alarms;
    const rester: Rester = {
      config,
      record: { identity, generation, alarms, elapsed, uptime },
      known,
      heard: NONE,
      leaving: null,
      waking: null,
      stops: NONE,
    };
    this.#resters.set(config.name, rester);
    this.#names.set(identity, config.name);
    return rester;
  }

  /** A child of the former host that rests: it is not looked at before it is wanted. False where it must be, because
   *  what it is given is not what it was. */
  adopt(config: StartConfig, record: RestRecord): boolean {
    if (config.rest === undefined || record.terms !== this.terms(config)) return false;
    this.#listen(config.name, this.#add(config, record, false));
    return true;
  }

  // --- what brings one back

  #listen(name: string, rester: Rester): void {
    if (rester.waking !== null) return;
    const { gates } = this.#options.providers;
    const { elapsed, uptime, alarms } = rester.record;
    let due = Infinity;
    const stops: (() => void)[] = [];
    const uptimeAt = (alarm: Alarm): number => {
      if (alarm.kind === "clock") return uptime + alarm.at - elapsed;
      return alarm.kind === "hour" ? this.#options.keeper.uptime + alarm.at - Date.now() : Infinity;
    };
    for (const alarm of alarms) {
      due = Math.min(due, uptimeAt(alarm));
      if (alarm.kind === "rom") this.#roms.add(name, alarm.name, alarm.sha256);
      const gate = alarm.kind === "gate" ? gates.get(alarm.name)?.provider : undefined;
      if (gate !== undefined) stops.push(gate.whenWaiting(() => void this.wake(name)));
    }
    rester.stops = stops.length === 0 ? NONE : stops;
    // It may have been called by one of these at once.
    if (rester.waking !== null) return this.#unlisten(name, stops);
    if (due < Infinity) this.#alarms.set(name, due);
    // What it asked others of a former host's must be asked again.
    const asksAgain = !rester.known && alarms.some(({ kind }) => kind === "answer");
    if (rester.heard.length > 0 || asksAgain) void this.wake(name);
  }

  #hear(name: string, message: ToDomain): void {
    const rester = this.#resters.get(name);
    if (rester === undefined) return;
    rester.heard = [...rester.heard, message];
    void this.wake(name);
  }

  /** Somebody who rests since a former host is wanted by others. */
  wanted(who: { readonly child: string } | { readonly identity: string }): void {
    const name = "child" in who ? who.child : this.#names.get(who.identity);
    if (name !== undefined && this.#resters.has(name)) void this.wake(name);
  }

  /** Under which name somebody rests. */
  nameOf(identity: string): string | undefined {
    return this.#names.get(identity);
  }

  /** Who rests under a name. */
  identityOf(child: string): ChildIdentity | null {
    const rester = this.#resters.get(child);
    return rester === undefined ? null : rester.record;
  }

  /** Forgets one that rests: it is over with it, or it is in an image. */
  drop(child: string): void {
    const rester = this.#resters.get(child);
    if (rester === undefined) return;
    this.#remove(child, rester);
    if (rester.known) this.#options.children.broker.leave(rester.record.identity, "ended");
  }

  #remove(name: string, { record, stops }: Rester): void {
    this.#resters.delete(name);
    this.#names.delete(record.identity);
    this.#unlisten(name, stops);
  }

  #unlisten(name: string, stops: Rester["stops"]): void {
    this.#alarms.delete(name);
    this.#roms.delete(name);
    for (const stop of stops) stop();
  }

  // --- going on

  /** Nobody wakes until `open`. */
  shut(): void {
    this.#isShut = true;
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }
  open(): void {
    this.#isShut = false;
    this.#open();
  }

  /** Whoever is on the way to rest has arrived there, or does not rest. */
  async settled(child: Child | null): Promise<void> {
    if (child !== null) await this.#going.get(child);
  }

  /** Brings back one that rests. */
  wake(name: string): Promise<Woken> {
    const rester = this.#resters.get(name);
    if (rester === undefined || this.#closed)
      return Promise.resolve(E.left({ tag: "NoSuchChild", child: name }));
    rester.waking ??= this.#wake(name, rester);
    return rester.waking;
  }

  async #wake(name: string, rester: Rester): Promise<Woken> {
    const began = performance.now();
    this.#unlisten(name, rester.stops);
    await rester.leaving;
    await this.#opened;
    await this.#wakers.enter();
    const woken = await this.#goOn(name, rester);
    this.#wakers.leave();
    const { emit, failed, children } = this.#options;
    if (E.isLeft(woken)) {
      // It may have been dropped meanwhile.
      if (this.#resters.get(name) !== rester || this.#closed) return woken;
      this.#remove(name, rester);
      if (rester.known) children.broker.leave(rester.record.identity, "frozen");
      failed(name, woken.left);
      return woken;
    }
    emit({ event: "woken", child: name, wakeMs: performance.now() - began });
    woken.right.go();
    return woken;
  }

  async #goOn(name: string, rester: Rester): Promise<Woken> {
    const { keeper } = this.#options;
    const former = await keeper.former(name);
    if (E.isLeft(former)) return former;
    const room = await this.room(rester.config);
    if (E.isLeft(room)) return room;
    if (former.right === null || this.#closed || this.#resters.get(name) !== rester)
      return E.left({ tag: "NoSuchChild", child: name });
    return this.#bring(rester, former.right);
  }

  async #bring(rester: Rester, former: FormerLife): Promise<Woken> {
    const { keeper, children } = this.#options;
    const { config, known } = rester;
    const kept = keeper.enlistAgain(config, former);
    const made = children.make(config, former.code, former.identity, undefined, { kept, known });
    if (E.isLeft(made)) return made;
    const child = made.right;
    keeper.carryOn(child, former);
    const woken = await child.wake(former, known);
    const done = E.isLeft(woken)
      ? E.left({ tag: "Checkpoint", error: woken.left } as const)
      : // It was given something new in the place of what it had: no record tells of that.
        woken.right.length > 0
        ? await keeper.checkpoint(child)
        : E.right(undefined);
    if (E.isLeft(done)) {
      await children.unmake(child);
      return done;
    }
    keeper.woken(child);
    this.#remove(config.name, rester);
    children.settle(child);
    children.broker.voice(former.identity.identity, (message) => child.say(message));
    for (const message of rester.heard) child.say(message);
    this.watch(child);
    return made;
  }

  // --- room for those who are awake

  /** Waits until there is quota for a child; others that are idle are put to rest for it, those first that have been
   *  awake for the longest time. */
  async room(config: StartConfig): Promise<Either<HostError, void>> {
    const { children } = this.#options;
    for (;;) {
      const short = children.shortOf(config);
      if (short === null) return E.right(undefined);
      if (await this.#makeRoom(config)) continue;
      const isNobodys = this.#awake.size === 0 && this.#going.size === 0;
      // Until all are back nobody goes on: who is not idle now will not be.
      if (this.#closed || this.#isShut || isNobodys) return E.left(short);
      // Somebody will be idle, or end.
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, ROOM_MS);
        this.#waitingForRoom.push(() => {
          clearTimeout(late);
          resolve();
        });
      });
    }
  }

  /** Whether there is room for it now. */
  async #makeRoom(config: StartConfig): Promise<boolean> {
    const { children } = this.#options;
    for (const [name, child] of [...this.#awake]) {
      if (children.shortOf(config) === null) return true;
      if (this.#awake.get(name) !== child) continue;
      const rests = await this.rest(child);
      // The next time others are asked first.
      if (!rests && this.#awake.delete(name) && child.ending === null) this.#awake.set(name, child);
      if (rests) this.#awake.delete(name);
    }
    return children.shortOf(config) === null;
  }

  #madeRoom(): void {
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const resolve of waiting) resolve();
  }

  /** Nobody is brought back any more. Resolves when whoever was on the way is where it was going. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    this.#alarms.close();
    this.#madeRoom();
    this.#open();
    for (const [name, { stops }] of this.#resters) this.#unlisten(name, stops);
    await Promise.all(this.#going.values());
    if (this.size > 0) await this.#options.keeper.noteUptime();
    await Promise.all([...this.#resters.values()].flatMap(({ waking }) => waking ?? []));
  }
}

/** How long it is waited for room before the idle ones are asked again, in ms. */
const ROOM_MS = 50;
