// One child in a shard's thread: it makes the child's protection domain, drives it as the host says, and tells the
// host what happens.
import { prose, type SessionError } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import type { FromDomain, ToDomain } from "../core/link.ts";
import type { KeptEntries, LogSink } from "../core/log.ts";
import { mayRest } from "../checkpoint/alarms.ts";
import { capture, resume } from "../checkpoint/capture.ts";
import type { Effects } from "../checkpoint/effects.ts";
import { revive } from "../checkpoint/revive.ts";
import { systemClock } from "../core/clock.ts";
import { systemEntropy } from "../domain/entropy.ts";
import type { DomainPowers } from "../domain/domain-powers.ts";
import { ProtectionDomain } from "../domain/protection-domain.ts";
import type { RunQueue } from "../domain/run-queue.ts";
import type { EpochFiles } from "../provider/epoch/epoch-file.ts";
import { Bar } from "../provider/epoch/incarnation.ts";
import type { Base } from "../engine/base.ts";
import type { Machine } from "../engine/machine.ts";
import { sessionsIn } from "../intercept/ledger.ts";
import type { MachinePool } from "../engine/pool.ts";
import type { BlackBoxWriter } from "./black-box.ts";
import type { Compiler } from "./compiler.ts";
import type { Pulse } from "./control.ts";
import type { Idleness, Sleeper } from "./idleness.ts";
import type { LogWriter } from "./log-ring.ts";
import { PortalClient } from "./portal-client.ts";
import type { ChildSpec, Forerunner, FromResident, LogMatch, Look, ToResident } from "./protocol.ts";
import { processorTime, threadNumber } from "./processor-time.ts";
import { ShardRouter } from "./shard-router.ts";
import { Keeping, type MadeBefore } from "./keeping.ts";
import { pastOf } from "./past.ts";
import { storePageBytes } from "../durable/store/page-set.ts";
import { setAside } from "../durable/set-aside.ts";
import { astrayProse } from "../durable/astray.ts";
import { unsynced, type CheckpointError } from "../checkpoint/checkpoint-error.ts";
import type { GrowthPlans } from "../durable/growth-plans.ts";
import type { Journals } from "../durable/journal/journals.ts";

type Order<K extends ToResident["kind"]> = Extract<ToResident, { readonly kind: K }>;

/** What the residents of a thread share. */
export interface Household {
  readonly base: Base;
  readonly pool: MachinePool;
  readonly compiler: Compiler;
  readonly queue: RunQueue;
  readonly pulse: Pulse;
  readonly box: BlackBoxWriter;
  readonly logs: LogWriter;
  readonly journals: Journals;
  readonly plans: GrowthPlans;
  readonly epochs: EpochFiles;
  readonly idleness: Idleness;
  /** How many they are. */
  readonly residents: () => number;
}

export interface ResidentPowers {
  /** Its machine, where that has taken in some of its memory already; null: one is had from the pool. */
  readonly primed: Machine | null;
  readonly post: (message: FromResident) => void;
  /** It is no longer there, and hears nothing more. */
  readonly left: () => void;
}

/** A buffer for a memory of so many bytes: the kept one, if it fits and is not much larger. */
const stagingOf = (staging: SharedArrayBuffer | null, bytes: number): Uint8Array => {
  const room = staging?.byteLength ?? 0;
  if (staging !== null && room >= bytes && room <= 2 * bytes) return new Uint8Array(staging, 0, bytes);
  const fresh = new Uint8Array(new SharedArrayBuffer(bytes));
  // Touched, so that its pages are there before the child stands still.
  for (let at = 0; at < bytes; at += storePageBytes) fresh[at] = 0;
  return fresh;
};

/** Looked up when it is asked: the log is made after the router that leads to it. */
const keptEntries = (name: string, log: () => KeptEntries): KeptEntries => ({
  name,
  end: () => log().end(),
  size: (text) => log().size(text),
  writeAt: (text, place) => log().writeAt(text, place),
  writeAgain: (text, place) => log().writeAgain(text, place),
});

/** What whoever was at rest need not say again. */
const UNSAID: ReadonlySet<FromDomain["kind"]> = new Set(["connect", "call", "serving"]);

