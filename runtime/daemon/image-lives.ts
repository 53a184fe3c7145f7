// The children of a host on plain images, as they come, go and are remembered: what is written down before what, so
// that a crash at any point leaves a record that can be gone on from.
import { unlink } from "node:fs/promises";
import { E, type Either } from "../../lib/fp.ts";
import type { Compiled } from "../component/compile.ts";
import type { Child } from "../host/child.ts";
import type { HostEvent } from "../host/event.ts";
import type { Frozen } from "../host/frozen.ts";
import { hostProse } from "../host/host-error.ts";
import type { FormerLife } from "../host/keeper.ts";
import { LiveHost } from "../host/live-host.ts";
import type { RevivalOrder } from "../host/reviver.ts";
import { ChildLog } from "./child-log.ts";
import { durableProse, type DurableError } from "./durable-error.ts";
import type { DurableEvent } from "./durable-event.ts";
import type { DurableEntry, DurableHostOptions } from "./durable-host.ts";
import { UNBORN, type EntryBook, type EntryRecord } from "./entry-record.ts";
import { unclaim } from "./image-copy.ts";
import { isStuck, recentFaults } from "../host/restart-policy.ts";

export type Done = Either<DurableError, DurableEvent>;

export interface ImageLivesOptions extends DurableHostOptions {
  readonly book: EntryBook;
  /** Brings a child back that faulted, as soon as nothing else is being done with it. */
  readonly restart: (child: string) => void;
}

export class ImageLives {
  readonly entries: ReadonlyMap<string, DurableEntry>;
  readonly live: LiveHost;
  readonly #options: ImageLivesOptions;
  readonly #book: EntryBook;
  readonly #logs = new Map<string, ChildLog>();
  /** Why children that should live do not: they could not be brought back. */
  readonly #absent = new Map<string, string>();
  /** Children whose coming and going is part of something that is told as a whole. */
  readonly #quiet = new Set<string>();
  /** The last thing that was told of each child beside its log. */
  readonly #last = new Map<string, HostEvent>();
  #closed = false;

  /** Throws where a provider can't be made. */
  constructor(options: ImageLivesOptions) {
    this.#options = options;
    this.#book = options.book;
    const { config, runtime, keeper } = options;
    this.entries = new Map(config.entries.map((entry) => [entry.config.name, entry]));
    this.live = new LiveHost({
      config: config.host,
      runtime,
      keeper,
      emit: (event) => this.#happened(event),
      comesBack: (child, { kind }) => !this.#closed && (kind === "lost" || this.#forgives(child.name)),
      lost: ({ name }, reason) => this.#lost(name, reason),
      // What a child is, is written down before it does anything.
      beforeGo: () => "hold",
    });
  }

  // --- what happens

  emit(event: DurableEvent): void {
    this.#options.emit(event);
  }

  warn(child: string, text: string): void {
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
      case "log":
        if (event.kept !== true) this.#log(child).append(event.text);
        break;
      case "exited":
        void this.over(child, { state: "exited", code: event.code });
        break;
      case "faulted":
        this.emit(event);
        return this.#faulted(child, event.reason);
      case "denied":
      case "warning":
        break;
      default:
        this.#last.set(child, event);
        if (this.#quiet.has(child)) return;
    }
    this.emit(event);
  }

