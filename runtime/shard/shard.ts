// The child's part of the runtime, in a thread of its own: it makes the protection domain, drives it as the host
// says, and tells the host what happens. One child at a time; after it, the thread serves another.
import type { MessagePort } from "node:worker_threads";
import { prose } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { capture, resume } from "../checkpoint/capture.ts";
import type { Effects } from "../checkpoint/effects.ts";
import { revive } from "../checkpoint/revive.ts";
import { systemClock } from "../core/clock.ts";
import { systemEntropy } from "../domain/entropy.ts";
import type { DomainPowers } from "../domain/domain-powers.ts";
import { ProtectionDomain } from "../domain/protection-domain.ts";
import { MachinePool } from "../engine/pool.ts";
import { BlackBoxWriter } from "./black-box.ts";
import { Pulse } from "./control.ts";
import { LogWriter } from "./log-ring.ts";
import { PortalClient } from "./portal-client.ts";
import type { ChildSpec, FromShard, LogMatch, ShardData, ToShard } from "./protocol.ts";
import { ShardRouter } from "./shard-router.ts";

type Order<K extends ToShard["kind"]> = Extract<ToShard, { readonly kind: K }>;

export class Shard {
  readonly #data: ShardData;
  readonly #post: (message: FromShard) => void;
  readonly #pool: MachinePool;
  readonly #pulse: Pulse;
  readonly #box: BlackBoxWriter;
  readonly #logs: LogWriter;
  readonly #portal: PortalClient;
  #domain: ProtectionDomain | null = null;
  #reviving: ProtectionDomain | null = null;
  /** What its revival changed outside, until it goes on. */
  #effects: Effects | null = null;
  #router: ShardRouter | null = null;
  #match: LogMatch | null = null;
  #capturing = false;
  /** Waits for the rest of its group. */
  #waiting: ((go: boolean) => void) | null = null;

  constructor(data: ShardData, port: Pick<MessagePort, "postMessage">) {
    this.#data = data;
    this.#post = (message) => port.postMessage(message);
    this.#pool = new MachinePool(data.engine);
    this.#pulse = new Pulse(data.control);
    this.#box = new BlackBoxWriter(data.box);
    this.#logs = new LogWriter(data.ring, () => this.#post({ kind: "logged" }));
    this.#portal = new PortalClient((message) => this.#post({ kind: "portal", message }));
  }

  /** Carries out what the host says. */
  receive(message: ToShard): void {
    switch (message.kind) {
      case "boot":
        return this.#boot(message);
      case "revive":
        return void this.#revive(message);
      case "go":
        this.#confirm();
        return this.#domain?.go();
      case "hold":
        return this.#domain?.hold();
      case "watch":
        this.#match = message.match;
        return;
      case "capture":
        return void this.#capture(message);
      case "together":
        return this.#waiting?.(message.go);
      case "resume":
        if (this.#domain !== null) resume(this.#domain);
        return;
      case "release":
        return void this.#release();
      case "link":
        // While it comes back, its own links speak to a domain that is not there yet.
        return (this.#domain ?? this.#reviving)?.hear(message.message);
      case "portal":
        return this.#portal.answer(message.message);
    }
  }

  #powers(spec: ChildSpec): DomainPowers {
    const pulse = this.#pulse;
    const box = this.#box;
    const router = new ShardRouter(spec, {
      portal: this.#portal,
      log: { write: (text) => this.#log(text) },
    });
    this.#router = router;
    return {
      clock: systemClock,
      entropy: systemEntropy,
      router,
      links: { send: (said) => this.#post({ kind: "link", message: said }) },
      events: {
        log: (text) => this.#log(text),
        exited: (code) => {
          this.#done(true);
          this.#post({ kind: "exited", code });
        },
        faulted: (fault) => {
          this.#done(false);
          this.#post({ kind: "faulted", fault });
        },
        denied: (service, label, error) => this.#post({ kind: "denied", service, label, error }),
        returned: (ram, caps) => this.#post({ kind: "quota", ram, caps }),
        threadCreated: (selector, name) => this.#post({ kind: "thread", selector, name }),
        logging: (text) => box.add(text),
        turnBegins: (thread) => {
          box.clear();
          pulse.turnBegins(thread);
        },
        polls: () => pulse.polls(),
        turnEnds: () => pulse.turnEnds(),
      },
    };
  }

  #log(text: string): void {
    this.#logs.write(text);
    const match = this.#match;
    if (match === null || !("whole" in match ? match.whole === text : match.pattern.test(text))) return;
    this.#match = null;
    this.#domain?.hold();
    this.#post({ kind: "held" });
  }

  #boot({ spec, code, file }: Order<"boot">): void {
    const { base } = this.#data;
    // Compiled in a machine of its own, so that the compiler leaves no trace in the child's memory.
    const compiler = this.#pool.take(base.memory.length, spec.quota.ram);
    compiler.load(base.memory, base.registers, base.anchors);
    const bytecode = compiler.compile(code, file);
    this.#pool.give(compiler, spec.quota.ram);
    if (!(bytecode instanceof Uint8Array)) return this.#post({ kind: "booted", fault: bytecode });
    const machine = this.#pool.take(base.memory.length, spec.quota.ram);
    if (!machine.load(base.memory, base.registers, base.anchors))
      return this.#post({
        kind: "booted",
        fault: { reason: `${spec.quota.ram} bytes of RAM are too few for a protection domain`, stack: "" },
      });
    this.#match = null;
    const domain = new ProtectionDomain(spec, machine, this.#powers(spec));
    this.#domain = domain;
    domain.hold();
    domain.boot(bytecode);
    this.#post({ kind: "booted", fault: null });
  }

