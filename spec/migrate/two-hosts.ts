// Two live hosts of one process with a thread of migration each, and a wire between them that can be made to fail.
import type { Duplex } from "node:stream";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileComponent, type Compiled } from "../../runtime/component/compile.ts";
import type { Route } from "../../runtime/core/route.ts";
import { PEER_MAY, type HostConfig, type StartConfig } from "../../runtime/host/host-config.ts";
import type { PeerRight } from "../../runtime/host/peer-right.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { startRuntime, type Runtime } from "../../runtime/host/runtime.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { MemoryDecisions } from "../../runtime/migrate/decisions.ts";
import { noLandings } from "../../runtime/migrate/landings.ts";
import { LiveSink } from "../../runtime/migrate/live-sink.ts";
import { LiveSource } from "../../runtime/migrate/live-source.ts";
import { MigThread } from "../../runtime/migrate/mig-thread.ts";
import { MemoryStays } from "../../runtime/migrate/stays.ts";
import { E } from "../../lib/fp.ts";
import { makeWire, type Fault, type Wire } from "./wire.ts";

/** How long a peer may be silent where no link fails, in ms. */
const SILENCE = 30_000;

export interface End {
  readonly name: string;
  readonly live: LiveHost;
  readonly thread: MigThread;
  readonly warnings: string[];
}

export interface TwoHosts {
  readonly runtime: Runtime;
  readonly here: End;
  readonly there: End;
  /** What the child wrote, wherever it was, in that order. */
  readonly log: string[];
  /** Where it wrote each of these. */
  readonly places: string[];
  /** What the next wire does. */
  fail(fault: Fault | null): void;
  /** From now on somebody else is at the far end of whatever is dialled; null: the other host is. */
  answerBy(who: ((far: Duplex) => void) | null): void;
  /** The wires that were made. */
  readonly wires: Wire[];
  start(name: string): Promise<void>;
  /** Resolves once the child has written this. */
  until(text: string): Promise<void>;
  /** Hosts where the child lives. */
  homes(name: string): readonly string[];
  close(): Promise<void>;
}

export interface TwoHostsOptions {
  /** The component's function, from the session `log` and `timer` on. */
  readonly body: string;
  /** What the hosts have; default: quota enough, and no providers. */
  readonly here?: Partial<HostConfig>;
  readonly there?: Partial<HostConfig>;
  /** The source does not say beforehand whose files come along. */
  readonly untold?: boolean;
  /** What the child's entry says there, where that is otherwise than here. */
  readonly entryThere?: Partial<StartConfig> | null;
  readonly routes?: readonly Route[];
  /** What each lets the other say. Default: as hosts do. */
  readonly may?: Readonly<Partial<Record<"here" | "there", readonly PeerRight[]>>>;
  /** How long a peer may be silent, in ms. Default: longer than any is. */
  readonly silence?: number;
}

const ROUTES: readonly Route[] = [
  { service: "LOG" },
  { service: "Timer" },
  { service: "File_system" },
  { service: "Gate" },
];

const configOf = (name: string, more: Partial<HostConfig> = {}): HostConfig => ({
  ...{ name, ram: 512 << 20, caps: 10_000, files: {}, gates: {}, roms: {}, trust: [] },
  ...more,
});

