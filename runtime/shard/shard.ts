// A thread of the runtime: what the children in it share, and the children themselves, by the numbers that the host
// gave them.
import type { MessagePort } from "node:worker_threads";
import { RunQueue } from "../domain/run-queue.ts";
import { MachinePool } from "../engine/pool.ts";
import type { Machine } from "../engine/machine.ts";
import { rehearse } from "../engine/rehearsal.ts";
import { rehearseRecovery } from "../durable/recovery-rehearsal.ts";
import { tieringLate } from "../engine/late-tiering.ts";
import { compileEngine, type Engine } from "../engine/wasm-module.ts";
import { E, type Either } from "../../lib/fp.ts";
import { GrowthPlans } from "../durable/growth-plans.ts";
import { EpochFiles } from "../provider/epoch/epoch-file.ts";
import { Journals } from "../durable/journal/journals.ts";
import { BlackBoxWriter } from "./black-box.ts";
import { Compiler } from "./compiler.ts";
import { Idleness } from "./idleness.ts";
import { Pulse } from "./control.ts";
import { LogWriter } from "./log-ring.ts";
import { threadNumber } from "./processor-time.ts";
import type { FromResident, FromShard, ShardData, ToResident, ToShard } from "./protocol.ts";
import { Resident, type Household } from "./resident.ts";

interface Primed {
  readonly machine: Machine;
  readonly ram: number;
}

/** Right: it is there. Left: why a file of its own can't be had; its siblings are none the worse. */
const resident = (...its: ConstructorParameters<typeof Resident>): Either<string, Resident> => {
  try {
    return E.right(new Resident(...its));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    return E.left(message);
  }
};

/** What is said of one that never came to be. */
const unborn = (kind: "boot" | "revive" | "recover" | "wake", reason: string): FromResident =>
  kind === "boot"
    ? { kind: "booted", fault: { reason, stack: "" } }
    : { kind: "revived", result: E.left({ tag: "Step", step: "opening its log", reason }), ms: 0 };

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
    const pool = new MachinePool(engine);
    if (data.rehearses) void rehearseRecovery(data.base, pool);
    this.#household = {
      ...{ base: data.base, pool },
      compiler: new Compiler(data.base, pool),
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
      residents: () => this.#residents.size,
    };
  }

  /** Carries out what the host says. */
  receive({ resident: number, message }: ToShard): void {
    const { kind } = message;
    if (kind === "prime") return this.#prime(number, message);
    const primed = this.#primed.get(number);
    this.#primed.delete(number);
    if (primed !== undefined && kind !== "revive") this.#household.pool.give(primed.machine, primed.ram);
    if (kind === "boot" || kind === "revive" || kind === "recover" || kind === "wake") {
      const post = (said: FromResident): void => this.#post({ resident: number, message: said });
      const machine = kind === "revive" ? (primed?.machine ?? null) : null;
      const left = (): void => void this.#residents.delete(number);
      const made = resident(number, message.spec, this.#household, { post, left, primed: machine });
      if (E.isRight(made)) this.#residents.set(number, made.right);
      else {
        if (kind === "revive" && primed !== undefined) this.#household.pool.give(primed.machine, primed.ram);
        return post(unborn(kind, made.left));
      }
    }
    const here = this.#residents.get(number);
    // What still comes for one that has left, or never came, is for nobody: but that it is not there may be waited for.
    if (here !== undefined) here.receive(message);
    else if (message.kind === "release") this.#post({ resident: number, message: { kind: "released" } });
  }

  #prime(number: number, { memory, ram, expected }: Extract<ToResident, { readonly kind: "prime" }>): void {
    const machine = this.#primed.get(number)?.machine ?? this.#household.pool.take(memory.length, ram);
    if (expected !== null) machine.expect(expected.step, expected.changed);
    if (machine.prime(memory)) this.#primed.set(number, { machine, ram });
    else this.#primed.delete(number);
  }
}