  async #revive({ spec, frozen, generation }: Order<"revive">): Promise<void> {
    const began = performance.now();
    const revival = await revive({
      spec,
      powers: this.#powers(spec),
      anchors: this.#data.base.anchors,
      ...frozen,
      machine: (bytes) => this.#pool.take(bytes, spec.quota.ram),
      made: (domain) => {
        this.#reviving = domain;
      },
    });
    this.#reviving = null;
    const ms = performance.now() - began;
    if (E.isLeft(revival)) {
      this.#router?.close();
      return this.#post({ kind: "revived", result: revival, ms });
    }
    const { reopened } = revival.right;
    this.#match = null;
    this.#domain = revival.right.domain;
    this.#effects = revival.right.effects;
    this.#domain.hold();
    this.#domain.signalRevived({ generation, host: spec.host, reopened });
    this.#domain.proceed();
    this.#post({ kind: "revived", result: E.right(reopened), ms });
  }

  /** Says where it stands, and waits until all of its group stand there. */
  #reached(capture: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting = (go) => {
        this.#waiting = null;
        resolve(go);
      };
      this.#post({ kind: "reached", capture });
    });
  }

  async #capture({ capture: number, deadline, staging, together }: Order<"capture">): Promise<void> {
    const domain = this.#domain;
    const child = domain?.spec.label ?? "the child";
    if (domain === null || this.#capturing)
      return this.#post({
        kind: "captured",
        capture: number,
        result: E.left(domain === null ? { tag: "Ended", child } : { tag: "Busy", child }),
      });
    this.#capturing = true;
    this.#confirm();
    const into = (bytes: number): Uint8Array => {
      if (staging?.byteLength === bytes) return new Uint8Array(staging);
      // Filled, so that its pages are there before the child stands still.
      return new Uint8Array(new SharedArrayBuffer(bytes)).fill(1);
    };
    const result = await capture(domain, {
      deadline,
      into,
      ...(together ? { together: () => this.#reached(number) } : {}),
    });
    this.#capturing = false;
    this.#post({ kind: "captured", capture: number, result });
  }

  #confirm(): void {
    this.#effects?.confirm();
    this.#effects = null;
  }

  async #release(): Promise<void> {
    for (const { service, name, error } of (await this.#effects?.retract()) ?? [])
      this.#log(`${service} ${name} could not be put back as it was: ${prose(error)}`);
    this.#effects = null;
    await this.#domain?.release();
    this.#done(true);
    this.#post({ kind: "released" });
  }

  /** The child is no longer here. A machine that faulted is not used again. */
  #done(reusable: boolean): void {
    const domain = this.#domain;
    this.#domain = null;
    this.#router?.close();
    this.#router = null;
    if (domain !== null && reusable) this.#pool.give(domain.machine, domain.spec.quota.ram);
  }
}