  #log(child: string): ChildLog {
    const known = this.#logs.get(child);
    if (known !== undefined) return known;
    const { logs: folder } = this.#options.folder;
    const failed = (reason: string): void => this.warn(child, `its log can't be kept: ${reason}`);
    const made = new ChildLog({ folder, child, failed });
    this.#logs.set(child, made);
    return made;
  }

  /** Whether it may fault once more. */
  #forgives(child: string): boolean {
    const policy = this.entries.get(child)?.restart ?? null;
    const now = Date.now();
    return policy !== null && !isStuck([...this.#record(child).faults, now], policy, now);
  }

  /** Another child brought its thread down: it comes back as it was. */
  #lost(child: string, reason: string): void {
    this.warn(child, `${reason}; it is brought back`);
    const before = this.#record(child);
    void this.note(child, { ...before, restarts: before.restarts + 1 });
    this.#options.restart(child);
  }

  #faulted(child: string, reason: string): void {
    const before = this.#record(child);
    const policy = this.entries.get(child)?.restart ?? null;
    if (policy === null) return void this.over(child, { state: "faulted", reason });
    const now = Date.now();
    const faults = [...recentFaults(before.faults, policy, now), now];
    if (!isStuck(faults, policy, now)) {
      void this.note(child, { ...before, reason, faults, restarts: before.restarts + 1 });
      return this.#options.restart(child);
    }
    // What is left of it is kept for whoever wants to know why.
    void this.note(child, { ...before, state: "stuck", reason, faults, since: now });
    this.emit({ event: "stuck", child, reason });
  }

  // --- what is remembered

  #record(child: string): EntryRecord {
    return this.#book.get(child) ?? UNBORN;
  }

  /** Writes down what became of a child. What fails is told: the child is as it is. */
  async note(child: string, record: EntryRecord): Promise<void> {
    const noted = await this.#book.set(child, record);
    if (E.isLeft(noted)) this.warn(child, `what became of it can't be kept: ${durableProse(noted.left)}`);
  }

  /** It is no more, and nothing of it is kept. */
  async over(child: string, how: Pick<EntryRecord, "state"> & Partial<EntryRecord>): Promise<void> {
    const before = this.#record(child);
    await this.note(child, { ...before, code: null, reason: null, ...how, image: null, since: Date.now() });
    await this.forget(child);
    const isLast = this.#record(child).state === how.state;
    if (isLast && before.image === this.#ownImage(child)) await this.discard(child);
  }

  /** What is kept of it is no longer needed. What fails is told: it is there again when the host is. */
  async forget(child: string): Promise<void> {
    const forgotten = await this.#options.keeper.forget(child);
    if (E.isLeft(forgotten)) this.warn(child, hostProse(forgotten.left));
  }

  #ownImage(child: string): string {
    const { folder } = this.#options;
    return folder.shorten(folder.image(child));
  }

  /** Removes the state directory's own image of a child. */
  async discard(child: string): Promise<void> {
    // What is not there any more need not be removed.
    await unlink(this.#options.folder.image(child)).catch(() => {});
  }

  /** An image was made of it: from now on it comes back from there, if `from`. */
  async imaged(child: string, { image, bytes }: Frozen, from: boolean, state?: "frozen"): Promise<void> {
    const before = this.#record(child);
    const path = this.#options.folder.shorten(image);
    const [at, since] = [Date.now(), state === undefined ? before.since : Date.now()];
    const source = from ? { image: path, clone: false } : {};
    await this.note(child, {
      ...before,
      ...source,
      state: state ?? before.state,
      checkpoint: { at, image: path, bytes },
      since,
    });
    if (state === "frozen" || this.alive(child) === null) await this.forget(child);
  }

  alive(child: string): Child | null {
    const found = this.live.child(child);
    return found !== undefined && found.ending === null ? found : null;
  }

  /** Why a child that should live does not; null where there is no such reason. */
  whyAbsent(child: string): string | null {
    return this.#absent.get(child) ?? null;
  }

  // --- coming to life

  /** A child that should live comes back from its last image, or begins. What can't is told, and kept as it is. */
  async bringBack(child: string): Promise<void> {
    const record = this.#book.get(child);
    const former = await this.#options.keeper.former(child, this.live.child(child)?.ending ?? null);
    const done = E.isLeft(former)
      ? E.left({ tag: "Host", error: former.left } as const)
      : await (former.right !== null && record !== undefined
          ? this.#recover(child, record, former.right)
          : record === undefined || record.image === null
            ? this.startNew(child)
            : this.reviveFrom(child, record));
    if (E.isRight(done)) return;
    const reason = durableProse(done.left);
    // What is kept of it stays: another release may know what to do with it.
    if (E.isLeft(former) || former.right !== null) this.#absent.set(child, reason);
    else if (record === undefined || record.image === null)
      await this.over(child, { state: "faulted", reason });
    else this.#absent.set(child, reason);
    this.warn(child, `it could not be brought to life: ${reason}`);
  }

  /** It goes on where the last thing happened that anyone could see. */
  async #recover(name: string, record: EntryRecord, former: FormerLife): Promise<Done> {
    const recovered = await this.live.recover(this.entries.get(name)!.config, former);
    if (E.isLeft(recovered)) return E.left({ tag: "Host", error: recovered.left });
    const { identity, code, ending } = recovered.right;
    if (ending !== null) return E.right(this.#last.get(name) ?? { event: "started", child: name, host: "" });
    this.#absent.delete(name);
    const { generation } = identity;
    await this.note(name, { ...this.#record(name), generation, hash: code.hash, since: record.since });
    recovered.right.go();
    return E.right(this.#last.get(name)!);
  }

  async startNew(name: string): Promise<Done> {
    await this.forget(name);
    const { config, roots } = this.entries.get(name)!;
    const compiled = await this.#options.code.compiled(config.component, roots);
    if (E.isRight(compiled)) return this.startCompiled(name, compiled.right);
    return E.left({ tag: "Host", error: { tag: "Component", diagnostics: compiled.left } });
  }

  /** On failure what is remembered is as it was. */
  async startCompiled(name: string, { code, name: file, hash, sourceMap }: Compiled): Promise<Done> {
    const { config } = this.entries.get(name)!;
    const started = await this.live.startCompiled(config, code, { file, hash, sourceMap });
    if (E.isLeft(started)) return E.left({ tag: "Host", error: started.left });
    const { restarts, faults } = this.#record(name);
    const record: EntryRecord = { ...UNBORN, state: "alive", hash, generation: 1, restarts, faults };
    const noted = await this.#book.set(name, { ...record, since: Date.now() });
    if (E.isLeft(noted)) {
      await this.quietly(name, () => this.live.kill(name));
      return noted;
    }
    this.#absent.delete(name);
    await this.discard(name);
    started.right.go();
    return E.right({ event: "started", child: name, host: this.live.config.name });
  }

  /** Brings it back from `record.image`. On failure what is remembered is as it was. */
  async reviveFrom(name: string, record: EntryRecord): Promise<Done> {
    const { folder, runtime } = this.#options;
    const { config } = this.entries.get(name)!;
    const path = folder.lengthen(record.image!);
    const before = this.#record(name);
    // From here on a crash brings it back from there. Only we can have used that image up since it was written down.
    const noted = await this.#book.set(name, { ...record, state: "alive", since: Date.now() });
    if (E.isLeft(noted)) return noted;
    if (before.state === "alive") await unclaim(runtime.state, path);
    const own = (found: string) => (found === name ? config : undefined);
    const order: RevivalOrder = record.clone ? { entry: own, as: name } : { entry: own };
    const revived = await this.live.revive(path, order);
    if (E.isLeft(revived)) {
      await this.note(name, before);
      return E.left({ tag: "Host", error: revived.left });
    }
    const [child] = revived.right;
    const { identity, code } = child!;
    this.#absent.delete(name);
    const { generation } = identity;
    await this.note(name, { ...this.#record(name), generation, hash: code.hash, reason: null });
    child!.go();
    return E.right(this.#last.get(name)!);
  }

  /** Drops whoever still lives; nothing of that is remembered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.live.close();
    for (const log of this.#logs.values()) log.close();
  }
}
