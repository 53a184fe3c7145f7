// A shard's thread as the host holds it: its residents by number, their log, and a watchdog for turns that no longer
// poll.
import type { Worker } from "node:worker_threads";
import { makeTail, salvage } from "../durable/journal/tail.ts";
import type { Base } from "../engine/base.ts";
import type { EngineCode } from "../engine/wasm-module.ts";
import { makeBlackBox, readBlackBox } from "../shard/black-box.ts";
import { makeControl, Stethoscope } from "../shard/control.ts";
import { LogReader, makeRing } from "../shard/log-ring.ts";
import { processorTime } from "../shard/processor-time.ts";
import type { FromResident, FromShard, ShardData, ToShard } from "../shard/protocol.ts";
import type { Lodger, Residence } from "./residence.ts";
import { startThread } from "./spare-thread.ts";

/** How long a turn may go without a poll before its thread is ended, in ms of processor time. Some built-ins never poll. */
const SILENCE_MS = 5000;
const LISTEN_MS = 250;

export interface ThreadOptions {
  readonly engine: EngineCode;
  readonly base: Base;
  /** How long a turn may go without a poll before its thread is ended, in ms of processor time; default 5000. */
  readonly silence?: number | undefined;
}

export interface LodgeOptions {
  /** The lodger has left, or was put out. */
  readonly left: () => void;
  /** Whether putting it out ends the thread, which takes no time. Otherwise a turn of its own that runs is over at its
   *  next poll, and one of another's comes to its end. */
  readonly alone: boolean;
}

/** What a resident says last, however it has come to its end. */
const LAST: ReadonlySet<FromResident["kind"]> = new Set(["released", "exited", "faulted"]);

interface Lodging {
  readonly lodger: Lodger;
  readonly left: () => void;
  /** It is being put out. */
  evicted: (() => void) | null;
}

export class ShardThread {
  readonly #silence: number;
  readonly #worker: Worker;
  readonly #stethoscope: Stethoscope;
  readonly #logs: LogReader;
  readonly #box = makeBlackBox();
  readonly #tail = makeTail();
  readonly #lodgings = new Map<number, Lodging>();
  #numbers = 0;
  #watchdog: NodeJS.Timeout | null = null;
  #gone = false;

