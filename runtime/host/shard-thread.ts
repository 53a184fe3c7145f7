// A shard's thread as the host holds it: messages, log, and a watchdog for turns that no longer poll.
import { Worker } from "node:worker_threads";
import type { Base } from "../engine/base.ts";
import type { Engine } from "../engine/wasm-module.ts";
import { makeBlackBox, readBlackBox } from "../shard/black-box.ts";
import { makeControl, Stethoscope } from "../shard/control.ts";
import { LogReader, makeRing } from "../shard/log-ring.ts";
import type { FromShard, ShardData, ToShard } from "../shard/protocol.ts";

/** How long a turn may go without a poll before its thread is ended, in ms. Some built-ins never poll. */
const SILENCE_MS = 5000;
const LISTEN_MS = 250;
/** Threads kept for later children; each holds some 20 MB. */
const MOST_IDLE = 8;
/** Native stack of a shard's thread: with it, 256 KiB of the engine's own are catchable when exhausted. */
const STACK_MB = 4;

export interface ShardListener {
  message(message: FromShard): void;
  log(text: string): void;
  /** The thread is gone: it was stuck in a turn, or failed (`error`). */
  died(reason: "stuck" | "failed", error: unknown): void;
}

export class ShardThread {
  /** How long a turn may go without a poll, in ms. */
  readonly silence: number;
  readonly #worker: Worker;
  readonly #stethoscope: Stethoscope;
  readonly #logs: LogReader;
  readonly #box = makeBlackBox();
  #listener: ShardListener | null = null;
  #watchdog: NodeJS.Timeout | null = null;
  #gone = false;

  constructor(engine: Engine, base: Base, silence: number) {
    this.silence = silence;
    const control = makeControl();
    const ring = makeRing();
    this.#stethoscope = new Stethoscope(control);
    this.#logs = new LogReader(ring);
    const workerData: ShardData = { engine, base, control, ring, box: this.#box };
    this.#worker = new Worker(new URL("../shard/main.js", import.meta.url), {
      workerData,
      resourceLimits: { stackSizeMb: STACK_MB },
    });
    // Idle, it keeps no process alive. A thread that has just come up counts again.
    this.#worker.unref();
    this.#worker.on("online", () => {
      if (this.#listener === null && !this.#gone) this.#worker.unref();
    });
    this.#worker.on("message", (message: FromShard) => this.#receive(message));
    this.#worker.on("error", (error) => this.#die("failed", error));
  }

  /** Serves one child, until `detach`. */
  attach(listener: ShardListener): void {
    this.#listener = listener;
    this.#worker.ref();
    this.#watchdog = setInterval(() => this.#listen(), LISTEN_MS);
  }

  detach(): void {
    this.#listener = null;
    this.#worker.unref();
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#watchdog = null;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** The selector of the thread whose turn runs right now, or null. */
  get running(): number | null {
    return this.#stethoscope.running;
  }

  post(message: ToShard): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message);
  }

  /** Ends it, whatever it does. What its child had written to its log comes out first. */
  async terminate(): Promise<void> {
    this.#gone = true;
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    // Whoever waits for the end must not find the process ended first: an idle thread does not keep it alive.
    this.#worker.ref();
    await this.#worker.terminate();
    this.#drain();
    if (this.running !== null) for (const text of readBlackBox(this.#box)) this.#listener?.log(text);
    this.detach();
  }

  #drain(): void {
    this.#logs.drain((text) => this.#listener?.log(text));
  }

  #receive(message: FromShard): void {
    this.#drain();
    if (message.kind !== "logged") this.#listener?.message(message);
  }

  #listen(): void {
    if (this.#stethoscope.silence(performance.now(), 2 * LISTEN_MS) >= this.silence) this.#die("stuck", null);
  }

  #die(reason: "stuck" | "failed", error: unknown): void {
    if (this.#gone) return;
    const listener = this.#listener;
    void this.terminate().then(() => listener?.died(reason, error));
  }
}

/** Threads that are ready: starting one takes some 40 ms, so one is kept warm. */
export class ThreadPool {
  readonly #engine: Engine;
  readonly #base: Base;
  readonly #silence: number;
  #idle: ShardThread[] = [];
  #closed = false;

  /** `silence`: how long a turn may go without a poll before its thread is ended, in ms. */
  constructor(engine: Engine, base: Base, silence: number = SILENCE_MS) {
    this.#engine = engine;
    this.#base = base;
    this.#silence = silence;
  }

  /** Starts a thread ahead of its use. */
  warm(): void {
    if (this.#idle.length === 0) this.#idle.push(this.#make());
  }

  take(): ShardThread {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) return this.#make();
      if (!idle.gone) return idle;
    }
  }

  #make(): ShardThread {
    return new ShardThread(this.#engine, this.#base, this.#silence);
  }

  give(thread: ShardThread): void {
    if (thread.gone) return;
    thread.detach();
    if (this.#closed || this.#idle.length >= MOST_IDLE) void thread.terminate();
    else this.#idle.push(thread);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const idle = this.#idle;
    this.#idle = [];
    await Promise.all(idle.map((thread) => thread.terminate()));
  }
}
