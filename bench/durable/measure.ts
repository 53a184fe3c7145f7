// The measurements of a contender at its job, each by what is seen outside: lines that appear in files.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contender, Job, Running } from "./contender.ts";
import { bytesOfAll, lastLine, linesOfAll, verdictOn, type Verdict } from "./lines.ts";

const POLL_MS = 1;

/** What each worker has done before it is measured. */
const WARM_LINES = 40;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A contender that stops by itself has failed. */
const failing = async (run: Running, name: string): Promise<never> => {
  const said = await run.ended;
  throw new Error(`${name} ended by itself:\n${said}`);
};

const until = async (holds: () => boolean, run: Running, name: string): Promise<void> => {
  let failed: unknown = null;
  failing(run, name).catch((error: unknown) => (failed = error));
  while (!holds()) {
    if (failed !== null) throw failed as Error;
    await sleep(POLL_MS);
  }
};

export const inFolder = async <A>(contender: Contender, act: (folder: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-bench-"));
  try {
    return await act(folder);
  } finally {
    await contender.end?.(folder);
    await rm(folder, { recursive: true, force: true });
  }
};

/** A contender at work that is paused between its measurements, so that several can be measured in turn. */
export class AtWork {
  readonly #job: Job;
  readonly #running: Running;

  private constructor(job: Job, running: Running) {
    this.#job = job;
    this.#running = running;
  }

  /** Resolves when each worker has done some steps. */
  static async begin(contender: Contender, folder: string, workers: number): Promise<AtWork> {
    const job = { folder, workers, crashAfter: null };
    const running = await contender.start(job);
    const warm = (): boolean => {
      for (let worker = 0; worker < workers; worker++)
        if (lastLine(folder, worker) < WARM_LINES) return false;
      return linesOfAll(folder, workers) >= 50;
    };
    await until(warm, running, contender.name);
    running.pause();
    return new AtWork(job, running);
  }

  /** Steps a second of all workers together, over so many ms. */
  async rate(ms: number): Promise<number> {
    const { folder, workers } = this.#job;
    this.#running.proceed();
    const [before, began] = [linesOfAll(folder, workers), performance.now()];
    await sleep(ms);
    const [after, ended] = [linesOfAll(folder, workers), performance.now()];
    this.#running.pause();
    return ((after - before) * 1000) / (ended - began);
  }

  async end(): Promise<void> {
    this.#running.proceed();
    await this.#running.kill();
  }
}

const bytesBelow = async (path: string): Promise<number> => {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return 0;
  if (!facts.isDirectory()) return facts.blocks * 512;
  const names = await readdir(path);
  const each = await Promise.all(names.map((name) => bytesBelow(join(path, name))));
  return each.reduce((sum, bytes) => sum + bytes, 0);
};

export interface Resumed {
  /** From the start of the process to the first new line, in ms, of each try. */
  readonly ms: readonly number[];
  /** On disk when it was killed. */
  readonly bytes: number;
}

/** One worker does so many steps and is killed; then resumed and killed again, so often. */
export const resumed = (contender: Contender, steps: number, tries: number): Promise<Resumed> =>
  inFolder(contender, async (folder) => {
    const job = { folder, workers: 1, crashAfter: null };
    const first = await contender.start(job);
    await until(() => lastLine(folder, 0) >= steps, first, contender.name);
    await first.kill();
    const kept = await Promise.all(contender.keeps.map((path) => bytesBelow(join(folder, path))));
    const bytes = (await contender.bytes?.(folder)) ?? kept.reduce((sum, each) => sum + each, 0);
    const ms: number[] = [];
    for (let i = 0; i < tries; i++) {
      const before = bytesOfAll(folder, 1);
      const began = performance.now();
      const again = await contender.start(job);
      await until(() => bytesOfAll(folder, 1) > before, again, contender.name);
      ms.push(performance.now() - began);
      await again.kill();
    }
    return { ms, bytes };
  });

/** Killed so often right after a line was appended and before it is recorded, each time a few steps further. */
export const crashed = (contender: Contender, kills: number): Promise<Verdict> =>
  inFolder(contender, async (folder) => {
    for (let i = 0; i < kills; i++) {
      const before = bytesOfAll(folder, 1);
      const run = await contender.start({ folder, workers: 1, crashAfter: 2 + (i % 7) });
      const said = await run.ended;
      await run.kill();
      if (bytesOfAll(folder, 1) === before) throw new Error(`${contender.name} got no further:\n${said}`);
    }
    const job = { folder, workers: 1, crashAfter: null };
    const last = lastLine(folder, 0);
    const run = await contender.start(job);
    await until(() => lastLine(folder, 0) > last + 10, run, contender.name);
    await run.kill();
    return verdictOn(folder, 0);
  });