  /** `spare`: a thread of `startThread` that is coming up; null: it is begun now. */
  constructor({ engine, base, silence = SILENCE_MS }: ThreadOptions, spare: Worker | null = null) {
    this.#silence = silence;
    const control = makeControl();
    const ring = makeRing();
    this.#stethoscope = new Stethoscope(control, processorTime);
    this.#logs = new LogReader(ring);
    this.#worker = spare ?? startThread();
    const rehearses = spare !== null;
    this.#post({ engine, base, control, ring, box: this.#box, tail: this.#tail, rehearses });
    // Idle, it keeps no process alive. A thread that has just come up counts again.
    this.#worker.unref();
    this.#worker.on("online", () => {
      if (this.#lodgings.size === 0 && !this.#gone) this.#worker.unref();
    });
    this.#worker.on("message", (message: FromShard) => this.#receive(message));
    this.#worker.on("error", (error) => void this.#die(null, failed(error)));
  }

  get gone(): boolean {
    return this.#gone;
  }
  /** How many live here. */
  get residents(): number {
    return this.#lodgings.size;
  }

  /** Gives a child a place here. */
  lodge(lodger: Lodger, { left, alone }: LodgeOptions): Residence {
    const number = ++this.#numbers;
    const lodging: Lodging = { lodger, left, evicted: null };
    this.#lodgings.set(number, lodging);
    if (this.#watchdog === null) {
      this.#worker.ref();
      this.#watchdog = setInterval(() => this.#listen(), LISTEN_MS);
    }
    const isGone = (): boolean => this.#gone || !this.#lodgings.has(number);
    const running = (): Residence["running"] => this.#running(number);
    return {
      get gone() {
        return isGone();
      },
      get running() {
        return running();
      },
      post: (message) => this.#post({ resident: number, message }),
      leave: () => this.#remove(number),
      evict: () => (alone ? this.terminate() : this.#putOut(number, lodging)),
    };
  }

  #running(number: number): Residence["running"] {
    const { running } = this.#stethoscope;
    if (running === null || running.resident === number) return running?.thread ?? null;
    return this.#lodgings.get(running.resident)?.lodger.name ?? null;
  }

  #post(message: ShardData | ToShard): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message);
  }

  async #putOut(number: number, lodging: Lodging): Promise<void> {
    if (this.#gone || !this.#lodgings.has(number)) return;
    await new Promise<void>((resolve) => {
      lodging.evicted = resolve;
      this.#post({ resident: number, message: { kind: "release" } });
      this.#giveUp();
    });
    this.#remove(number);
  }

  /** Whoever is being put out need not end its turn. */
  #giveUp(): void {
    const { running } = this.#stethoscope;
    if (running === null || (this.#lodgings.get(running.resident)?.evicted ?? null) === null) return;
    this.#stethoscope.giveUp(running.resident);
  }

  #remove(number: number): void {
    const lodging = this.#lodgings.get(number);
    if (lodging === undefined) return;
    this.#lodgings.delete(number);
    if (this.#lodgings.size === 0) this.#rest();
    lodging.left();
  }

  /** Nobody is here: it keeps no process alive. */
  #rest(): void {
    this.#worker.unref();
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#watchdog = null;
  }

  /** Ends it, whatever it does. What its residents had written to their logs comes out first. */
  async terminate(): Promise<void> {
    this.#gone = true;
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    // Whoever waits for the end must not find the process ended first: an idle thread does not keep it alive.
    this.#worker.ref();
    await this.#worker.terminate();
    this.#drain();
    const { running } = this.#stethoscope;
    if (running !== null)
      for (const text of readBlackBox(this.#box)) this.#lodgings.get(running.resident)?.lodger.log(text);
    this.#rest();
    for (const number of [...this.#lodgings.keys()]) this.#remove(number);
  }

  #drain(): void {
    this.#logs.drain((number, text) => this.#lodgings.get(number)?.lodger.log(text));
  }

  #receive(said: FromShard): void {
    this.#drain();
    if (said !== "logged") this.#deliver(said.resident, said.message);
  }

  #deliver(number: number, message: FromResident): void {
    const lodging = this.#lodgings.get(number);
    if (lodging === undefined) return;
    if (lodging.evicted !== null && LAST.has(message.kind)) lodging.evicted();
    else lodging.lodger.message(message);
  }

  #listen(): void {
    // Who writes and then has a long turn can't say so before that turn ends.
    this.#drain();
    this.#giveUp();
    if (this.#stethoscope.silence() < this.#silence) return;
    const stuck = `stuck in one built-in call: its turn gave no sign of life for ${this.#silence} ms of processor time`;
    void this.#die(this.#stethoscope.running?.resident ?? null, {
      own: stuck,
      others: (name) => `its thread was ended, because ${name ?? "another child"} on it was ${stuck}`,
    });
  }

  /** What had entered its children is in their journal before they are brought back. */
  #salvage(): void {
    try {
      salvage(this.#tail);
    } catch (cause) {
      // The journal hears of that at its next record; what nobody can have is as if it had never come.
      if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    }
  }

  /** Whoever is to blame dies of it; the others are lost through no doing of their own. */
  async #die(blamed: number | null, { own, others }: Cause): Promise<void> {
    if (this.#gone) return;
    const lodgings = [...this.#lodgings];
    await this.terminate();
    this.#salvage();
    const only = lodgings.length === 1 ? lodgings[0]![0] : null;
    const culprit = blamed ?? this.#stethoscope.running?.resident ?? only;
    const name = lodgings.find(([number]) => number === culprit)?.[1].lodger.name ?? null;
    for (const [number, { lodger, evicted }] of lodgings)
      if (evicted !== null) evicted();
      else if (number === culprit) lodger.died(own);
      else lodger.lost(others(name));
  }
}

/** Why a thread is gone, for the one who had its turn, and for those who lived beside it. */
interface Cause {
  readonly own: string;
  readonly others: (name: string | null) => string;
}

const failed = (error: unknown): Cause => {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    own: `its thread failed: ${what}`,
    others: (name) => `its thread failed${name === null ? "" : ` in a turn of ${name}`}: ${what}`,
  };
};
