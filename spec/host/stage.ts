// A host for one spec: in a folder of its own, its components written beside it. When the spec is over, whatever
// came of it, nothing may be left: no quota taken, no temporary file.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  Host,
  HostFailure,
  type Child,
  type HostFacts,
  type HostOptions,
  type RouteOptions,
  type StartOptions,
} from "../../runtime/index.ts";

/** Routes that grant everything that a host of this kind has. */
export const ALL: readonly RouteOptions[] = [
  { service: "LOG" },
  { service: "Timer" },
  { service: "ROM" },
  { service: "Report" },
  { service: "File_system" },
  { service: "Gate" },
];

const OPENING = `import { component, FileSystem, Gate, Log, Report, Rom, Timer } from "cryonode";
void [FileSystem, Gate, Log, Report, Rom, Timer];
export default component(async (env) => {
`;

export interface Stage {
  readonly folder: string;
  readonly host: Host;
  /** What each child wrote to its log, over all its incarnations. */
  readonly log: (child: string) => readonly string[];
  /** Writes a component whose function has this body, from line 4 on, and starts it under all routes. */
  readonly start: (name: string, body: string, options?: Partial<StartOptions>) => Promise<Child>;
  /** Another host of this process, with the same state directory unless it names another. */
  readonly another: (options: HostOptions) => Promise<Host>;
  readonly read: (path: string) => Promise<string>;
}

const hiddenFiles = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".tmp"));

/** A body for `it`. The host has a directory provider `data`. */
export const onStage =
  (play: (stage: Stage) => Promise<void>, options: HostOptions = {}) =>
  async (): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-host-"));
    const hosts: Host[] = [];
    const open = async (more: HostOptions): Promise<Host> => {
      const host = await Host.open({ state: join(folder, "state"), ...more });
      hosts.push(host);
      return host;
    };
    try {
      const host = await open({ files: { data: { directory: join(folder, "data") } }, ...options });
      const { free } = host;
      const logs = new Map<string, string[]>();
      host.on("log", ({ child, text }) => {
        const log = logs.get(child) ?? [];
        logs.set(child, log);
        log.push(text);
      });
      await mkdir(join(folder, "components"));
      await play({
        folder,
        host,
        log: (child) => logs.get(child) ?? [],
        async start(name, body, more = {}) {
          const component = join(folder, "components", `${name}.ts`);
          await writeFile(component, `${OPENING}${body}\n});\n`);
          return host.start({ name, component, routes: ALL, ...more });
        },
        another: open,
        read: (path) => readFile(join(folder, path), "utf8"),
      });
      await Promise.all(host.children.map((child) => child.kill()));
      expect(host.free, "quota given back").to.deep.equal(free);
      expect(await hiddenFiles(folder), "temporary files").to.deep.equal([]);
    } finally {
      await Promise.all(hosts.map((host) => host.close()));
      await rm(folder, { recursive: true, force: true });
    }
  };

/** The facts that a promise of the embedding API is rejected with. */
export const factsOf = async (promise: Promise<unknown>): Promise<HostFacts> => {
  const failure = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (failure instanceof HostFailure) return failure.facts;
  throw failure instanceof Error ? failure : new Error("expected a HostFailure, but it was fulfilled");
};

/** A component that counts to 10 in its log and in count.txt, a turn apart. */
export const COUNT = `
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const files = await env.session(FileSystem, { label: "data" });
  const file = await files.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= 10; n++) {
    await file.write(n + "\\n");
    await log.write("count " + n);
    await timer.sleep(1);
  }`;

export const COUNTED = Array.from({ length: 10 }, (_, i) => `count ${i + 1}`);
export const COUNTED_LINES = Array.from({ length: 10 }, (_, i) => `${i + 1}\n`).join("");