/** One runtime for all: it takes longer to start than what most specs do. */
export const openStage = async (): Promise<{
  readonly folder: string;
  readonly runtime: Runtime;
  readonly compiled: (body: string) => Promise<Compiled>;
  readonly close: () => Promise<void>;
}> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-migrate-"));
  const runtime = await startRuntime(join(folder, "state"));
  if (E.isLeft(runtime)) throw new Error("no runtime");
  await mkdir(join(folder, "components"));
  const known = new Map<string, Promise<Compiled>>();
  const compile = async (body: string): Promise<Compiled> => {
    const file = join(folder, "components", `c${known.size}.ts`);
    await writeFile(
      file,
      `import { component, FileSystem, Gate, Log, Timer } from "cryonode";\nvoid [FileSystem, Gate];\n` +
        `export default component(async (env) => {\nconst log = await env.session(Log);\n` +
        `const timer = await env.session(Timer);\n${body}\n});\n`,
    );
    const made = await compileComponent({ file, roots: [folder] });
    if (E.isLeft(made)) throw new Error(JSON.stringify(made.left));
    return made.right;
  };
  return {
    folder,
    runtime: runtime.right,
    compiled: (body) => {
      const made = known.get(body) ?? compile(body);
      known.set(body, made);
      return made;
    },
    close: async () => {
      await runtime.right.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export type Stage = Awaited<ReturnType<typeof openStage>>;

export const twoHosts = ({ runtime, compiled }: Stage, options: TwoHostsOptions): TwoHosts => {
  const { silence = SILENCE } = options;
  const may = { here: options.may?.here ?? PEER_MAY, there: options.may?.there ?? PEER_MAY };
  const log: string[] = [];
  const places: string[] = [];
  const waiting = new Map<string, () => void>();
  const wires: Wire[] = [];
  let fault: Fault | null = null;
  let impostor: ((far: Duplex) => void) | null = null;
  const entries = new Map<string, StartConfig>();
  const entryOf = (host: string, name: string): StartConfig | undefined => {
    const own = entries.get(name);
    if (host === "here" || own === undefined || options.entryThere === undefined) return own;
    return options.entryThere === null ? undefined : { ...own, ...options.entryThere };
  };
  const open = (name: "here" | "there"): End => {
    const warnings: string[] = [];
    const live = new LiveHost({
      config: configOf(name, options[name]),
      runtime,
      emit: (event) => {
        if (event.event !== "log") return;
        log.push(event.text);
        places.push(name);
        waiting.get(event.text)?.();
      },
    });
    const reserved = new Set<string>();
    const reserve = (names: readonly string[]) => {
      const taken = names.find((each) => reserved.has(each));
      if (taken !== undefined) return E.left({ tag: "Unfit", child: taken, reason: "is busy" } as const);
      for (const each of names) reserved.add(each);
      return E.right(() => {
        for (const each of names) reserved.delete(each);
      });
    };
    const isAlive = (each: string): boolean => live.child(each)?.ending === null;
    const decisions = new MemoryDecisions();
    const epochs = new Map<string, number>();
    const thread: MigThread = new MigThread({
      host: name,
      signer: runtime.signer,
      source: new LiveSource({
        ...{ live, runtime, decisions, reserve },
        // What becomes of files is judged again when they stand still, by whom this does not tell.
        ...(options.untold === true ? {} : { entry: (each: string) => entryOf(name, each) }),
      }),
      sink: new LiveSink({
        ...{ live, runtime, reserve },
        entry: (each) => entryOf(name, each),
        names: () => [...entries.keys()],
        isFree: (each) => !isAlive(each),
        enliven: async ({ task, manifest }, image) => {
          for (const { identity, generation } of manifest.children) epochs.set(identity, generation + 1);
          return live.reviveRead(image, task, { entry: (each) => entryOf(name, each) });
        },
        standing: () => Promise.resolve("owned"),
        initialize: async (names) => {
          const { code, name: file, hash, sourceMap } = await compiled(options.body);
          for (const each of names) {
            const config = entryOf(name, each);
            if (config === undefined) return E.left({ tag: "Unfit", child: each, reason: "is unknown" });
            const started = await live.startCompiled(config, code, { file, hash, sourceMap });
            if (E.isLeft(started)) return E.left({ tag: "Host", error: started.left });
          }
          return E.right(names.map(() => 1));
        },
        epoch: (identity) => Promise.resolve(epochs.get(identity) ?? 0),
      }),
      stays: new MemoryStays(),
      landings: noLandings,
      dial: (key) => {
        const wire = makeWire(fault);
        fault = null;
        wires.push(wire);
        const other = name === "here" ? there : here;
        const [own, far] = wire.ends;
        if (impostor === null)
          void other.thread.serve({ channel: new Channel(far, { peer: name, silence }), key });
        else impostor(far);
        return Promise.resolve(E.right({ channel: new Channel(own, { peer: other.name, silence }), key }));
      },
      may: (_key, said) => may[name].includes(said),
      arrived: () => {},
      fetched: () => {},
      warn: (_child, text) => void warnings.push(text),
    });
    return { name, live, thread, warnings };
  };
  const here = open("here");
  const there = open("there");
  return {
    ...{ runtime, here, there, log, places, wires },
    answerBy: (who) => {
      impostor = who;
    },
    fail: (next) => {
      fault = next;
    },
    async start(name) {
      const { code, name: file, hash, sourceMap } = await compiled(options.body);
      const routes = options.routes ?? ROUTES;
      const config: StartConfig = {
        ...{ name, component: file, ram: 256 << 20, caps: 100, config: null, routes, turn: 30_000 },
      };
      entries.set(name, config);
      const started = await here.live.startCompiled(config, code, { file, hash, sourceMap });
      if (E.isLeft(started)) throw new Error(JSON.stringify(started.left));
    },
    until: (text) =>
      log.includes(text) ? Promise.resolve() : new Promise((resolve) => waiting.set(text, () => resolve())),
    homes: (name) =>
      [here, there].filter(({ live }) => live.child(name)?.ending === null).map((each) => each.name),
    async close() {
      for (const { thread } of [here, there]) thread.close();
      await Promise.all([here, there].map(({ live }) => live.close()));
    },
  };
};
