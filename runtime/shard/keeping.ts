// What a resident of a durable host has beside its domain: a recorder of all that enters it, the log that outlives it,
// and the names that it gives. Checkpoints are taken from here.
import { prose } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import { alarmsOf, mayRest, type Alarm, type RestingRoutes } from "../checkpoint/alarms.ts";
import { capture, resume, type Captured } from "../checkpoint/capture.ts";
import { unsynced, type CheckpointError } from "../checkpoint/checkpoint-error.ts";
import type { FromDomain } from "../core/link.ts";
import type { DomainPowers } from "../domain/domain-powers.ts";
import { systemEntropy } from "../domain/entropy.ts";
import type { ProtectionDomain } from "../domain/protection-domain.ts";
import type { Router } from "../domain/router.ts";
import type { Answer, Growth } from "../core/service.ts";
import type { MadeBy } from "../durable/replay.ts";
import type { GrowthPlans } from "../durable/growth-plans.ts";
import { refreshCopy, roomFor } from "../durable/last-copy.ts";
import type { JournalWriter } from "../durable/journal/journal-writer.ts";
import { remaining } from "../durable/remaining.ts";
import { Recorder } from "../durable/recorder.ts";
import { encodeSuccession } from "../durable/succession.ts";
import { KeptLog } from "./kept-log.ts";
import type { ChildSpec, Forerunner, KeptSpec } from "./protocol.ts";

export interface KeepingOptions {
  readonly spec: KeptSpec;
  readonly journal: JournalWriter;
  readonly plans: GrowthPlans;
  readonly router: Router;
  /** Hears of each log entry when it is kept. */
  readonly log: (text: string) => void;
  /** So much has entered it since its last checkpoint that it should have another. */
  readonly due: () => void;
  /** How many children its thread has. */
  readonly sharers: () => number;
  /** The journal takes nothing from it, for this reason. */
  readonly unwritten: (reason: string) => void;
  /** What it wrote can't be had on stable storage, for this reason: it must be brought back to where it writes it again.
   *  It is as if it had ended, and only its release may follow. */
  readonly unsynced: (reason: string) => void;
  /** Something failed that costs nothing yet. */
  readonly warn: (text: string) => void;
}

/** What the incarnation before made, where it may be lost, and by what. */
export interface MadeBefore {
  readonly effects: readonly MadeBy[];
  readonly after: "power" | "disk" | null;
}

/** Where a checkpoint's memory goes. */
export interface KeptCopy {
  readonly buffer: SharedArrayBuffer | null;
  /** Bytes at its beginning that are those of the last checkpoint. */
  readonly known: number;
  /** They are what its machine was loaded with. */
  readonly loaded?: boolean;
}

export interface Kept extends Captured {
  /** The pages that are otherwise than in the last checkpoint; null: not known. */
  readonly changed: Uint8Array | null;
  /** How many records it comes after, and how many names were given. */
  readonly sequence: number;
  readonly names: number;
}

/** One that stands still to be put to rest. */
export interface KeptResting extends Kept {
  readonly alarms: readonly Alarm[];
}

const NO_BYTES = new Uint8Array();
/** A checkpoint keeps larger ones better: what did not change is not written again. */
const MOST_NOTE_BYTES = 1 << 18;

/** `idle`: nothing was taken down; `rest`: its copy is no longer that of the last checkpoint. */
const restless = (step: "idle" | "rest", reason: string): Either<CheckpointError, never> =>
  E.left({ tag: "Step", step, reason });

/** Names that no other incarnation gives: UUIDs are drawn, and a replay could not draw them again. */
export const namesOf = (incarnation: number, given: number): { next(): string; readonly given: number } => {
  let count = given;
  return {
    next: () => `${incarnation}-${count++}`,
    get given() {
      return count;
    },
  };
};

export class Keeping {
  readonly log: KeptLog;
  readonly recorder: Recorder;
  readonly #options: KeepingOptions;
  readonly #names: ReturnType<typeof namesOf>;

