// How a durable host begins: whoever lived is brought back, and when all of them are back, those who are new come to
// life, in the order of the file.
import { Gate } from "../../lib/session/gate.ts";
import type { HostConfig, StartConfig } from "../host/host-config.ts";
import type { EntryBook } from "./entry-book.ts";
import type { KeptLives } from "./kept-lives.ts";
import type { Migration } from "./migration.ts";
import { OWN, type OneAtATime } from "./one-at-a-time.ts";
import type { StateFolder } from "./state-folder.ts";

export interface BeginningOptions {
  readonly host: HostConfig;
  readonly folder: StateFolder;
  readonly book: EntryBook;
  readonly lives: KeptLives;
  readonly commands: OneAtATime;
  readonly migration: Migration;
  /** Whether the host has come to its end meanwhile. */
  readonly isClosing: () => boolean;
}

export class Beginning {
  readonly #options: BeginningOptions;

  constructor(options: BeginningOptions) {
    this.#options = options;
  }

  /** Resolves when all is done that the host does to begin. */
  async run(): Promise<void> {
    const { book, lives, migration } = this.#options;
    const { crashed } = book;
    await book.mark(true);
    await migration.recover();
    const { entries, live } = lives;
    for (const name of book.names) if (!entries.has(name)) this.#tellKept(name);
    for (const { config } of entries.values()) this.#tellQueues(config);
    const isAlive = (name: string): boolean => book.get(name)?.state === "alive";
    // Whose it is, its source must say first.
    const isDoubted = (name: string): boolean => migration.doubted(name) !== null;
    await lives.takeUp((name) => isAlive(name) && !isDoubted(name));
    const wanted = [...entries.keys()].filter((name) => !live.rests(name) && !isDoubted(name));
    const isNew = (name: string): boolean => book.get(name) === undefined;
    const unborn = wanted.filter((name) => isNew(name) && !entries.get(name)!.later);
    const back = this.#oneByOne(
      wanted.filter((name) => !isNew(name)),
      Promise.resolve(),
      async (name) => {
        // Whoever came together with another one is back with that one.
        if (lives.alive(name) !== null) return;
        if (lives.hasFallen(name)) return lives.takeUpFallen(name);
        if (!isAlive(name)) return lives.keeping.tidy(name);
        const known = book.get(name)!;
        if (crashed) lives.keeping.amend(name, { ...known, restarts: known.restarts + 1 });
        await lives.bringBack(name);
      },
    ).then(() => {
      if (!this.#options.isClosing()) lives.begun();
    });
    await this.#oneByOne(unborn, back, async (name) => {
      if (book.get(name) === undefined) await lives.bringBack(name);
    });
  }

  /** In the order of the file; until its turn has come, each is busy with that. */
  async #oneByOne(
    names: readonly string[],
    first: Promise<void>,
    act: (name: string) => Promise<void>,
  ): Promise<void> {
    let last = first;
    for (const name of names) {
      const before = last;
      last = this.#options.commands.whenFree(name, OWN.begin, async () => {
        await before;
        if (!this.#options.isClosing()) await act(name);
      });
    }
    await last;
  }

  /** Nothing is silent: what is sent there nobody can ever receive. */
  #tellQueues({ name: child, routes }: StartConfig): void {
    const { gates } = this.#options.host;
    for (const { service, to, label } of routes) {
      const gate = to ?? label;
      if (service !== Gate.service || gate === undefined || gates[gate]?.kind !== "queue") continue;
      const text = `its route to the gate ${gate} leads to a queue, whose other end is a program's: nobody has it here`;
      this.#options.lives.emit({ event: "warning", child, text });
    }
  }

  /** What the record has of somebody whom the file does not name. */
  #tellKept(child: string): void {
    const { book, lives, folder } = this.#options;
    const { state, image } = book.get(child)!;
    if (state !== "alive" && state !== "frozen") return;
    if (state === "alive" && image === null) lives.missing(child);
    lives.emit({ event: "kept", child, image: image === null ? null : folder.lengthen(image) });
  }
}