/** A session in the place of one that is gone. */
const isAnother = ({ changed }: RevivedInfo["reopened"][number]): boolean => changed === "new session";

/** Where running the past again takes longer, in ms of processor time, the next host is not to run it once more: a
 *  checkpoint comes first. */
const MOST_REPLAY_MS = 100;

/** What it did may be lost, and could not be done again. */
const isUndone = (error: CheckpointError): boolean => error.tag === "Step" && error.step === "redo";

export class Resident {
  readonly #number: number;
  readonly #spec: ChildSpec;
  readonly #household: Household;
  readonly #powers: ResidentPowers;
  readonly #portal: PortalClient;
  readonly #router: ShardRouter;
  readonly #bar = new Bar((error) => this.#stale(error));
  #domain: ProtectionDomain | null = null;
  #reviving: ProtectionDomain | null = null;
  /** What its revival changed outside, until it goes on. */
  #effects: Effects | null = null;
  #match: LogMatch | null = null;
  #capturing = false;
  /** It is being taken down for the host's own keeping: until that is over. */
  #takenDown: Promise<void> | null = null;
  /** The last look at its memory, and what that was the state of. */
  #seen: { readonly number: number; readonly version: number } | null = null;
  /** It was captured, and stands until it is resumed or released: nothing else may stop it and let it go. */
  #standing = false;
  readonly #keeping: Keeping | null;
  readonly #sleeper: Sleeper | null;
  /** Waits for the rest of its group. */
  #waiting: ((go: boolean) => void) | null = null;
  /** It was sent away while it was coming back: it goes when what it acquires is there to be released. */
  #leaving = false;
  /** Why what it wrote is not on stable storage: then it is as if it had ended, and waits for its release. */
  #undone: string | null = null;