  /** Throws where the log's file can't be had. */
  constructor(options: KeepingOptions) {
    const { spec, journal, plans, router, due, sharers, unwritten, warn } = options;
    this.#options = options;
    this.#names = namesOf(spec.incarnation, spec.goesOn?.names ?? 0);
    this.log = new KeptLog(spec.log, spec.logBytes, options.log);
    const former = spec.goesOn === undefined ? {} : { sequence: spec.goesOn.sequence, open: true };
    this.recorder = new Recorder(
      {
        incarnation: spec.incarnation,
        policy: spec.policy,
        journal,
        plans,
        due,
        sharers,
        unwritten,
        alsoSync: () => this.log.sync(),
        unsynced: (reason) => options.unsynced(reason),
        warn,
        isInner: ({ service, label, declared }) =>
          declared === true || (router.child?.(service, label) ?? null) !== null,
      },
      former,
    );
  }

  /** What its domain has instead of a passing one's. `send` says something to other children. */
  powers(send: (message: FromDomain) => void): Pick<DomainPowers, "entropy" | "names" | "witness" | "links"> {
    const { spec, journal, unwritten } = this.#options;
    return {
      entropy: { fill: (into) => systemEntropy.fill(into), secret: () => spec.secret },
      names: () => this.#names.next(),
      witness: this.recorder,
      links: {
        send(message) {
          // Whoever hears of what it did must not be written down before it.
          journal.write();
          if (journal.failed) unwritten("what it was told can't be written");
          send(message);
        },
      },
    };
  }

  /** Adds an entry to the log that no record tells of, behind all that were planned. */
  note(text: string): void {
    const { log } = this;
    const { plans } = this.#options;
    const growth: Growth = {
      name: log.name,
      end: () => E.right(log.end()),
      size: () => log.size(text),
      append: () => E.right(undefined),
    };
    this.#told(log.writeAt(text, plans.reserve(growth, text) ?? log.end()), text);
    plans.done(growth, true);
  }

