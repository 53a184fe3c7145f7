// The children of a durable host, as they come to life, end, and are brought back.
import { E, type Either } from "../../lib/fp.ts";
import { Report } from "../../lib/session/report.ts";
import { isUnsynced } from "../checkpoint/checkpoint-error.ts";
import type { Compiled } from "../component/compile.ts";
import type { Child } from "../host/child.ts";
import type { Ending } from "../host/ending.ts";
import type { HostEvent } from "../host/event.ts";
import { DEFAULT_KEEPING, type StartConfig } from "../host/host-config.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import type { FormerLife } from "../host/former-life.ts";
import { LiveHost } from "../host/live-host.ts";
import { DISK_POLICY } from "../host/restart-policy.ts";
import type { Image } from "../image/image.ts";
import type { Container } from "../migrate/container.ts";
import { isContainerPath } from "../migrate/landings.ts";
import type { Aside } from "../shard/protocol.ts";
import { ChildLog } from "./child-log.ts";
import { durableProse, hostFailed, type DurableError } from "./durable-error.ts";
import type { DurableEvent } from "./durable-event.ts";
import type { DurableEntry, DurableHostOptions } from "./durable-host.ts";
import { EntryKeeping } from "./entry-keeping.ts";
import type { EntryBook, RecordError } from "./entry-book.ts";
import { UNBORN, type EntryRecord } from "./entry-record.ts";
import { addFault, dropFaults, readFaults, type FaultRecord } from "./fault-book.ts";
import { Faults } from "./faults.ts";
import { NO_EVENT } from "../domain/witness.ts";
import { digestOf, readSealed, unclaim } from "./image-copy.ts";

export type Done = Either<DurableError, DurableEvent>;

export interface KeptLivesOptions extends DurableHostOptions {
  /** Brings the travelers of a container to life that stands in the record. */
  readonly landed: (path: string) => Promise<Either<DurableError, readonly Child[]>>;
  readonly book: EntryBook;
  /** Whether something is being done with a child, for which it stays awake. */
  readonly isBusy: (child: string) => boolean;
  /** Brings a child back that ended for no fault of its own, or one that is forgiven. */
  readonly restart: (child: string) => void;
  /** Has `examine` called, once the child has ended and nothing else is being done with it. */
  readonly examine: (child: string) => void;
}

export class KeptLives {
  readonly entries: ReadonlyMap<string, DurableEntry>;
  readonly live: LiveHost;
  readonly keeping: EntryKeeping;
  readonly #options: KeptLivesOptions;
  readonly #logs = new Map<string, ChildLog>();
  readonly #faults: Faults;
  /** How those ended, in this host, who are to be brought back. */
  readonly #fallen = new Map<string, Ending>();
  /** What brought those down of whom it is yet to be found out more. */
  readonly #down = new Map<string, Omit<FaultRecord, "event" | "forgiven" | "calls">>();
  /** Why children that should live do not: they could not be brought back. */
  readonly #absent = new Map<string, string>();
  /** Children whose coming and going is part of something that is told as a whole. */
  readonly #quiet = new Set<string>();
  /** The last thing that was told of each child beside its log. */
  readonly #last = new Map<string, HostEvent>();
  /** While children are brought back, those that are back: what they share with the others, such as the end of a file
   *  that several append to, is as it was only when all are. */
  #standing: Child[] | null = [];
  /** What is being written down. */
  readonly #writing = new Set<Promise<unknown>>();
  /** Those that had fallen when the former host ended, before all was seen to; and of these who are back, and take no turn. */
  readonly #fellBefore = new Set<string>();
  readonly #laidOut = new Map<string, Child>();
  #begun = false;
  #closed = false;