  /** `number` tells it from the others of its thread. */
  constructor(number: number, spec: ChildSpec, household: Household, powers: ResidentPowers) {
    this.#number = number;
    this.#spec = spec;
    this.#household = household;
    this.#powers = powers;
    this.#portal = new PortalClient((message) => this.#post({ kind: "portal", message }));
    const log: LogSink = {
      write: (text) => this.#log(text),
      ...(spec.kept === undefined
        ? {}
        : { kept: { ...keptEntries(spec.kept.log, () => this.#keeping!.log) } }),
    };
    const { epochs } = household;
    this.#router = new ShardRouter(spec, { portal: this.#portal, log, epochs, bar: this.#bar });
    this.#keeping =
      spec.kept === undefined
        ? null
        : new Keeping({
            spec: spec.kept,
            journal: household.journals.to(spec.kept.journal),
            plans: household.plans,
            router: this.#router,
            log: (text) => this.#log(text),
            due: () => this.#post({ kind: "due" }),
            sharers: household.residents,
            unwritten: (reason) => this.#post({ kind: "unwritten", reason }),
            unsynced: (reason) => this.#unsynced(reason),
            warn: (text) => this.#post({ kind: "warning", text }),
          });
    this.#sleeper = this.#makeSleeper();
    if (this.#sleeper !== null) household.idleness.add(this.#sleeper);
  }

  /** Carries out what the host says. */
  receive(message: ToResident): void {
    switch (message.kind) {
      case "boot":
        return this.#boot(message);
      case "revive":
        return void this.#revive(message);
      case "go":
        this.#confirm();
        this.#keeping?.recorder.othersBack();
        return this.#undone === null ? this.#domain?.go() : undefined;
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
        this.#standing = false;
        if (this.#domain !== null) resume(this.#domain);
        return;
      case "release":
        return void this.#release();
      case "keep":
        return void this.#keep(message);
      case "rest":
        return void this.#rest(message);
      case "stir":
        if (this.#domain !== null) this.#keeping?.stir(this.#domain);
        return;
      case "prime":
        throw new Error(`${this.#spec.name} is here already`);
      case "wake":
        return void this.#wake(message);
      case "open":
        return this.#keeping?.recorder.open();
      case "recover":
        return void this.#recover(message);
      case "survey":
        return this.#survey();
      case "glimpse":
        return void this.#glimpse(message);
      case "measure":
        return this.#measure();
      case "turnOver":
        return this.#household.journals.turnOver(message.former, message.journal, () =>
          this.#post({ kind: "turnedOver" }),
        );
      case "link":
        // While it comes back, its own links speak to a domain that is not there yet.
        return (this.#domain ?? this.#reviving)?.hear(message.message);
      case "portal":
        return this.#portal.answer(message.message);
    }
  }

  #post(message: FromResident): void {
    this.#powers.post(message);
  }

  #domainPowers(): DomainPowers {
    const send = (said: FromDomain): void => this.#post({ kind: "link", message: said });
    const { pulse, box, queue } = this.#household;
    const number = this.#number;
    return {
      clock: systemClock,
      entropy: systemEntropy,
      router: this.#router,
      queue,
      links: { send },
      ...this.#keeping?.powers(send),
      events: {
        // Of a turn that was aborted only this is left.
        log: (text) => (this.#keeping === null ? this.#log(text) : this.#keeping.note(text)),
        exited: (code) => this.#exit(code),
        faulted: (fault, slot) => {
          this.#leave(false);
          this.#post({ kind: "faulted", fault, slot });
        },
        denied: (service, label, error) => this.#post({ kind: "denied", service, label, error }),
        returned: (ram, caps) => this.#post({ kind: "quota", ram, caps }),
        threadCreated: (selector, name) => this.#post({ kind: "thread", selector, name }),
        logging: (text) => box.add(text),
        turnBegins: (thread) => {
          box.clear();
          pulse.turnBegins(number, thread);
        },
        polls: () => pulse.polls(),
        givenUp: () => pulse.givenUp(),
        turnEnds: () => pulse.turnEnds(),
      },
    };
  }

  #log(text: string): void {
    this.#household.logs.write(this.#number, text);
    const match = this.#match;
    if (match === null || !("whole" in match ? match.whole === text : match.pattern.test(text))) return;
    this.#match = null;
    this.#domain?.hold();
    this.#post({ kind: "held" });
  }

  /** What comes back fails by itself, with the same error. */
  #stale(error: SessionError): void {
    if (this.#domain === null) return;
    this.#domain.hold();
    this.#post({ kind: "fenced", error });
  }

  /** Nothing of it may be seen any more: what it is told from now on no record tells of. */
  #unsynced(reason: string): void {
    this.#undone = reason;
    const domain = this.#domain ?? this.#reviving;
    // Whatever is being done with it may let it proceed; it takes no turn all the same.
    domain?.hold();
    domain?.deafen();
    this.#post({ kind: "unsynced", reason });
  }

  #boot(order: Order<"boot">): void {
    const spec = this.#spec;
    const { base, pool, compiler } = this.#household;
    const bytecode = compiler.compile(order, spec.quota.ram);
    if (!(bytecode instanceof Uint8Array)) return this.#post({ kind: "booted", fault: bytecode });
    const own = pool.take(base.memory.length, spec.quota.ram);
    if (!own.load(base.memory, base.registers, base.anchors))
      return this.#post({
        kind: "booted",
        fault: { reason: `${spec.quota.ram} bytes of RAM are too few for a protection domain`, stack: "" },
      });
    const domain = new ProtectionDomain(spec, own, this.#domainPowers());
    this.#domain = domain;
    domain.hold();
    domain.boot(bytecode);
    // Its first checkpoint comes after its code was loaded: no record says how that went.
    if (this.#keeping !== null) domain.load();
    this.#post({ kind: "booted", fault: null });
  }

  /** `made`: where it recovers, what it may have to make again, as in `Replayed`; `exited`: the code that it has ended with,
   *  and is to end with now, having seen to what is left to be done. */
  async #revive(
    { frozen, generation, expected, together }: Order<"revive">,
    made: MadeBefore | null = null,
    exited: number | null = null,
    follows: Forerunner | null = null,
  ): Promise<void> {
    const began = performance.now();
    const spec = this.#spec;
    const { pool } = this.#household;
    const { primed } = this.#powers;
    if (expected !== null) primed?.expect(expected.step, expected.changed);
    const revival = await revive({
      spec,
      powers: this.#domainPowers(),
      ...frozen,
      recovers: made !== null,
      machine: (bytes) => primed ?? pool.take(bytes, spec.quota.ram),
      made: (domain) => {
        this.#reviving = domain;
      },
      redo: (domain) => this.#acquired(domain, made),
      ...(together ? { together: () => this.#reached(0) } : {}),
    });
    this.#reviving = null;
    const ms = performance.now() - began;
    if (E.isRight(revival)) {
      this.#domain = revival.right.domain;
      this.#effects = revival.right.effects;
    }
    if (this.#leaving) return this.#release();
    if (E.isLeft(revival) && exited !== null && !isUndone(revival.left)) return this.#exit(exited);
    if (E.isLeft(revival)) return this.#post({ kind: "revived", result: revival, ms });
    const { domain, reopened } = revival.right;
    domain.hold();
    domain.signalRevived({ generation, host: spec.host, reopened });
    domain.proceed();
    const isNoted = follows !== null && exited === null && (await this.#follow(domain, follows));
    if (this.#undone !== null)
      return this.#post({ kind: "revived", result: E.left(unsynced(this.#undone)), ms });
    this.#post({
      ...{ kind: "revived", result: E.right(reopened), ms },
      ...(isNoted ? { follows: true } : {}),
    });
    const { refusal } = this.#bar;
    if (refusal !== null) this.#stale(refusal.left);
  }

  /** It has all that it had, which may have put a file back to what it was, and calls nothing yet. */
  #acquired(domain: ProtectionDomain, made: MadeBefore | null): Either<CheckpointError, void> {
    const again = (made === null ? undefined : this.#keeping?.inherit(domain, made)) ?? E.right(undefined);
    this.#household.plans.forget();
    if (E.isRight(again)) return again;
    const reason = `what it wrote before can't be written again: ${prose(again.left)}`;
    return E.left({ tag: "Step", step: "redo", reason });
  }

  async #follow(domain: ProtectionDomain, forerunner: Forerunner): Promise<boolean> {
    if (this.#keeping === null) return false;
    this.#capturing = true;
    this.#confirm();
    const isNoted = await this.#keeping.follow(domain, forerunner, this.#spec);
    this.#capturing = false;
    return isNoted;
  }

  /** Says where it stands, and waits until all of its group stand there. */
  #reached(number: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting = (go) => {
        this.#waiting = null;
        resolve(go);
      };
      this.#post({ kind: "reached", capture: number });
    });
  }

  async #capture({ capture: number, deadline, staging, since, together }: Order<"capture">): Promise<void> {
    // What the host does with it by itself nobody has asked for, and it is over soon.
    if (this.#takenDown !== null) await this.#takenDown;
    const domain = this.#domain;
    if (domain === null || this.#isTaken)
      return this.#post({ kind: "captured", capture: number, result: this.#untaken });
    this.#capturing = true;
    this.#confirm();
    this.#keeping?.recorder.othersBack();
    const into = (bytes: number): Uint8Array => stagingOf(staging, bytes);
    let changed: readonly number[] | null = null;
    const copy = (machine: Machine, memory: Uint8Array): void => {
      changed = this.#copy(machine, memory, staging, since);
    };
    const result = await capture(domain, {
      deadline,
      into,
      copy,
      ...(together ? { together: () => this.#reached(number) } : {}),
    });
    this.#capturing = false;
    // The image may be all that is left of it.
    if (E.isRight(result)) this.#keeping?.settle();
    this.#standing = E.isRight(result) && this.#undone === null;
    const taken = this.#undone === null ? result : E.left(unsynced(this.#undone));
    this.#post({
      kind: "captured",
      capture: number,
      result: E.isLeft(taken) ? taken : E.right({ ...taken.right, changed }),
    });
  }

  /** Whether it can't be taken down now, where it is there. */
  get #isTaken(): boolean {
    return this.#capturing || this.#standing || this.#undone !== null;
  }

  /** Why it can't be taken down. */
  get #untaken(): Either<CheckpointError, never> {
    if (this.#undone !== null) return E.left(unsynced(this.#undone));
    return E.left({ tag: this.#domain === null ? "Ended" : "Busy", child: this.#spec.label });
  }

  #confirm(): void {
    this.#effects?.confirm();
    this.#effects = null;
  }

  async #keep({ copy, known, loaded }: Order<"keep">): Promise<void> {
    const domain = this.#domain;
    if (domain === null || this.#keeping === null || this.#isTaken)
      return this.#post({ kind: "kept", result: this.#untaken });
    this.#capturing = true;
    this.#confirm();
    const keeping = this.#keeping.keep(domain, { buffer: copy, known, loaded });
    this.#takenDown = keeping.then(() => {});
    const result = await keeping;
    this.#takenDown = null;
    this.#capturing = false;
    this.#post({ kind: "kept", result });
  }

  // --- rest

  /** Tells its host when it has been idle for long enough. */
  #makeSleeper(): Sleeper | null {
    const { rest: after } = this.#spec;
    if (after === undefined || this.#keeping === null) return null;
    return {
      after,
      turns: () => (this.#domain === null || this.#domain.held ? null : this.#domain.turns),
      idle: () => {
        if (this.#domain !== null && mayRest(this.#domain, this.#router)) this.#post({ kind: "idle" });
      },
    };
  }

  async #rest({ copy, known }: Order<"rest">): Promise<void> {
    const domain = this.#domain;
    if (domain === null || this.#keeping === null || this.#isTaken)
      return this.#post({ kind: "rested", result: this.#untaken });
    this.#capturing = true;
    this.#confirm();
    const result = await this.#keeping.rest(domain, this.#router, { buffer: copy, known });
    this.#capturing = false;
    this.#post({ kind: "rested", result });
  }

  /** Where it is known to others it was there all the time to them: what it would say to come back is not said, and its
   *  links answer here. */
  async #wake({ former, generation, known }: Order<"wake">): Promise<void> {
    const began = performance.now();
    const spec = this.#spec;
    const { pool } = this.#household;
    let isBack = !known;
    const attached = (link: string): ToDomain => ({
      ...{ kind: "connected", link, owner: "", error: null, renewed: false },
    });
    const send = (said: FromDomain): void => {
      if (isBack) return this.#post({ kind: "link", message: said });
      if (said.kind === "attach") queueMicrotask(() => this.#reviving?.hear(attached(said.link)));
      else if (!UNSAID.has(said.kind)) this.#post({ kind: "link", message: said });
    };
    const powers = this.#domainPowers();
    const { snapshot, memory, registers, anchors, rested = 0 } = former;
    const revival = await revive({
      spec,
      powers: { ...powers, links: { send }, ...this.#keeping?.powers(send), goesOn: true },
      ...{ snapshot, memory, registers, anchors, rested },
      recovers: true,
      machine: (bytes) => pool.take(bytes, spec.quota.ram),
      made: (domain) => {
        this.#reviving = domain;
      },
      redo: (domain) => this.#acquired(domain, null),
    });
    isBack = true;
    this.#reviving = null;
    if (E.isRight(revival)) {
      this.#domain = revival.right.domain;
      this.#effects = revival.right.effects;
    }
    if (this.#leaving) return this.#release();
    const result =
      this.#undone !== null
        ? E.left(unsynced(this.#undone))
        : E.isLeft(revival)
          ? revival
          : E.right(known ? [] : revival.right.reopened.filter(isAnother));
    if (E.isRight(revival)) {
      const { domain } = revival.right;
      domain.hold();
      if (E.isRight(result) && result.right.length > 0)
        domain.signalRevived({ generation, host: spec.host, reopened: result.right });
      domain.proceed();
    }
    this.#post({ kind: "revived", result, ms: performance.now() - began });
  }

  /** The past first, in a domain that touches nothing; then a revival like any other. */
  async #recover(order: Order<"recover">): Promise<void> {
    const { former, records, successors, follows, aside, examined, generation } = order;
    const spec = this.#spec;
    const began = processorTime(threadNumber());
    const place = { spec, router: this.#router, pool: this.#household.pool };
    const past = await pastOf(place, former, records, successors);
    const isQuick = processorTime(threadNumber()) - began <= MOST_REPLAY_MS;
    if (E.isLeft(past)) {
      const { left } = past;
      if (left.tag !== "Astray") return this.#post({ kind: "revived", result: E.left(left), ms: 0 });
      return this.#post({ kind: "astray", reason: astrayProse(left) });
    }
    const { memory, registers, exited, calls } = past.right;
    const { anchors } = former;
    const { snapshot, event } =
      aside === null
        ? { snapshot: past.right.snapshot, event: null }
        : setAside(past.right.snapshot, aside.slot, spec.label);
    if (aside !== null || examined) this.#post({ kind: "aside", event, calls });
    if (examined)
      return this.#post({ kind: "revived", result: E.left({ tag: "Ended", child: spec.label }), ms: 0 });
    const frozen = { snapshot, memory, registers, anchors };
    // One that is over waits for nobody, and not for long for what it called.
    if (exited === null) this.#keeping?.recorder.awaitOthers();
    return this.#revive(
      { kind: "revive", spec, frozen, generation, expected: null, together: false },
      { effects: past.right.made, after: former.undone ?? null },
      exited,
      isQuick ? follows : null,
    );
  }

  #exit(code: number): void {
    if (this.#undone !== null) return;
    this.#leave(true);
    this.#post({ kind: "exited", code });
  }

  #survey(): void {
    const domain = this.#domain;
    if (domain === null) return this.#post({ kind: "surveyed", survey: null });
    const calls = [...domain.pending].map(({ selector, entry }) => ({ selector, method: entry.name }));
    const { used: ram } = domain.ram();
    const survey = { ledger: domain.ledger, calls, memoryBytes: domain.machine.size, ram };
    this.#post({ kind: "surveyed", survey });
  }

  /** Turns are whole: whenever a message is heard, none is under way. */
  async #glimpse({ staging, since }: Order<"glimpse">): Promise<void> {
    if (this.#takenDown !== null) await this.#takenDown;
    const domain = this.#domain;
    if (domain === null || this.#isTaken) return this.#post({ kind: "glimpsed", glimpse: null });
    domain.load();
    const { machine } = domain;
    const memory = stagingOf(staging, machine.size);
    const changed = this.#copy(machine, memory, staging, since);
    this.#seen = { number: (this.#seen?.number ?? 0) + 1, version: machine.version };
    this.#post({ kind: "glimpsed", glimpse: { memory, changed, number: this.#seen.number } });
  }

  /** Brings its memory there, and answers which chunks of it are otherwise than in the look that `staging` is of; null:
   *  any may be. */
  #copy(
    machine: Machine,
    memory: Uint8Array,
    staging: SharedArrayBuffer | null,
    since: Look | undefined,
  ): readonly number[] | null {
    if (since === undefined || memory.buffer !== staging) {
      machine.state.copyTo(memory);
      return null;
    }
    // Nothing has run since then.
    const isSeen = since.number === this.#seen?.number && machine.version === this.#seen.version;
    return isSeen ? [] : machine.state.copyChanges(memory, since.step);
  }

  #measure(): void {
    const domain = this.#domain;
    if (domain === null) return;
    const extent = { memory: domain.ram().used, sessions: sessionsIn(domain.ledger) };
    this.#post({ kind: "measured", extent });
  }

  async #release(): Promise<void> {
    this.#waiting?.(false);
    this.#leaving = this.#reviving !== null;
    if (this.#leaving) return;
    this.#domain?.hold();
    await this.#keeping?.recorder.finish();
    for (const { service, name, error } of (await this.#effects?.retract()) ?? [])
      this.#log(`${service} ${name} could not be put back as it was: ${prose(error)}`);
    this.#effects = null;
    this.#household.plans.forget();
    // What is closed now is no longer there to be synced.
    if (this.#domain !== null) this.#keeping?.recorder.syncFiles();
    await this.#domain?.release();
    this.#leave(true);
    this.#post({ kind: "released" });
  }

  /** The child is no longer here. A machine that faulted is not used again. */
  #leave(reusable: boolean): void {
    const domain = this.#domain;
    this.#domain = null;
    if (this.#sleeper !== null) this.#household.idleness.delete(this.#sleeper);
    this.#keeping?.end();
    this.#router.close();
    if (domain !== null && reusable) this.#household.pool.give(domain.machine, this.#spec.quota.ram);
    this.#powers.left();
  }
}
