// Live hosts of one process, two or three, whose carriers speak over a wire that can be made to fail, a server and a client.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileComponent, type Compiled } from "../../runtime/component/compile.ts";
import type { Route } from "../../runtime/core/route.ts";
import type { StartConfig } from "../../runtime/host/host-config.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { tiesIn } from "../../runtime/migrate/carried-cargo.ts";
import { Carrier } from "../../runtime/migrate/carrier.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { MemoryDecisions, type Decisions } from "../../runtime/migrate/decisions.ts";
import { noLandings } from "../../runtime/migrate/landings.ts";
import { LiveSink } from "../../runtime/migrate/live-sink.ts";
import { LiveSource } from "../../runtime/migrate/live-source.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import { MigThread } from "../../runtime/migrate/mig-thread.ts";
import type { MigrateError } from "../../runtime/migrate/migrate-error.ts";
import type { Migrated } from "../../runtime/migrate/progress.ts";
import { MemoryStays } from "../../runtime/migrate/stays.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { Stage } from "./two-hosts.ts";
import { makeWire, type Fault, type Wire } from "./wire.ts";

export type Name = "here" | "there" | "beyond";

interface End {
  readonly name: Name;
  readonly live: LiveHost;
  readonly thread: MigThread;
  readonly carrier: Carrier;
  readonly warnings: string[];
  readonly entries: Map<string, StartConfig>;
  /** Whom it has noted to be elsewhere, by identity. */
  readonly noted: ReadonlySet<string>;
}

export interface CarriedHosts {
  readonly here: End;
  readonly there: End;
  readonly beyond: End;
  /** What children wrote, wherever they were. */
  readonly log: string[];
  /** What the next contacts do, one after the other; those after them never fail. */
  faults: Fault[];
  /** Nobody can be called while it is. */
  apart: boolean;
  /** Two that can't call each other while it is so. */
  split: readonly [Name, Name] | null;
  /** What the first one says to the second one of carried sessions is under way while it is so. */
  slow: readonly [Name, Name] | null;
  /** The next two calls cross: each host has answered the other before it hears what it was answered. */
  crossing: boolean;
  /** `A B`, where A has no peer B. */
  readonly strangers: Set<string>;
  /** Where it is set, those who come stay there until it resolves before they come to life. */
  landing: Promise<void> | null;
  /** Contacts that there were. */
  readonly contacts: { readonly count: number };
  cut(): void;
  start(name: string, text: string, routes?: readonly Route[]): Promise<void>;
  /** Resolves once somebody has written this. */
  until(text: string): Promise<void>;
  /** Rejects when a child faults meanwhile: what is waited for may never come. */
  unfaulted<T>(work: Promise<T>): Promise<T>;
  /** From here to there, or from there to here. */
  migrate(from: Name, ...names: readonly string[]): Promise<Either<MigrateError, Migrated>>;
  move(from: Name, to: Name, ...names: readonly string[]): Promise<Either<MigrateError, Migrated>>;
  /** Where a child lives. */
  home(name: string): Name;
  close(): Promise<void>;
}

/** A connection that there was. */
interface Line {
  readonly from: Name;
  readonly to: Name;
  readonly wire: Wire;
  readonly end: () => void;
}

const LOG: readonly Route[] = [{ service: "LOG" }, { service: "Timer" }];

let files = 0;

const compiledOf = async ({ folder }: Stage, text: string): Promise<Compiled> => {
  const file = join(folder, "components", `carried${files++}.ts`);
  await writeFile(file, text);
  const made = await compileComponent({ file, roots: [folder] });
  if (E.isLeft(made)) throw new Error(JSON.stringify(made.left));
  return made.right;
};

/** `silence`: how long a peer may be silent, `patience`: how long one that is out of contact is waited for before a move,
 *  in ms. Defaults: longer than it takes. */
export interface CarriedHostsOptions {
  readonly silence?: number;
  readonly patience?: number;
}

const LONG = 50_000;

/** More than enough for a word and its answer. */
const aWhile = async (): Promise<void> => {
  for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
};