  /** Throws where a provider can't be made. */
  constructor(options: KeptLivesOptions) {
    this.#options = options;
    const { config, runtime, keeper, reports, book, folder } = options;
    this.entries = new Map(config.entries.map((entry) => [entry.config.name, entry]));
    this.keeping = new EntryKeeping({ folder, book, keeper, warn: (child, text) => this.#warn(child, text) });
    this.#faults = new Faults(book, (child) => this.entries.get(child)?.restart ?? null);
    this.live = new LiveHost({
      config: config.host,
      runtime,
      keeper,
      reports: reports.only((name) => config.entries.some((entry) => publishes(entry, name))),
      emit: (event) => this.#happened(event),
      // What a child is, is written down before it does anything.
      beforeGo: () => "hold",
      comesBack: (child, ending) =>
        this.live.child(child.name) === child && this.#comesBack(child.name, ending),
      lost: (child, reason) => this.#lost(child.name, reason),
      staysAwake: options.isBusy,
      unwoken: (child, error) => this.#unwoken(child, error),
    });
  }

  // --- what happens

  emit(event: DurableEvent): void {
    this.#options.emit(event);
  }

  #warn(child: string, text: string): void {
    this.emit({ event: "warning", child, text });
  }

  /** What happens to a child meanwhile is not told. */
  async quietly<T>(child: string, act: () => Promise<T>): Promise<T> {
    this.#quiet.add(child);
    try {
      return await act();
    } finally {
      this.#quiet.delete(child);
    }
  }

  #happened(event: HostEvent): void {
    const { child } = event;
    if (this.#closed && event.event !== "log") return;
    switch (event.event) {
      case "log": {
        const { text, kept } = event;
        if (kept !== true) this.#log(child).append(text);
        return this.emit({ event: "log", child, text });
      }
      case "exited":
        this.#meanwhile(this.over(child, { state: "exited", code: event.code }));
        return this.emit(event);
      case "faulted":
        this.emit(event);
        return this.#faulted(event);
      case "fenced":
        void this.#fenced(child, event.reason);
        return this.emit(event);
      case "rested":
      case "woken":
      case "denied":
      case "warning":
        return this.emit(event);
      default:
        this.#last.set(child, event);
        if (!this.#quiet.has(child)) this.emit(event);
    }
  }

  #log(child: string): ChildLog {
    const known = this.#logs.get(child);
    if (known !== undefined) return known;
    const { logs: folder } = this.#options.folder;
    const failed = (reason: string): void => this.#warn(child, `its log can't be kept: ${reason}`);
    const made = new ChildLog({ folder, child, failed });
    this.#logs.set(child, made);
    return made;
  }

  // --- ends

  /** Nobody waits for it but the end of the host. */
  #meanwhile(writing: Promise<unknown>): void {
    const done = writing.finally(() => this.#writing.delete(done));
    this.#writing.add(done);
  }

  /** Asked before anybody hears that it has ended. */
  #comesBack(child: string, ending: Ending): boolean {
    if (this.#closed) return false;
    if (ending.kind === "faulted" && (!this.#faults.forgives(child, Date.now()) || ending.final === true))
      return false;
    if (ending.kind === "unsynced" && !this.#faults.forgives(child, Date.now(), DISK_POLICY)) return false;
    this.#fallen.set(child, ending);
    return true;
  }

  #faulted({ child, reason, at, stack }: Extract<HostEvent, { readonly event: "faulted" }>): void {
    const before = this.keeping.of(child);
    const living = this.live.child(child);
    const hasBegun = living?.ending?.kind === "faulted";
    const generation = hasBegun ? living.identity.generation : 1;
    this.#down.set(child, { at: Date.now(), generation, reason, place: at, stack });
    // One that could not even begin is for whoever has started it.
    if (!hasBegun) return this.#meanwhile(this.#noteFault(child, null, false));
    const { faults, policy } = this.#faults.of(child);
    if (this.#fallen.has(child)) {
      const restarts = before.restarts + 1;
      this.#meanwhile(this.keeping.note(child, { ...before, reason, faults: [...faults], restarts }));
      return this.#options.restart(child);
    }
    this.#absent.delete(child);
    // What is left of it is there for whoever wants to know why.
    const ending = this.#ending(child);
    const isFinal = ending?.kind === "faulted" && ending.final === true;
    const state = policy === null && !isFinal ? "faulted" : "stuck";
    const now = { reason, faults: [...faults], since: Date.now(), ...(isFinal ? STOPPED : {}) };
    this.#meanwhile(this.keeping.note(child, { ...before, ...now, state }));
    this.#options.examine(child);
  }

  /** Writes down what brought it down, for it does not come back by itself. One that is stuck is put into an image, from
   *  which it can; where that is not possible, what is kept of it stays. */
  async examine(child: string): Promise<void> {
    const entry = this.entries.get(child);
    // Once it is out of the way nobody can tell any more what it was.
    await this.#lookAt(child, entry?.config);
    const isStuck = this.keeping.of(child).state === "stuck";
    const isPut = isStuck && entry !== undefined && (await this.#putDown(child, entry.config));
    const { state, reason } = this.keeping.of(child);
    if (state === "faulted") return this.over(child, { state, reason });
    if (isPut) this.#absent.delete(child);
    this.#recovered();
    if (state === "stuck") this.emit({ event: "stuck", child, reason: reason ?? "" });
  }

  /** Finds out what there is to be found out of one that fell, and writes it down; it stays as it is. */
  async #lookAt(child: string, config: StartConfig | undefined): Promise<void> {
    if (!this.#down.has(child)) return;
    const former = await this.#formerOf(child);
    const isThere = E.isRight(former) && former.right !== null && config !== undefined;
    const found = isThere ? await this.live.examine(config, former.right) : null;
    if (found !== null && E.isLeft(found))
      this.#warn(child, `what brought it down can't be found out: ${hostProse(found.left)}`);
    await this.#noteFault(child, found !== null && E.isRight(found) ? found.right : null, false);
  }

  /** It goes back to before the turn that brought it down, takes none, and is frozen there: what it was told then is set
   *  aside, and what its turns before had called goes out. Where that can't be done, what is kept of it stays. */
  async #putDown(child: string, config: StartConfig): Promise<boolean> {
    return this.quietly(child, async () => {
      const laidOut = this.#laidOut.get(child);
      this.#laidOut.delete(child);
      const recovered =
        laidOut !== undefined && laidOut.ending === null
          ? E.right(laidOut)
          : await this.#layOut(child, config);
      if (E.isLeft(recovered)) {
        this.#warn(child, `it can't be put into an image: ${hostProse(recovered.left)}`);
        return false;
      }
      const frozen = await this.live.freeze([child], { image: this.#options.folder.image(child) });
      if (E.isLeft(frozen)) {
        this.#warn(child, `it can't be put into an image: ${hostProse(frozen.left)}`);
        await this.live.kill(child);
        return false;
      }
      await this.keeping.frozen(child, frozen.right[0]!, "stuck");
      return true;
    });
  }

  /** Brings one that is stuck back to before that, to take no turn. What it takes of the disk only passes. */
  async #layOut(child: string, config: StartConfig): Promise<Either<HostError, Child>> {
    const former = await this.#formerOf(child);
    if (E.isLeft(former)) return former;
    if (former.right === null) return E.left({ tag: "Unkept", child, reason: "nothing of it is kept" });
    const keeping = { ...(config.keeping ?? DEFAULT_KEEPING), disk: null };
    return this.live.recover({ ...config, keeping }, former.right);
  }

  /** What is kept of one that lives no more, with what brought it down if that is still in its way. */
  async #formerOf(child: string): Promise<Either<HostError, FormerLife | null>> {
    const ending = this.#ending(child);
    const former = await this.#options.keeper.former(child, ending);
    const { generation, stopped } = this.keeping.of(child);
    if (ending !== null || !this.hasFallen(child) || E.isLeft(former) || former.right === null) return former;
    // The former host had not seen to that, or had just done so.
    const isOut = stopped === true || former.right.identity.generation > generation;
    return E.right({ ...former.right, follows: null, aside: { slot: isOut ? NO_EVENT : null } });
  }

  /** Whether it is back, to take no turn. */
  isLaidOut(child: string): boolean {
    return this.#laidOut.has(child);
  }

  /** Whether it lies as it fell, with what it could go on from. */
  hasFallen(child: string): boolean {
    const { state, image, identity } = this.keeping.of(child);
    return (state === "stuck" || state === "faulted") && image === null && identity !== null;
  }

  /** One that had fallen when the former host ended, before that had seen to it: it comes back with all others, as they
   *  share what they do, and takes no turn. When all are back, it is looked at. */
  async takeUpFallen(child: string): Promise<void> {
    const { state, reason, faults, since, generation } = this.keeping.of(child);
    const why = reason ?? "it had fallen when its host ended";
    this.#fellBefore.add(child);
    this.#absent.set(child, why);
    const known = await readFaults(this.#options.folder.faults(child));
    const last = E.isRight(known) ? known.right.at(-1) : undefined;
    if (last?.reason !== why || last.generation !== generation)
      this.#down.set(child, { at: faults.at(-1) ?? since, generation, reason: why, place: null, stack: "" });
    const config = this.entries.get(child)?.config;
    await this.#lookAt(child, config);
    if (state !== "stuck" || config === undefined) return;
    const laidOut = await this.quietly(child, () => this.#layOut(child, config));
    if (E.isRight(laidOut)) this.#laidOut.set(child, laidOut.right);
  }

  #ending(child: string): Ending | null {
    return this.#fallen.get(child) ?? this.live.child(child)?.ending ?? null;
  }

  async #noteFault(child: string, found: Aside | null, forgiven: boolean): Promise<void> {
    const down = this.#down.get(child);
    if (down === undefined) return;
    this.#down.delete(child);
    const { event = null, calls = [] } = found ?? {};
    const fault = { ...down, event, forgiven, calls: [...calls] };
    const noted = await addFault(this.#options.folder.faults(child), fault);
    if (E.isLeft(noted)) this.#warn(child, `what brought it down can't be kept: ${noted.left}`);
  }

  /** It lives elsewhere, and never again here. */
  async #fenced(child: string, reason: string): Promise<void> {
    this.#absent.delete(child);
    await this.keeping.note(child, {
      ...this.keeping.of(child),
      ...{ state: "fenced", reason, since: Date.now() },
    });
    this.#recovered();
  }

  /** Another child brought its thread down. */
  #lost(child: string, reason: string): void {
    if (this.live.child(child)?.ending?.kind === "unsynced") return this.#unsynced(child, reason);
    this.#warn(child, `${reason}; it is brought back`);
    const before = this.keeping.of(child);
    this.#meanwhile(this.keeping.note(child, { ...before, restarts: before.restarts + 1 }));
    this.#options.restart(child);
  }

  /** What it wrote may not be on the disk. It comes back from its last checkpoint and writes it again, but not for ever. */
  #unsynced(child: string, reason: string): void {
    const before = this.keeping.of(child);
    const faults = [...this.#faults.of(child).faults];
    if (this.#fallen.has(child)) {
      this.#warn(child, `${reason}; what it wrote since its last checkpoint is written again`);
      this.#meanwhile(this.keeping.note(child, { ...before, faults, restarts: before.restarts + 1 }));
      return this.#options.restart(child);
    }
    const why = `what it wrote is not on the disk: ${reason}`;
    const generation = this.live.child(child)?.identity.generation ?? before.generation;
    this.#absent.delete(child);
    this.#down.set(child, { at: Date.now(), generation, reason: why, place: null, stack: "" });
    const now = { state: "stuck", reason: why, faults, since: Date.now(), ...STOPPED } as const;
    this.#meanwhile(this.keeping.note(child, { ...before, ...now }));
    this.#options.examine(child);
  }

  /** It rested, and was wanted. What is kept of it stays. */
  #unwoken(child: string, error: HostError): void {
    const reason = durableProse({ tag: "Host", error });
    this.#absent.set(child, reason);
    this.#warn(child, `it could not be woken: ${reason}`);
  }

  /** Those who rest since a former host go on resting; what their entries give them is as it was. */
  async takeUp(isWanted: (child: string) => boolean): Promise<void> {
    const taken = await this.live.takeUp((child, identity) => {
      const { image, identity: known } = this.keeping.of(child);
      const isKept = isWanted(child) && image === null && known === identity;
      return isKept ? this.entries.get(child)?.config : undefined;
    });
    // Then they are brought back like all others.
    if (E.isLeft(taken)) this.#warn("", hostProse(taken.left));
  }

  /** It is no more, and nothing of it is kept. */
  async over(child: string, how: Pick<EntryRecord, "state"> & Partial<EntryRecord>): Promise<void> {
    this.#absent.delete(child);
    this.#fallen.delete(child);
    await this.keeping.over(child, how);
    this.#recovered();
  }

  alive(child: string): Child | null {
    const found = this.live.child(child);
    return found !== undefined && found.ending === null ? found : null;
  }

  /** Why a child that should live does not; null where there is no such reason. */
  whyAbsent(child: string): string | null {
    return this.#absent.get(child) ?? null;
  }

  /** It is not to live here any more, and nobody waits for it. */
  gone(child: string): void {
    if (this.#absent.delete(child)) this.#recovered();
  }

  /** It lived with the former host, and this one can't bring it back: it is not in its file. */
  missing(child: string): void {
    this.#absent.set(child, "it lived when its host ended, and is no longer in the file");
  }

  /** Whoever could be brought back of those who lived with the former host has been. */
  begun(): void {
    this.#begun = true;
    const standing = this.#standing ?? [];
    this.#standing = null;
    for (const child of standing) child.go();
    this.live.allBack();
    this.#meanwhile(this.keeping.flush());
    this.#recovered();
    for (const child of this.#fellBefore) this.#options.examine(child);
    this.#fellBefore.clear();
  }

  /** While somebody is yet to be brought back, the journal of the past is needed. */
  #recovered(): void {
    if (this.#begun && this.#absent.size === 0) this.#options.keeper.recovered();
  }

  // --- coming to life

  /** A child that should live comes back, or begins. What can't is told, and kept as it is. */
  async bringBack(child: string): Promise<void> {
    let done = await this.comeBack(child);
    while (E.isLeft(done) && isUntaken(done.left) && this.#faults.forgives(child, Date.now(), DISK_POLICY)) {
      this.#warn(child, `${durableProse(done.left)}; it is tried again`);
      const { faults } = this.#faults.of(child);
      await this.keeping.note(child, { ...this.keeping.of(child), faults: [...faults] });
      done = await this.comeBack(child);
    }
    if (E.isRight(done)) return;
    const reason = durableProse(done.left);
    this.#warn(child, `it could not be brought to life: ${reason}`);
    if (isStale(done.left)) return this.#fenced(child, reason);
    const { image, identity } = this.keeping.of(child);
    if (image === null && identity === null) await this.over(child, { state: "faulted", reason });
    else this.#absent.set(child, reason);
  }

  /** Where the keeper saw it last; or else from its image; or else from the beginning. */
  async comeBack(child: string): Promise<Done> {
    const record = this.keeping.of(child);
    const former = await this.#formerOf(child);
    if (E.isLeft(former)) return hostFailed(former.left);
    const { right: kept } = former;
    // Where it was frozen, the former host may have ended before it had forgotten what it had kept.
    if (kept !== null && !(record.image !== null && isBefore(kept, record)))
      return this.#recover(child, kept);
    if (kept !== null) await this.keeping.forget(child, kept.identity.identity);
    if (record.image === null && record.state === "stuck")
      return hostFailed({ tag: "Unkept", child, reason: "nothing of it is kept" });
    if (record.image === null) return this.startNew(child);
    return isContainerPath(record.image)
      ? this.#landed(child, record.image)
      : this.#reviveFrom(child, record);
  }

  async startNew(name: string): Promise<Done> {
    const { config, roots } = this.entries.get(name)!;
    const compiled = await this.#options.code.compiled(config.component, roots);
    if (E.isRight(compiled)) return this.startCompiled(name, compiled.right);
    return hostFailed({ tag: "Component", diagnostics: compiled.left });
  }

  /** On failure what is remembered is as it was. */
  async startCompiled(name: string, { code, name: file, hash, sourceMap }: Compiled): Promise<Done> {
    const { config } = this.entries.get(name)!;
    const started = await this.live.startCompiled(config, code, { file, hash, sourceMap });
    if (E.isLeft(started)) return hostFailed(started.left);
    await dropFaults(this.#options.folder.faults(name));
    const noted = await this.keeping.born(name, started.right);
    if (E.isLeft(noted)) {
      await this.quietly(name, () => this.live.kill(name));
      return noted;
    }
    return this.#go(name, started.right);
  }

  async #recover(name: string, former: FormerLife): Promise<Done> {
    const recovered = await this.live.recover(this.entries.get(name)!.config, former);
    if (E.isLeft(recovered)) return hostFailed(recovered.left);
    const { ending } = recovered.right;
    // It had come to its end, and the former host ended before that was written down.
    if (ending?.kind === "exited") return E.right({ event: "exited", child: name, code: ending.code });
    this.keeping.recovered(name, recovered.right);
    await this.#noteFault(name, recovered.right.aside, true);
    return this.#go(name, recovered.right);
  }

  /** Brings it back from `record.image`. On failure what is remembered is as it was. */
  async #reviveFrom(name: string, record: EntryRecord): Promise<Done> {
    const { folder, runtime, book } = this.#options;
    const { config } = this.entries.get(name)!;
    const path = folder.lengthen(record.image!);
    const before = this.keeping.of(name);
    if (await isAnother(path, record)) return E.left({ tag: "RolledBack", child: name, path });
    // From here on a crash brings it back from there. Only we can have used that image up since it was written down.
    const noted = await book.set(name, { ...record, state: "alive", since: Date.now() });
    if (E.isLeft(noted)) return noted;
    if (before.state === "alive") await unclaim(runtime.state, path);
    const entry = (found: string) => (found === name ? config : undefined);
    const as = record.clone ? { as: name } : {};
    const revived = await this.live.revive(path, { entry, alone: true, ...as });
    if (E.isLeft(revived)) {
      await this.keeping.note(name, before);
      return hostFailed(revived.left);
    }
    const [child] = revived.right as readonly [Child];
    await this.keeping.revived(name, child);
    return this.#go(name, child);
  }

  /** It arrived from another host, and has not come to life yet. Those that came with it do so together. */
  async #landed(name: string, path: string): Promise<Done> {
    const arrived = await this.#options.landed(path);
    return E.isLeft(arrived) ? arrived : E.right(this.#last.get(name)!);
  }

  /** Brings the travelers of a container to life. They are this host's whatever comes of it: `path` stands in the record
   *  from then on, until the keeper has them. */
  async arrive(
    { manifest }: Container,
    image: Image,
    path: string,
  ): Promise<Either<HostError, readonly Child[]>> {
    // While it is being written they come back already; they don't go on before.
    const owned = this.#own(manifest.children, path);
    const entry = (name: string): StartConfig | undefined => this.entries.get(name)?.config;
    const revived = await this.live.reviveRead(image, path, { entry, owned });
    if (E.isLeft(revived)) {
      const noted = await owned;
      if (E.isLeft(noted)) return noted;
      for (const { name } of manifest.children) this.#absent.set(name, hostProse(revived.left));
      return revived;
    }
    for (const child of revived.right) {
      // Where a crash comes before that is written, the keeper knows better.
      this.#meanwhile(this.keeping.revived(child.name, child));
      this.#go(child.name, child);
    }
    return revived;
  }

  /** They are in the container that the record calls by this path, and nowhere else. */
  async #own(children: Container["manifest"]["children"], path: string): Promise<Either<HostError, void>> {
    const { book } = this.#options;
    const all = children.map(async ({ name, identity, generation, code }) => {
      const before = book.get(name);
      const { checkpoint, restarts } = this.keeping.of(name);
      const noted = await book.set(name, {
        ...{ ...UNBORN, state: "alive", image: path, identity, hash: code.hash },
        ...{ generation, checkpoint, restarts },
        since: Date.now(),
      });
      // Nobody is told that it is this host's before that is durable.
      if (E.isLeft(noted)) book.undo(name, before);
      return E.mapLeft(({ reason }: RecordError): HostError => ({ tag: "Unkept", child: name, reason }))(
        noted,
      );
    });
    return (await Promise.all(all)).find(E.isLeft) ?? E.right(undefined);
  }

  /** It takes its first turn; what was told of its coming is the answer. */
  #go(name: string, child: Child): Done {
    this.#fallen.delete(name);
    if (this.#absent.delete(name)) this.#recovered();
    if (this.#standing !== null) this.#standing.push(child);
    else {
      child.go();
      this.#meanwhile(this.keeping.flush());
    }
    return E.right(this.#last.get(name)!);
  }

  /** Drops whoever still lives; nothing of that is remembered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.live.close();
    await Promise.all(this.#writing);
    for (const log of this.#logs.values()) log.close();
  }
}

/** It was its host that stopped it. */
const STOPPED = { stopped: true } as const;

/** Whether the disk did not take what it wrote before. */
const isUntaken = (error: DurableError): boolean =>
  error.tag === "Host" && error.error.tag === "Checkpoint" && isUnsynced(error.error.error);

/** Whether it can't come back because a later incarnation has its place. */
const isStale = (error: DurableError): boolean =>
  error.tag === "Host" &&
  error.error.tag === "Checkpoint" &&
  error.error.error.tag === "Refused" &&
  error.error.error.missing.some(({ error: { tag } }) => tag === "Stale");

/** Whether a component's routes let it publish a report of this name. */
const publishes = ({ config }: DurableEntry, name: string): boolean =>
  config.routes.some(
    ({ service, report, to, label }) =>
      service === Report.service && (report ?? to ?? label ?? name) === name,
  );

/** Whether a good image lies there that is not the one that the child is in. A damaged one is its revival's to tell. */
const isAnother = async (path: string, { digest }: EntryRecord): Promise<boolean> => {
  const found = digest === undefined ? null : await digestOf(path);
  return found !== null && found !== digest && E.isRight(await readSealed(path, "any"));
};

/** Whether what is kept is older than the image that the record names. */
const isBefore = ({ identity }: FormerLife, { generation }: EntryRecord): boolean =>
  identity.generation <= generation;
