// Children that are alive and sleep, on a host of their own: on so many threads, or on one each.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { E, type Either } from "../lib/fp.ts";
import { compileComponent, type Compiled } from "../runtime/component/compile.ts";
import type { StartConfig } from "../runtime/host/host-config.ts";
import { LiveHost } from "../runtime/host/live-host.ts";
import { startRuntime, type Runtime } from "../runtime/host/runtime.ts";

/** Threads for a crowd that shares them. */
export const CROWD_THREADS = 2;

const SLEEPER = fileURLToPath(new URL("../../bench/component/sleeper.ts", import.meta.url));

const configOf = (name: string): StartConfig => ({
  name,
  component: SLEEPER,
  ram: 8 << 20,
  caps: 100,
  turn: 3000,
  config: {},
  routes: [{ service: "LOG" }, { service: "Timer" }],
});

const must = <L, A>(answer: Either<L, A>): A => {
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

export class Crowd {
  readonly #folder: string;
  readonly #runtime: Runtime;
  readonly #host: LiveHost;
  readonly #compiled: Compiled;
  readonly #waiting = new Map<string, () => void>();

  private constructor(folder: string, runtime: Runtime, compiled: Compiled) {
    this.#folder = folder;
    this.#runtime = runtime;
    this.#compiled = compiled;
    this.#host = new LiveHost({
      config: { name: "here", ram: 2 ** 40, caps: 1e9, files: {}, gates: {}, roms: {}, trust: [] },
      runtime,
      emit: (event) => {
        if (event.event === "faulted") throw new Error(`${event.child}: ${event.reason}`);
        if (event.event === "log") this.#waiting.get(event.child)?.();
      },
    });
  }

  /** `threads`: how many they share; each has its own where it is left out. */
  static async gather(threads?: number): Promise<Crowd> {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-bench-"));
    const runtime = must(await startRuntime(folder, threads === undefined ? {} : { threads }));
    return new Crowd(folder, runtime, must(await compileComponent({ file: SLEEPER, roots: [] })));
  }

  /** Starts `count` children, one after the other. */
  async grow(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.start(`sleeper ${i}`);
  }

  /** Starts one and resolves when it has said that it is there, with the ms that took. */
  async start(name: string): Promise<number> {
    const { code, name: file, hash, sourceMap } = this.#compiled;
    const began = performance.now();
    const here = new Promise<void>((resolve) => this.#waiting.set(name, resolve));
    must(await this.#host.startCompiled(configOf(name), code, { file, hash, sourceMap }));
    await here;
    this.#waiting.delete(name);
    return performance.now() - began;
  }

  async kill(name: string): Promise<void> {
    must(await this.#host.kill(name));
  }

  /** Freezes one that was started, and brings it back from its image; resolves with the ms that this took. */
  async revive(name: string): Promise<number> {
    const image = join(this.#folder, "sleeper.cryo");
    must(await this.#host.freeze([name], { image }));
    const began = performance.now();
    must(await this.#host.revive(image, { entry: configOf }));
    return performance.now() - began;
  }

  async disperse(): Promise<void> {
    await this.#host.close();
    await this.#runtime.close();
    await rm(this.#folder, { recursive: true });
  }
}