export const carriedHosts = (
  stage: Stage,
  { silence = LONG, patience = LONG }: CarriedHostsOptions = {},
): CarriedHosts => {
  const { runtime } = stage;
  const log: string[] = [];
  const waiting = new Map<string, () => void>();
  let faulted: string | null = null;
  const onFault = new Set<() => void>();
  let open: Line[] = [];
  const cut = (isMeant: (a: Name, b: Name) => boolean): void => {
    const before = open;
    open = before.filter(({ from, to }) => !isMeant(from, to));
    for (const { from, to, end } of before) if (isMeant(from, to)) end();
  };
  const isSplit = (a: Name, b: Name): boolean =>
    state.split !== null && state.split.includes(a) && state.split.includes(b);
  const slowOf = ({ from, to }: Pick<Line, "from" | "to">): readonly (0 | 1)[] => {
    const [by, towards] = state.slow ?? [];
    if (by === from && towards === to) return [0];
    return by === to && towards === from ? [1] : [];
  };
  const contacts = { count: 0 };
  const strangers = new Set<string>();
  const other = (name: Name): Name => (name === "here" ? "there" : "here");
  const state = {
    faults: [] as Fault[],
    apart: false,
    split: null as readonly [Name, Name] | null,
    slow: null as readonly [Name, Name] | null,
    landing: null as Promise<void> | null,
    crossing: false,
  };
  const ends = new Map<Name, End>();
  /** Where somebody goes who leaves from there: all have one key. */
  const targets = new Map<Name, Name>();

  const crossed: Wire[] = [];
  const cross = async (): Promise<void> => {
    state.crossing = false;
    for (const slow of [[1], []] as const) {
      for (const wire of crossed) wire.slow = slow;
      await aWhile();
    }
    crossed.length = 0;
  };

  const dial = async (from: Name, to: Name): Promise<Either<MigrateError, Channel>> => {
    const peer = ends.get(to);
    if (peer === undefined || state.apart || isSplit(from, to))
      return E.left({ tag: "Link", peer: to, reason: "nobody is there" });
    contacts.count++;
    const wire = makeWire(state.faults.shift() ?? null);
    const [near, far] = wire.ends.map((end) => new Channel(end, { peer: from, silence })) as [
      Channel,
      Channel,
    ];
    open.push({ from, to, wire, end: () => near.cut() });
    wire.slow = slowOf({ from, to });
    if (state.crossing) {
      wire.slow = [0, 1];
      crossed.push(wire);
      if (crossed.length === 2) void cross();
    }
    void far.next(["carry"]).then(async (said) => {
      if (E.isRight(said)) await peer.carrier.serve(far, from, said.right.version);
      far.close();
    });
    return E.right(near);
  };

  const make = (name: Name): End => {
    const warnings: string[] = [];
    /** Whom the host has noted to be elsewhere. */
    const noted = new Set<string>();
    const decisions: Decisions = new MemoryDecisions();
    const release = decisions.release.bind(decisions);
    decisions.release = (task, to, leavers, carried) => {
      for (const { identity } of carried) noted.add(identity);
      return release(task, to, leavers, carried);
    };
    const entries = new Map<string, StartConfig>();
    const warn = (_child: string, text: string): void => void warnings.push(text);
    const live = new LiveHost({
      config: { name, ram: 512 << 20, caps: 10_000, files: {}, gates: {}, roms: {}, trust: [] },
      runtime,
      emit: (event) => {
        if (event.event === "faulted") {
          faulted = `${event.child}: ${event.reason}`;
          for (const each of onFault) each();
        }
        if (event.event !== "log") return;
        log.push(event.text);
        waiting.get(event.text)?.();
      },
    });
    const knows = (peer: string): boolean => ends.has(peer as Name) && !strangers.has(`${name} ${peer}`);
    const carrier = new Carrier({
      ...{ own: name, live, warn, nameOf: (peer) => peer },
      entry: (each) => entries.get(each),
      book: {
        all: () => Promise.resolve([]),
        note: ({ identity }) => Promise.resolve(E.right(void noted.add(identity))),
        drop: (identity) => Promise.resolve(E.right(void noted.delete(identity))),
      },
      dial: (to) => dial(name, to as Name),
      patience,
      settled: () => new Promise((resolve) => setImmediate(resolve)),
      hasEnded: () => Promise.resolve(false),
      knows,
      kept: (child) => Promise.resolve(live.identityOf(child)),
      names: () => [...entries.keys()],
    });
    const isTaken = (each: string): boolean => live.child(each)?.ending === null;
    const thread = new MigThread({
      host: name,
      signer: runtime.signer,
      source: new LiveSource({
        ...{ live, runtime, carrier, decisions },
        reserve: () => E.right(() => {}),
        peer: () => targets.get(name)!,
      }),
      sink: new LiveSink({
        ...{ live, runtime, carries: true, knows },
        entry: (each) => entries.get(each),
        names: () => [...entries.keys()],
        isFree: (each) => !isTaken(each),
        reserve: () => E.right(() => {}),
        enliven: async ({ task, manifest, cargo }, image) => {
          const from = manifest.host as Name;
          await carrier.arrived(manifest.children, tiesIn(cargo), from, isTaken);
          await state.landing;
          const revived = await live.reviveRead(image, task, { entry: (each) => entries.get(each) });
          if (E.isRight(revived)) carrier.landed(from);
          return revived;
        },
        standing: () => Promise.resolve("owned"),
        epoch: () => Promise.resolve(0),
      }),
      stays: new MemoryStays(),
      landings: noLandings,
      dial: (key) => {
        const [own, far] = duplexPair();
        const to = targets.get(name)!;
        void ends.get(to)!.thread.serve({ channel: new Channel(far, { peer: name }), key });
        return Promise.resolve(E.right({ channel: new Channel(own, { peer: to }), key }));
      },
      may: () => true,
      arrived: () => {},
      fetched: () => {},
      warn,
    });
    const end = { name, live, thread, carrier, warnings, entries, noted };
    ends.set(name, end);
    return end;
  };
  const [here, there, beyond] = [make("here"), make("there"), make("beyond")];
  const move: CarriedHosts["move"] = (from, to, ...names) => {
    targets.set(from, to);
    return ends.get(from)!.thread.migrate(names, runtime.signer.publicKey);
  };
  return {
    ...{ here, there, beyond, log, contacts, strangers, move },
    get split() {
      return state.split;
    },
    set split(next) {
      state.split = next;
      if (next !== null) cut(isSplit);
    },
    get slow() {
      return state.slow;
    },
    set slow(next) {
      state.slow = next;
      for (const line of open) line.wire.slow = slowOf(line);
    },
    get crossing() {
      return state.crossing;
    },
    set crossing(next) {
      state.crossing = next;
    },
    get landing() {
      return state.landing;
    },
    set landing(next) {
      state.landing = next;
    },
    home: (name) => [...ends.values()].find(({ live }) => live.child(name)?.ending === null)?.name ?? "here",
    get faults() {
      return state.faults;
    },
    set faults(next) {
      state.faults = next;
    },
    get apart() {
      return state.apart;
    },
    set apart(next) {
      state.apart = next;
      if (next) cut(() => true);
    },
    cut: () => cut(() => true),
    async start(name, text, routes = []) {
      const { code, name: file, hash, sourceMap } = await compiledOf(stage, text);
      const config: StartConfig = {
        ...{
          name,
          component: file,
          ram: 16 << 20,
          caps: 100,
          config: null,
          routes: [...LOG, ...routes],
          turn: 30_000,
        },
      };
      for (const { entries } of ends.values()) entries.set(name, config);
      const started = await here.live.startCompiled(config, code, { file, hash, sourceMap });
      if (E.isLeft(started)) throw new Error(JSON.stringify(started.left));
    },
    until: (text) =>
      log.includes(text) ? Promise.resolve() : new Promise((resolve) => waiting.set(text, () => resolve())),
    unfaulted: (work) =>
      new Promise((resolve, reject) => {
        const fail = (): void => reject(new Error(`has faulted: ${faulted}`));
        onFault.add(fail);
        if (faulted !== null) fail();
        void work.then(resolve, reject).finally(() => onFault.delete(fail));
      }),
    migrate: (from, ...names) => move(from, other(from), ...names),
    async close() {
      for (const { thread, carrier } of ends.values()) {
        thread.close();
        carrier.close();
      }
      await Promise.all([...ends.values()].map(({ live }) => live.close()));
    },
  };
};
