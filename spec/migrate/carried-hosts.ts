// Two live hosts of one process whose carriers speak over a wire that can be made to fail, a server and a client.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileComponent, type Compiled } from "../../runtime/component/compile.ts";
import type { Route } from "../../runtime/core/route.ts";
import type { StartConfig } from "../../runtime/host/host-config.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { decodeTies } from "../../runtime/migrate/carried-message.ts";
import { Carrier } from "../../runtime/migrate/carrier.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { MemoryDecisions } from "../../runtime/migrate/decisions.ts";
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
import { makeWire, type Fault } from "./wire.ts";

export type Name = "here" | "there";

interface End {
  readonly name: Name;
  readonly live: LiveHost;
  readonly thread: MigThread;
  readonly carrier: Carrier;
  readonly warnings: string[];
  readonly entries: Map<string, StartConfig>;
}

export interface CarriedHosts {
  readonly here: End;
  readonly there: End;
  /** What children wrote, wherever they were. */
  readonly log: string[];
  /** What the next contacts do, one after the other; those after them never fail. */
  faults: Fault[];
  /** Nobody can be called while it is. */
  apart: boolean;
  /** Contacts that there were. */
  readonly contacts: { readonly count: number };
  cut(): void;
  start(name: string, text: string, routes?: readonly Route[]): Promise<void>;
  /** Resolves once somebody has written this. */
  until(text: string): Promise<void>;
  migrate(from: Name, ...names: readonly string[]): Promise<Either<MigrateError, Migrated>>;
  close(): Promise<void>;
}

const LOG: readonly Route[] = [{ service: "LOG" }, { service: "Timer" }];

/** How long a peer may be silent, in ms: only where a wire stalls is it ever. */
const SILENCE = 800;

let files = 0;

const compiledOf = async ({ folder }: Stage, text: string): Promise<Compiled> => {
  const file = join(folder, "components", `carried${files++}.ts`);
  await writeFile(file, text);
  const made = await compileComponent({ file, roots: [folder] });
  if (E.isLeft(made)) throw new Error(JSON.stringify(made.left));
  return made.right;
};

export const carriedHosts = (stage: Stage): CarriedHosts => {
  const { runtime } = stage;
  const log: string[] = [];
  const waiting = new Map<string, () => void>();
  const open: (() => void)[] = [];
  const contacts = { count: 0 };
  const other = (name: Name): Name => (name === "here" ? "there" : "here");
  const state = { faults: [] as Fault[], apart: false };
  const ends = new Map<Name, End>();

  const dial = async (from: Name, to: Name): Promise<Either<MigrateError, Channel>> => {
    const peer = ends.get(to);
    if (peer === undefined || state.apart)
      return E.left({ tag: "Link", peer: to, reason: "nobody is there" });
    contacts.count++;
    const wire = makeWire(state.faults.shift() ?? null);
    const [near, far] = wire.ends.map((end) => new Channel(end, { peer: from, silence: SILENCE })) as [
      Channel,
      Channel,
    ];
    open.push(() => near.cut());
    void far.next(["carry"]).then(async (said) => {
      if (E.isRight(said)) await peer.carrier.serve(far, from, said.right.version);
      far.close();
    });
    return E.right(near);
  };

  const make = (name: Name): End => {
    const warnings: string[] = [];
    const entries = new Map<string, StartConfig>();
    const warn = (_child: string, text: string): void => void warnings.push(text);
    const live = new LiveHost({
      config: { name, ram: 512 << 20, caps: 10_000, files: {}, gates: {}, roms: {}, trust: [] },
      runtime,
      emit: (event) => {
        if (event.event !== "log") return;
        log.push(event.text);
        waiting.get(event.text)?.();
      },
    });
    const carrier = new Carrier({
      ...{ own: name, live, warn, nameOf: (peer) => peer },
      entry: (each) => entries.get(each),
      book: {
        all: () => Promise.resolve([]),
        note: () => Promise.resolve(E.right(undefined)),
        drop: () => Promise.resolve(),
      },
      dial: (to) => dial(name, to as Name),
      settled: () => new Promise((resolve) => setImmediate(resolve)),
      hasEnded: () => Promise.resolve(false),
    });
    const isTaken = (each: string): boolean => live.child(each)?.ending === null;
    const thread = new MigThread({
      host: name,
      signer: runtime.signer,
      source: new LiveSource({
        ...{ live, runtime, carrier, decisions: new MemoryDecisions() },
        reserve: () => E.right(() => {}),
        peer: () => other(name),
      }),
      sink: new LiveSink({
        ...{ live, runtime, carries: true },
        entry: (each) => entries.get(each),
        names: () => [...entries.keys()],
        isFree: (each) => !isTaken(each),
        reserve: () => E.right(() => {}),
        enliven: async ({ task, manifest, cargo }, image) => {
          const ties = cargo.flatMap(({ bytes }) => decodeTies(bytes) ?? []);
          await carrier.arrived(manifest.children, ties, other(name), isTaken);
          const revived = await live.reviveRead(image, task, { entry: (each) => entries.get(each) });
          if (E.isRight(revived)) carrier.landed(other(name));
          return revived;
        },
        standing: () => Promise.resolve("open"),
        epoch: () => Promise.resolve(0),
      }),
      stays: new MemoryStays(),
      landings: noLandings,
      dial: (key) => {
        const [own, far] = duplexPair();
        void ends.get(other(name))!.thread.serve({ channel: new Channel(far, { peer: name }), key });
        return Promise.resolve(E.right({ channel: new Channel(own, { peer: other(name) }), key }));
      },
      may: () => true,
      arrived: () => {},
      fetched: () => {},
      warn,
    });
    const end = { name, live, thread, carrier, warnings, entries };
    ends.set(name, end);
    return end;
  };
  const [here, there] = [make("here"), make("there")];
  return {
    ...{ here, there, log, contacts },
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
      if (next) for (const cut of open.splice(0)) cut();
    },
    cut: () => {
      for (const cut of open.splice(0)) cut();
    },
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
    migrate: (from, ...names) => ends.get(from)!.thread.migrate(names, runtime.signer.publicKey),
    async close() {
      for (const { thread, carrier } of ends.values()) {
        thread.close();
        carrier.close();
      }
      await Promise.all([...ends.values()].map(({ live }) => live.close()));
    },
  };
};
