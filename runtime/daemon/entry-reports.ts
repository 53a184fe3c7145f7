// What `ps` shows: of each entry what is remembered, and of those that live how they are right now.
import { E } from "../../lib/fp.ts";
import type { LastKept } from "../host/keeper.ts";
import type { DurableHostOptions } from "./durable-host.ts";
import { type EntryBook } from "./entry-book.ts";
import { UNBORN, type EntryRecord } from "./entry-record.ts";
import type { EntryReport, EntryState } from "./entry-report.ts";
import type { KeptLives } from "./kept-lives.ts";
import { OWN, type OneAtATime } from "./one-at-a-time.ts";
import type { Stranded } from "./stranded.ts";

export interface EntryReportsOptions extends Pick<DurableHostOptions, "folder" | "code"> {
  readonly book: EntryBook;
  readonly lives: KeptLives;
  readonly commands: OneAtATime;
  /** Why it is not known whose a child is; null where it is. */
  readonly doubted: (name: string) => string | null;
  /** Of those who have come from another host and can't live here. */
  readonly stranded: Stranded;
  readonly carried: (name: string) => EntryReport["carried"];
}

const COMING: ReadonlySet<string | null> = new Set(["start", "revive", OWN.begin, OWN.restart]);

export class EntryReports {
  readonly #options: EntryReportsOptions;

  constructor(options: EntryReportsOptions) {
    this.#options = options;
  }

  /** In the order of the file, then those that are no longer in it. */
  get names(): readonly string[] {
    const { book, lives } = this.#options;
    return [...lives.entries.keys(), ...book.names.filter((name) => !lives.entries.has(name))];
  }

  stateOf(name: string): EntryState {
    const { book, lives, commands, doubted, stranded } = this.#options;
    if (lives.alive(name) !== null) return "running";
    if (lives.live.rests(name)) return "resting";
    if (doubted(name) !== null) return "in doubt";
    const record = book.get(name);
    const isDue = record === undefined ? !(lives.entries.get(name)?.later ?? true) : record.state === "alive";
    if (COMING.has(commands.doing(name)) && isDue) return "starting";
    if (record === undefined) return "waiting";
    if (stranded.container(name) !== null) return "stranded";
    return record.state === "alive" ? "frozen" : record.state;
  }

  list(): Promise<readonly EntryReport[]> {
    return Promise.all(this.names.map((name) => this.#report(name)));
  }

  async #report(name: string): Promise<EntryReport> {
    const { book, lives } = this.#options;
    const entry = lives.entries.get(name);
    const state = this.stateOf(name);
    const record = book.get(name) ?? UNBORN;
    const { generation, restarts, since } = record;
    const isRunning = state === "running";
    const living = lives.alive(name);
    const kept = living === null ? null : lives.keeping.last(living);
    // While a turn of its thread does not end, what it took when it was taken down last.
    const extent = (await living?.measure()) ?? kept?.extent ?? null;
    return {
      name,
      state,
      generation: generation === 0 ? null : generation,
      memory: extent?.memory ?? null,
      sessions: extent?.sessions ?? null,
      checkpoint: this.#lastOf(kept, record),
      restarts,
      restart: entry?.restart ?? null,
      changed:
        isRunning || state === "resting" || state === "frozen" ? await this.#changed(name, record) : null,
      code: state === "exited" ? record.code : null,
      reason:
        this.#options.doubted(name) ??
        (state === "stranded" ? this.#whyStranded(name) : lives.whyAbsent(name)) ??
        (isRunning || state === "resting" ? null : record.reason),
      dropped: entry === undefined,
      since,
      carried: this.#options.carried(name),
    };
  }

  #whyStranded(name: string): string {
    const { lives, stranded } = this.#options;
    const why = lives.whyAbsent(name) ?? "it has not been tried yet";
    const next = stranded.isTried(name)
      ? "it is tried again now and then"
      : `\`cryonode revive ${name}\` tries again`;
    return `it has come from another host, and can't live here as things are: ${why}; ${next}`;
  }

  /** When its state was last taken down: for the host, or into an image. */
  #lastOf(kept: LastKept | null, { checkpoint }: EntryRecord): EntryReport["checkpoint"] {
    const { folder } = this.#options;
    if (kept !== null && kept.at >= (checkpoint?.at ?? 0))
      return { at: kept.at, bytes: kept.bytes, image: null };
    return checkpoint === null ? null : { ...checkpoint, image: folder.lengthen(checkpoint.image) };
  }

  async #changed(name: string, { hash }: EntryRecord): Promise<boolean | null> {
    const { lives, code } = this.#options;
    const entry = lives.entries.get(name);
    if (entry === undefined || hash === "") return null;
    const compiled = await code.compiled(entry.config.component, entry.roots);
    return E.isLeft(compiled) || compiled.right.hash !== hash;
  }
}
