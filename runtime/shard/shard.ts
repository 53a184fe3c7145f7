// A thread of the runtime: what the children in it share, and the children themselves, by the numbers that the host
// gave them.
import type { MessagePort } from "node:worker_threads";
import { RunQueue } from "../domain/run-queue.ts";
import { MachinePool } from "../engine/pool.ts";
import type { Machine } from "../engine/machine.ts";
import { rehearse } from "../engine/rehearsal.ts";
import { tieringLate } from "../engine/late-tiering.ts";
import { compileEngine, type Engine } from "../engine/wasm-module.ts";
import { GrowthPlans } from "../durable/growth-plans.ts";
import { EpochFiles } from "../provider/epoch/epoch-file.ts";
import { Journals } from "../durable/journal/journals.ts";
import { BlackBoxWriter } from "./black-box.ts";
import { BytecodeCache } from "./bytecode-cache.ts";
import { Idleness } from "./idleness.ts";
import { Pulse } from "./control.ts";
import { LogWriter } from "./log-ring.ts";
import { threadNumber } from "./processor-time.ts";
import type { FromShard, ShardData, ToResident, ToShard } from "./protocol.ts";
import { Resident, type Household } from "./resident.ts";

interface Primed {
  readonly machine: Machine;
  readonly ram: number;
}

export class Shard {
  readonly #post: (message: FromShard) => void;
  readonly #household: Household;
  readonly #residents = new Map<number, Resident>();
  /** Machines that have taken in the memory of somebody who will live here, by the number that one will have. */
  readonly #primed = new Map<number, Primed>();

  constructor(data: ShardData, port: Pick<MessagePort, "postMessage">) {
    this.#post = (message) => port.postMessage(message);
    const queue = new RunQueue();
    const compile = (): Engine => compileEngine(data.engine);
    const engine = data.rehearses ? tieringLate(compile) : compile();
    if (data.rehearses) rehearse(engine, data.base);
    this.#household = {
      base: data.base,
      pool: new MachinePool(engine),
      bytecodes: new BytecodeCache(),
      queue,
      pulse: new Pulse(data.control, threadNumber()),
      box: new BlackBoxWriter(data.box),
      logs: new LogWriter(data.ring, () => this.#post("logged")),
      journals: new Journals(
        () => queue.length,
        data.tail,
        (waiting, failed) => void queue.each(waiting, failed),
      ),
      plans: new GrowthPlans(),
      epochs: new EpochFiles(),
      idleness: new Idleness(),
    };
  }

  /** Carries out what the host says. */
  receive({ resident: number, message }: ToShard): void {
    const { kind } = message;
    if (kind === "prime") return this.#prime(number, message);
    const primed = this.#primed.get(number);
    this.#primed.delete(number);
    if (primed !== undefined && kind !== "revive") this.#household.pool.give(primed.machine, primed.ram);
    if (kind === "boot" || kind === "revive" || kind === "recover" || kind === "wake")
      this.#residents.set(
        number,
        new Resident(number, message.spec, this.#household, {
          post: (said) => this.#post({ resident: number, message: said }),
          left: () => void this.#residents.delete(number),
          primed: kind === "revive" ? (primed?.machine ?? null) : null,
        }),
      );
    const resident = this.#residents.get(number);
    // What still comes for one that has left, or never came, is for nobody: but that it is not there may be waited for.
    if (resident !== undefined) resident.receive(message);
    else if (message.kind === "release") this.#post({ resident: number, message: { kind: "released" } });
  }

  #prime(number: number, { memory, ram, expected }: Extract<ToResident, { readonly kind: "prime" }>): void {
    const machine = this.#primed.get(number)?.machine ?? this.#household.pool.take(memory.length, ram);
    if (expected !== null) machine.expect(expected.step, expected.changed);
    if (machine.prime(memory)) this.#primed.set(number, { machine, ram });
    else this.#primed.delete(number);
  }
}
