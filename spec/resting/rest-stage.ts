// A durable host for one spec, in this process and a folder of its own; it can end as if it were killed and come back.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { compileComponent } from "../../runtime/component/compile.ts";
import type { Route } from "../../runtime/core/route.ts";
import type { Child } from "../../runtime/host/child.ts";
import { openKeeper, type OpenKeeper } from "../../runtime/host/durable-folder.ts";
import type { HostEvent } from "../../runtime/host/event.ts";
import type { HostConfig, StartConfig } from "../../runtime/host/host-config.ts";
import type { HostError } from "../../runtime/host/host-error.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { startRuntime, type Runtime } from "../../runtime/host/runtime.ts";

const OPENING = `import { component, FileSystem, Gate, Log, Report, Rom, Timer, method, session } from "cryonode";
import * as t from "io-ts";
void [FileSystem, Gate, Log, Report, Rom, Timer, method, session, t];
`;

const ROUTES: readonly Route[] = [
  { service: "LOG" },
  { service: "Timer" },
  { service: "ROM" },
  { service: "Report" },
  { service: "File_system" },
  { service: "Gate" },
];

type StageOptions = Partial<HostConfig>;

const given = <T>(answer: Either<unknown, T>): T => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

interface Running {
  readonly runtime: Runtime;
  readonly opened: OpenKeeper;
  readonly host: LiveHost;
}

export class RestStage {
  readonly folder: string;
  readonly #options: StageOptions;
  readonly #entries = new Map<string, StartConfig>();
  readonly events: HostEvent[] = [];
  /** Children that could not be woken. */
  readonly unwoken: (readonly [child: string, error: HostError])[] = [];
  #waiting: (() => void)[] = [];
  #running!: Running;

  private constructor(folder: string, options: StageOptions) {
    this.folder = folder;
    this.#options = options;
  }

  static async open(options: StageOptions = {}): Promise<RestStage> {
    const stage = new RestStage(await mkdtemp(join(tmpdir(), "cryonode-rest-")), options);
    await mkdir(join(stage.folder, "components"));
    await mkdir(join(stage.folder, "data"));
    await stage.#up();
    return stage;
  }

  get host(): LiveHost {
    return this.#running.host;
  }
  get runtime(): Runtime {
    return this.#running.runtime;
  }
  entry(name: string): StartConfig | undefined {
    return this.#entries.get(name);
  }

  async #up(): Promise<void> {
    const runtime = given(await startRuntime(join(this.folder, "state"), { threads: 1 }));
    const warn = (child: string, text: string): void => this.#happened({ event: "warning", child, text });
    const opened = given(await openKeeper(runtime, warn));
    const host = new LiveHost({
      config: {
        ...{ name: "here", ram: 256 << 20, caps: 10_000, gates: {}, roms: {}, trust: [] },
        files: {
          data: {
            kind: "directory",
            path: join(this.folder, "data"),
            rights: ["read", "write", "create", "remove", "list"],
          },
        },
        ...this.#options,
      },
      runtime,
      keeper: opened.keeper,
      emit: (event) => this.#happened(event),
      unwoken: (child, error) => {
        this.unwoken.push([child, error]);
        this.#stir();
      },
    });
    this.#running = { runtime, opened, host };
  }

  #happened(event: HostEvent): void {
    this.events.push(event);
    this.#stir();
  }
  #stir(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves once `holds` does, looked at whenever something happens. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  count(event: HostEvent["event"], child: string): number {
    return this.events.filter((each) => each.event === event && each.child === child).length;
  }
  logs(child: string): readonly string[] {
    return this.events.flatMap((each) => (each.event === "log" && each.child === child ? [each.text] : []));
  }

  /** Resolves when it has been put to rest so many times. */
  rested(child: string, times = 1): Promise<void> {
    return this.until(() => this.count("rested", child) >= times && this.host.rests(child));
  }
  said(child: string, text: string): Promise<void> {
    return this.until(() => this.logs(child).includes(text));
  }

  /** A component whose file ends with `body`. */
  async start(name: string, body: string, more: Partial<StartConfig> = {}): Promise<Child> {
    const component = join(this.folder, "components", `${name}.ts`);
    await writeFile(component, `${OPENING}${body}\n`);
    const {
      code,
      name: file,
      hash,
      sourceMap,
    } = given(await compileComponent({ file: component, roots: ["/"] }));
    const config: StartConfig = {
      ...{ name, component, ram: 8 << 20, caps: 100, turn: 3000, config: {}, routes: ROUTES, rest: 20 },
      ...more,
    };
    this.#entries.set(name, config);
    return given(await this.host.startCompiled(config, code, { file, hash, sourceMap }));
  }

  /** As `start`, for a body of the component's function. */
  play(name: string, body: string, more: Partial<StartConfig> = {}): Promise<Child> {
    return this.start(
      name,
      `export default component(async (env) => {\nconst log = await env.session(Log);\n${body}\n});`,
      more,
    );
  }

  call(child: string, service: string, method: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.callWith(child, service, method, args);
  }
  async callWith(child: string, service: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const session = given(await this.host.session({ child, service, label: "", args: "{}", patience: null }));
    const answer = await session.call(method, args);
    session.close();
    return given(answer);
  }

  /** Ends the host with no farewell, and opens another one on what it left; whom `change` has no entry for stays as it
   *  lies. Resolves with who still rests. */
  async again(
    change: (config: StartConfig) => StartConfig | null = (config) => config,
  ): Promise<readonly string[]> {
    const { host, opened, runtime } = this.#running;
    await host.close();
    await opened.close();
    await runtime.close();
    this.events.length = 0;
    await this.#up();
    const entries = new Map(
      [...this.#entries].flatMap(([name, config]) => {
        const changed = change(config);
        return changed === null ? [] : [[name, changed] as const];
      }),
    );
    given(await this.host.takeUp((name) => entries.get(name)));
    const { keeper } = this.#running.opened;
    for (const [name, config] of entries) {
      if (this.host.rests(name)) continue;
      const former = given(await keeper.former(name));
      if (former !== null) given(await this.host.recover(config, former));
    }
    this.host.allBack();
    keeper.recovered();
    return [...entries.keys()].filter((name) => this.host.rests(name));
  }

  /** Whether it could be put to rest as it is now; it goes on. */
  async couldRest(child: Child): Promise<boolean> {
    const rested = given(await this.#running.opened.keeper.rest(child, "asked for"));
    if (rested !== null) child.stir();
    return rested !== null;
  }

  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), "utf8");
  }

  async close(): Promise<void> {
    const { host, opened, runtime } = this.#running;
    await host.close();
    await opened.close();
    await runtime.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A body for `it`. */
export const atRest =
  (play: (stage: RestStage) => Promise<void>, options: StageOptions = {}) =>
  async (): Promise<void> => {
    const stage = await RestStage.open(options);
    try {
      await play(stage);
    } finally {
      await stage.close();
    }
  };
