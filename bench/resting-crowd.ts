// A durable host of very many components that rest, in a folder of its own: started one after the other, put to rest,
// and taken up again by another host.
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { E, type Either } from "../lib/fp.ts";
import { compileComponent, type Compiled } from "../runtime/component/compile.ts";
import { openKeeper, type OpenKeeper } from "../runtime/host/durable-folder.ts";
import type { StartConfig } from "../runtime/host/host-config.ts";
import { LiveHost } from "../runtime/host/live-host.ts";
import { startRuntime, type Runtime } from "../runtime/host/runtime.ts";

const TALLY = fileURLToPath(new URL("../../bench/component/tally.ts", import.meta.url));
const CHILD_RAM = 8 << 20;
const ROUTES: StartConfig["routes"] = [{ service: "Timer" }];

export const must = <L, A>(answer: Either<L, A>): A => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

/** What Linux says that a process has in memory, in bytes. */
export const residentBytes = async (): Promise<number> => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
};

export interface CrowdOptions {
  /** How many may be awake at once. */
  readonly awake: number;
  /** How long each is idle before it rests, in ms. */
  readonly after: number;
}

export class RestingCrowd {
  readonly #runtime: Runtime;
  readonly #opened: OpenKeeper;
  readonly #host: LiveHost;
  readonly #options: CrowdOptions;
  readonly #compiled: Compiled;

  private constructor(runtime: Runtime, opened: OpenKeeper, compiled: Compiled, options: CrowdOptions) {
    this.#runtime = runtime;
    this.#opened = opened;
    this.#compiled = compiled;
    this.#options = options;
    this.#host = new LiveHost({
      config: {
        ...{ name: "here", ram: options.awake * CHILD_RAM, caps: 1e9 },
        ...{ files: {}, gates: {}, roms: {}, trust: [] },
      },
      runtime,
      keeper: opened.keeper,
      emit: (event) => {
        if (event.event === "faulted") throw new Error(`${event.child}: ${event.reason}`);
      },
      unwoken: (child, error) => {
        throw new Error(`${child}: ${JSON.stringify(error)}`);
      },
    });
  }

  static async folder(): Promise<string> {
    return mkdtemp(join(tmpdir(), "cryonode-bench-"));
  }

  static async open(state: string, options: CrowdOptions): Promise<RestingCrowd> {
    const runtime = must(await startRuntime(state, { threads: 2 }));
    const opened = must(
      await openKeeper(runtime, (child, text) => {
        throw new Error(`${child}: ${text}`);
      }),
    );
    const compiled = must(await compileComponent({ file: TALLY, roots: [] }));
    return new RestingCrowd(runtime, opened, compiled, options);
  }

  #config(name: string): StartConfig {
    return {
      ...{ name, component: TALLY, ram: CHILD_RAM, caps: 100, turn: 3000, config: {} },
      ...{ routes: ROUTES, rest: this.#options.after },
    };
  }

  get resting(): number {
    return this.#host.resting;
  }

  async start(name: string): Promise<void> {
    const { code, name: file, hash, sourceMap } = this.#compiled;
    must(await this.#host.startCompiled(this.#config(name), code, { file, hash, sourceMap }));
  }

  /** Takes up all that rest, and looks at none of them. */
  async takeUp(): Promise<void> {
    must(await this.#host.takeUp((name) => this.#config(name)));
    this.#host.allBack();
    this.#opened.keeper.recovered();
  }

  /** Resolves when so many rest. */
  async allRest(count: number): Promise<void> {
    while (this.resting < count) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Adds to the sum of one; resolves with the ms until it has answered. */
  async call(name: string, by: number): Promise<number> {
    const began = performance.now();
    const session = must(
      await this.#host.session({ child: name, service: "Tally", label: "", args: "{}", patience: null }),
    );
    must(await session.call("add", [by]));
    const took = performance.now() - began;
    session.close();
    return took;
  }

  async close(): Promise<void> {
    await this.#host.close();
    await this.#opened.close();
    await this.#runtime.close();
  }
}