  #told(written: Answer<void>, text: string): void {
    if (E.isLeft(written))
      this.#options.warn(`its log can't be written: ${prose(written.left)}${text === "" ? "" : `: ${text}`}`);
  }

  /** What it has of the incarnation before it, which may have ended before all that was on stable storage. `made`: what
   *  may have been lost. Fails where that can't be done again. */
  inherit(domain: ProtectionDomain, { effects, after }: MadeBefore): Answer<void> {
    const fileOf = (selector: number): unknown => {
      const { entity } = (domain.object(selector)?.life?.opened ?? {}) as { readonly entity?: unknown };
      return entity ?? selector;
    };
    for (const { selector, effect } of after === "disk" ? remaining(effects, fileOf) : effects) {
      const done = domain.object(selector)?.life?.again?.(effect);
      if (done !== undefined && E.isLeft(done)) return done;
    }
    this.recorder.inherit([...domain.capabilities.values()].map(({ object }) => object));
    return E.right(undefined);
  }

  /** What it has let out is on stable storage when this returns. Left: it is not, and `unsynced` was told. */
  settle(): Answer<void> {
    this.#options.journal.write();
    return this.recorder.syncFiles();
  }

  /** Notes that it goes on where the one before it ended, in the place of a first checkpoint: see `succession.ts`. It has
   *  taken no turn. False where it can't be noted; nothing has changed then. */
  async follow(
    domain: ProtectionDomain,
    { incarnation: former, after, generation }: Forerunner,
    { routes }: ChildSpec,
  ): Promise<boolean> {
    const { spec } = this.#options;
    const { recorder } = this;
    let [sequence, names] = [0, 0];
    recorder.hold();
    const captured = await capture(domain, {
      deadline: 0,
      into: () => NO_BYTES,
      copy: () => {},
      plan: (slot, turn) => recorder.plan(slot, turn),
      taken: () => {
        // The note is a record itself.
        sequence = recorder.sequence + 1;
        names = this.#names.given;
      },
    });
    // Its memory must be what the former one's records lead to.
    const isOwn = E.isRight(captured) && domain.machine.touched !== null;
    const note = isOwn
      ? encodeSuccession({
          ...{ format: 1, former, after, generation, sequence, names },
          ...{ incarnation: spec.incarnation, secret: spec.secret },
          snapshot: captured.right.snapshot,
          routes: routes.map((route) => ({ ...route })),
          quota: captured.right.snapshot.ledger.quota,
        })
      : null;
    const isNoted = note !== null && note.length <= MOST_NOTE_BYTES && recorder.sequence + 1 === sequence;
    const noted = isNoted ? recorder.follow(former, note) : null;
    if (E.isRight(captured)) resume(domain);
    recorder.release();
    await noted;
    return isNoted;
  }

  /** Takes it down between two turns; it runs on. */
  async keep(domain: ProtectionDomain, copy: KeptCopy): Promise<Either<CheckpointError, Kept>> {
    const taken = await this.#take(domain, copy);
    if (E.isRight(taken)) resume(domain);
    this.recorder.release();
    return E.isLeft(taken) ? taken : this.#taken(taken.right);
  }

  /** Takes it down so that it can rest. On success it stands still, until `stir` or its release. */
  async rest(
    domain: ProtectionDomain,
    routes: RestingRoutes,
    copy: KeptCopy,
  ): Promise<Either<CheckpointError, KeptResting>> {
    if (!mayRest(domain, routes)) return restless("idle", "it has something to do, or holds what can't rest");
    const taken = await this.#take(domain, copy, () => this.recorder.rest());
    if (E.isLeft(taken)) {
      this.recorder.release();
      return taken;
    }
    const alarms = alarmsOf(domain, taken.right.snapshot, routes);
    if (typeof alarms === "string") {
      this.stir(domain);
      return restless("rest", `it is ${alarms}`);
    }
    const settled = this.#taken(taken.right);
    return E.isLeft(settled) ? settled : E.right({ ...settled.right, alarms });
  }

  /** Its effects are held then; on success it stands still. `standing` is called in the moment that it is taken down as. */
  async #take(
    domain: ProtectionDomain,
    { buffer, known, loaded = false }: KeptCopy,
    standing: () => void = () => {},
  ): Promise<Either<CheckpointError, Kept>> {
    const { recorder } = this;
    let [sequence, names] = [0, 0];
    let changed: Uint8Array | null = null;
    recorder.hold();
    const captured = await capture(domain, {
      deadline: 0,
      into: (bytes) =>
        buffer !== null && buffer.byteLength >= bytes ? new Uint8Array(buffer, 0, bytes) : roomFor(bytes),
      copy(machine, memory) {
        if (known === 0 || memory.buffer !== buffer) machine.state.copyTo(memory);
        else changed = refreshCopy(machine, memory, known, loaded).bits;
      },
      plan: (slot, turn) => recorder.plan(slot, turn),
      taken: () => {
        sequence = recorder.sequence;
        names = this.#names.given;
        standing();
      },
    });
    return E.isLeft(captured) ? captured : E.right({ ...captured.right, changed, sequence, names });
  }

  /** The records that this came from may be trimmed once it is kept, so what they say was written must be there. */
  #taken(kept: Kept): Either<CheckpointError, Kept> {
    const settled = this.settle();
    if (E.isLeft(settled)) return E.left(unsynced(prose(settled.left)));
    this.recorder.checkpointed(kept.pauseMs);
    return E.right(kept);
  }

  /** It does not rest after all. */
  stir(domain: ProtectionDomain): void {
    this.recorder.stir();
    resume(domain);
    this.recorder.release();
  }

  /** It is no longer here. */
  end(): void {
    this.recorder.end();
    this.#options.journal.write();
    this.log.close();
  }
}
