// A durable host: what commands ask of it, on children that a keeper keeps. The end of the host freezes all; after a
// crash each child goes on where it was seen last.
import { unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { Compiled } from "../component/compile.ts";
import type { SessionTarget } from "../core/link.ts";
import type { OutsideSession } from "../host/outside-party.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import type { MigrateError } from "../migrate/migrate-error.ts";
import type { Address } from "../migrate/peer.ts";
import { Admission, isFrozen, isOurs, isOver, isRunning, isThere, type Fit } from "./admission.ts";
import { Beginning } from "./beginning.ts";
import { callFromOutside } from "./call-from-outside.ts";
import { durableProse, hostFailed, type DurableError } from "./durable-error.ts";
import type {
  DurableHost,
  DurableHostOptions,
  ExportOrder,
  OpenDurableHost,
  OutsideCall,
  Rest,
} from "./durable-host.ts";
import { EntryBook } from "./entry-book.ts";
import type { EntryReport, EntryState } from "./entry-report.ts";
import { EntryReports } from "./entry-reports.ts";
import { keptFiles } from "./kept-files.ts";
import { KeptLives, type Done } from "./kept-lives.ts";
import { Middleware } from "./middleware.ts";
import { Migration } from "./migration.ts";
import { Moves } from "./moves.ts";
import { OneAtATime, OWN } from "./one-at-a-time.ts";

/** How long the calls of a child that must complete are waited for at the end of the host, in ms. */
const LAST_DEADLINE_MS = 10_000;
/** Children frozen at once at the end of the host. */
const MOST_AT_ONCE = 8;

const isEnding = (error: HostError): boolean => error.tag === "Checkpoint" && error.error.tag === "Ended";

class KeptHost implements DurableHost {
  readonly #options: DurableHostOptions;
  readonly #book: EntryBook;
  readonly #lives: KeptLives;
  readonly #commands = new OneAtATime();
  readonly #reports: EntryReports;
  readonly #migration: Migration;
  readonly #middleware: Middleware;
  readonly #admission: Admission;
  readonly #moves: Moves;
  #begun: Promise<void> = Promise.resolve();

  /** Throws where a provider can't be made. */
  constructor(options: DurableHostOptions, book: EntryBook) {
    this.#options = options;
    this.#book = book;
    this.#lives = new KeptLives({
      ...options,
      book,
      isBusy: (child) => this.#commands.doing(child) !== null,
      restart: (child) => void this.#again(child),
      examine: (child) => void this.#examine(child),
      landed: (path) => this.#migration.comeBack(path),
    });
    const lives = this.#lives;
    this.#migration = new Migration({
      ...{ ...options, peers: options.config.host.peers ?? [], book, lives },
      isFree: (name) => isOver(this.#reports.stateOf(name)),
      reserve: (names, what) => this.#admission.reserve(names, what),
      initialize: (names) => this.#boot(names),
      fetched: (migrated) => void this.#moves.tell(migrated),
    });
    const { stranded } = this.#migration;
    this.#middleware = new Middleware({ ...options, host: options.config.host, book, lives, stranded });
    const doubted = (name: string): string | null => this.#migration.doubted(name);
    const carried = (name: string): EntryReport["carried"] => this.#migration.carried(name);
    this.#reports = new EntryReports({
      ...options,
      book,
      lives,
      commands: this.#commands,
      doubted,
      stranded,
      carried,
    });
    const { file } = options.config;
    this.#admission = new Admission({ file, book, lives, commands: this.#commands, reports: this.#reports });
    this.#moves = new Moves({
      lives,
      reports: this.#reports,
      admission: this.#admission,
      migration: this.#migration,
    });
  }

  #again(child: string): Promise<void> {
    return this.#commands.whenFree(child, OWN.restart, async () => {
      await this.#lives.live.child(child)?.ended;
      const wanted = this.#book.get(child)?.state === "alive" && this.#lives.alive(child) === null;
      if (wanted && !this.#admission.closed) await this.#lives.bringBack(child);
    });
  }

  #examine(child: string): Promise<void> {
    return this.#commands.whenFree(child, OWN.examine, async () => {
      const isLaidOut = this.#lives.isLaidOut(child);
      if (!isLaidOut) await this.#lives.live.child(child)?.ended;
      if (isLaidOut || this.#lives.alive(child) === null) await this.#lives.examine(child);
    });
  }

  begin(): Promise<void> {
    const begin = new Beginning({
      ...{
        host: this.#options.config.host,
        folder: this.#options.folder,
        book: this.#book,
        lives: this.#lives,
      },
      ...{ commands: this.#commands, migration: this.#migration, isClosing: () => this.#admission.closed },
    });
    this.#begun = begin.run();
    return this.#begun;
  }

  get running(): readonly string[] {
    return this.#reports.names.filter((name) => this.#lives.alive(name) !== null);
  }

  list(): Promise<readonly EntryReport[]> {
    return this.#reports.list();
  }

  // --- commands

  start(name: string): Promise<Done> {
    return this.#admission.admit(name, "start", "started", isOver, async () => {
      await this.#forgive(name);
      return this.#lives.startNew(name);
    });
  }

  /** Whoever is in the image that is to be overwritten, and comes back from it. */
  #inUse(path: string | null): DurableError | null {
    const { folder } = this.#options;
    if (path === null) return null;
    for (const child of this.#book.names) {
      const { state, image } = this.#book.get(child)!;
      const comesBack = ["frozen", "alive", "stuck"].includes(state) && this.#lives.alive(child) === null;
      if (comesBack && image !== null && folder.lengthen(image) === path)
        return { tag: "InUse", path, child };
    }
    return null;
  }

  freeze(name: string, image: string | null): Promise<Done> {
    return this.#admission.admit(name, "freeze", "frozen", isRunning, async () => {
      const used = this.#inUse(image);
      if (used !== null) return E.left(used);
      const frozen = await this.#lives.live.freeze([name], { image: image ?? this.#ownImage(name) });
      if (E.isLeft(frozen)) return hostFailed(frozen.left);
      const made = frozen.right[0]!;
      await this.#lives.keeping.frozen(name, made, "frozen");
      return E.right({ event: "frozen", ...made });
    });
  }

  checkpoint(name: string, image: string | null): Promise<Done> {
    return this.#admission.admit(name, "checkpoint", "checkpointed", isRunning, async () => {
      const used = this.#inUse(image);
      if (used !== null) return E.left(used);
      const checkpoint = await this.#lives.live.checkpoint([name], { image: image ?? this.#ownImage(name) });
      if (E.isLeft(checkpoint)) return hostFailed(checkpoint.left);
      const made = checkpoint.right[0]!;
      await this.#lives.keeping.checkpointed(name, made);
      return E.right({ event: "checkpointed", ...made });
    });
  }

  #ownImage(name: string): string {
    return this.#options.folder.image(name);
  }

  revive(name: string): Promise<Done> {
    const fit: Fit = (state) => isFrozen(state) || state === "stranded" || this.#isPutDown(name, state);
    return this.#admission.admit(name, "revive", "revived", fit, async () => {
      const isForgiven = this.#isPutDown(name, this.#reports.stateOf(name));
      const revived = await this.#lives.comeBack(name);
      if (isForgiven && E.isRight(revived)) await this.#forgive(name);
      return revived;
    });
  }

  /** It faulted too often, or was stopped, and there is what it can go on from, without what brought it down. */
  #isPutDown(name: string, state: EntryState): boolean {
    if (state !== "stuck") return false;
    return this.#book.get(name)?.image !== null || this.#lives.hasFallen(name);
  }

  /** Its faults don't count any more. */
  async #forgive(name: string): Promise<void> {
    const before = this.#book.get(name);
    if (before !== undefined) await this.#lives.keeping.note(name, { ...before, restarts: 0, faults: [] });
  }

  kill(name: string): Promise<Done> {
    return this.#admission.admit(name, "kill", "killed", isOurs, async () => {
      const event = { event: "killed", child: name } as const;
      const left = await this.#migration.stranded.leave(name, null);
      if (E.isLeft(left)) return left;
      const isHere = this.#lives.alive(name) !== null || this.#lives.live.rests(name);
      if (!isHere) this.#lives.emit(event);
      else await this.#lives.live.kill(name);
      await this.#lives.over(name, { state: "killed" });
      return E.right(event);
    });
  }

  replace(name: string, component: string | null): Promise<Done> {
    const fit: Fit = (state) => isThere(state) || state === "stuck" || state === "faulted";
    return this.#admission.admit(name, "replace", "replaced", fit, async () => {
      const { config, roots } = this.#lives.entries.get(name)!;
      const file = component ?? config.component;
      const compiled = await this.#options.code.compiled(file, roots);
      if (E.isLeft(compiled)) return hostFailed({ tag: "Component", diagnostics: compiled.left });
      const exchanged = await this.#lives.quietly(name, () => this.#exchange(name, compiled.right));
      if (E.isLeft(exchanged)) return exchanged;
      await this.#forgive(name);
      const { hash } = compiled.right;
      const event = { event: "replaced", child: name, component: file, hash } as const;
      this.#lives.emit(event);
      return E.right(event);
    });
  }

  /** The former child stands by until the new one has begun. */
  async #exchange(name: string, compiled: Compiled): Promise<Done> {
    if (this.#lives.alive(name) === null) return this.#lives.startCompiled(name, compiled);
    const former = join(dirname(this.#ownImage(name)), `.${name}.former`);
    const frozen = await this.#lives.live.freeze([name], { image: former });
    if (E.isLeft(frozen)) return hostFailed(frozen.left);
    await this.#lives.keeping.frozen(name, frozen.right[0]!, "alive");
    const started = await this.#lives.startCompiled(name, compiled);
    if (E.isLeft(started)) await this.#lives.bringBack(name);
    // Where that came to nothing it is still needed.
    if (this.#lives.alive(name) !== null) await unlink(former).catch(() => {});
    return started;
  }

  export(name: string, order: ExportOrder): Promise<Done> {
    // What was given up in a file is written again where a crash came in between.
    const fit: Fit = (state) => isOurs(state) || (order.move && this.#isGiven(name, state));
    return this.#admission.admit(name, "export", "exported", fit, async () => {
      const used = this.#inUse(order.file);
      return used === null ? this.#middleware.export(name, order) : E.left(used);
    });
  }

  #isGiven(name: string, state: EntryState): boolean {
    return state === "departed" && this.#book.get(name)?.given !== undefined;
  }

  async import(file: string, as: string | null): Promise<Done> {
    const incoming = await this.#middleware.open(file);
    if (E.isLeft(incoming)) return incoming;
    const name = as ?? incoming.right.child.name;
    return this.#admission.admit(name, "import", "imported", isOver, () =>
      this.#middleware.import(name, incoming.right, as),
    );
  }

  // --- to other hosts, and from them

  listen(address: Address): Promise<Either<string, Address>> {
    return this.#migration.listen(address);
  }

  readonly migrate: DurableHost["migrate"] = (...move) => this.#moves.migrate(...move);
  readonly fetch: DurableHost["fetch"] = (...names) => this.#moves.fetch(...names);
  readonly drain: DurableHost["drain"] = (...move) => this.#moves.drain(...move);

  initialize(name: string, on: string): Promise<Done> {
    return this.#admission.closed
      ? Promise.resolve(E.left({ tag: "Closing" }))
      : this.#migration.initialize(name, on);
  }

  /** For a peer: all of them, or none. */
  async #boot(names: readonly string[]): Promise<Either<MigrateError, readonly number[]>> {
    for (const [i, name] of names.entries()) {
      const started = await this.start(name);
      if (E.isRight(started)) continue;
      for (const begun of names.slice(0, i)) await this.kill(begun);
      return E.left({ tag: "Unfit", child: name, reason: `can't be started: ${durableProse(started.left)}` });
    }
    return E.right(names.map((name) => this.#book.get(name)?.generation ?? 0));
  }

  halt(to: string): Either<DurableError, void> {
    return this.#moves.halt(to);
  }

  abort(name: string): Either<DurableError, void> {
    return this.#migration.abort(name);
  }

  resolve(name: string): Promise<Either<DurableError, void>> {
    return this.#migration.resolve(name);
  }

  async call(call: OutsideCall): Promise<Either<DurableError, unknown>> {
    // Whoever is being started or revived can be called when that is done.
    await this.#commands.free(call.child);
    const unfit = this.#admission.unfit(call.child, "called", isRunning);
    return unfit === null ? callFromOutside(this.#lives.live, call) : E.left(unfit);
  }

  async session(target: SessionTarget): Promise<Either<DurableError, OutsideSession>> {
    const { child } = target;
    await this.#commands.free(child);
    const unfit = this.#admission.unfit(child, "called", isRunning);
    if (unfit !== null) return E.left(unfit);
    const opened = await this.#lives.live.session(target);
    return E.mapLeft((error: SessionError): DurableError => ({ tag: "Call", child, error }))(opened);
  }

  // --- the end

  async shutdown(): Promise<Rest> {
    this.#admission.close();
    this.#migration.close();
    await this.#begun;
    const left: { child: string; reason: string }[] = [];
    const waiting = [...this.#lives.entries.keys()];
    const freezeNext = async (): Promise<void> => {
      for (let child = waiting.shift(); child !== undefined; child = waiting.shift()) {
        const reason = await this.#rest(child);
        if (reason !== null) left.push({ child, reason });
      }
    };
    await Promise.all(Array.from({ length: MOST_AT_ONCE }, freezeNext));
    await this.#lives.close();
    await this.#book.mark(left.length > 0);
    return { left };
  }

  /** Freezes a child that is to live again with the next host; why it can't be frozen, or null. */
  #rest(child: string): Promise<string | null> {
    return this.#commands.whenFree(child, "freeze", async () => {
      const alive = this.#lives.alive(child);
      if (alive === null) return null;
      const options = { image: this.#ownImage(child), deadline: LAST_DEADLINE_MS };
      const frozen = await this.#lives.live.freeze([child], options);
      if (E.isRight(frozen)) await this.#lives.keeping.frozen(child, frozen.right[0]!, "alive");
      // It may have ended by itself meanwhile, or be about to.
      if (E.isLeft(frozen) && isEnding(frozen.left)) await alive.ended;
      return E.isRight(frozen) || this.#lives.alive(child) === null ? null : hostProse(frozen.left);
    });
  }
}

/** Opens the host of a state directory. */
export const openKeptHost: OpenDurableHost = async (options) => {
  const book = await EntryBook.read(options.folder.record);
  if (E.isLeft(book)) return book;
  const host = await keptFiles(options.config.host, options.folder.files);
  if (E.isLeft(host)) return host;
  try {
    return E.right(new KeptHost({ ...options, config: { ...options.config, host: host.right } }, book.right));
  } catch (error) {
    const { code, syscall, path } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    const what = `${syscall} of ${path ?? "it"} failed with ${code}`;
    return E.left({ tag: "Setup", reason: `a provider can't be made: ${what}` });
  }
};
