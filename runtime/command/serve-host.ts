// From a configuration to a host that serves until it is told to stop. Whatever can be wrong is found before anything
// is started or changed.
import type { Worker } from "node:worker_threads";
import { E } from "../../lib/fp.ts";
import { CodeCache } from "../daemon/code-cache.ts";
import { pidAt } from "../daemon/control-client.ts";
import { controlDesk } from "../daemon/control-desk.ts";
import { ControlServer } from "../daemon/control-server.ts";
import { durableProse } from "../daemon/durable-error.ts";
import type { DurableConfig, DurableHost, Rest } from "../daemon/durable-host.ts";
import { openKeptHost } from "../daemon/kept-host.ts";
import { EntryBook } from "../daemon/entry-book.ts";
import { openState, StateFolder } from "../daemon/state-folder.ts";
import { removeUnfinished } from "../daemon/unfinished.ts";
import { takeLock, type Running } from "../daemon/state-lock.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { openKeeper } from "../host/durable-folder.ts";
import { warmRuntime, type RuntimeInMemory } from "../host/runtime.ts";
import type { Address } from "../migrate/peer.ts";
import { imageProse } from "../image/image-error.ts";
import type { Interruption } from "./interruption.ts";
import type { UpReport } from "./up-report.ts";

export interface ServeOptions {
  readonly config: DurableConfig;
  /** Absolute. */
  readonly state: string;
  readonly report: UpReport;
  readonly interruption: Interruption;
  /** Where it listens for peers; null: nowhere. */
  readonly listen: Address | null;
  /** Of `warmHost`; `serveHost` ends it. */
  readonly warm: RuntimeInMemory;
}

export type Served =
  /** Components that do not compile. */
  | { readonly tag: "Wrong"; readonly diagnostics: readonly Diagnostic[] }
  | Running
  /** The state directory, or something of the host's, can't be used. */
  | { readonly tag: "Unusable"; readonly reason: string }
  /** It was told to stop before there was a host. */
  | { readonly tag: "Stopped" }
  | ({ readonly tag: "Ended" } & Rest);

/** Makes the engine and a thread ready, which takes longest, before it is known what for. `spare`: a thread that is
 *  coming up. */
export const warmHost = (spare: Worker | null): RuntimeInMemory => warmRuntime({ threads: THREADS, spare });

/** Children share a thread, whose journal they share: see `docs/decisions/durability.md`. */
const THREADS = 1;

/** What is wrong with the components of entries that have never been, each told once. The others have code that they
 *  came to life with, or begin when somebody says so. */
const compileNew = async (
  code: CodeCache,
  { entries }: DurableConfig,
  state: string,
): Promise<readonly Diagnostic[]> => {
  const book = await EntryBook.read(new StateFolder(state).record);
  const isNew = (name: string): boolean => E.isLeft(book) || book.right.get(name) === undefined;
  const components = new Map(
    entries.flatMap(({ config, roots }) => (isNew(config.name) ? [[config.component, roots]] : [])),
  );
  const compiled = await Promise.all(
    [...components].map(([component, roots]) => code.compiled(component, roots)),
  );
  return compiled.flatMap((each) => (E.isLeft(each) ? each.left : []));
};

/** Does it once, however often it is asked for. */
const once = <T>(act: () => Promise<T>): (() => Promise<T>) => {
  let done: Promise<T> | null = null;
  return () => (done ??= act());
};

export const serveHost = async (options: ServeOptions): Promise<Served> => {
  const { config, state, report, interruption, listen, warm } = options;
  const code = new CodeCache();
  const unusable = (reason: string): Served => ({ tag: "Unusable", reason });
  const diagnostics = await compileNew(code, config, state);
  if (diagnostics.length > 0 || interruption.stop.aborted) {
    await warm.close();
    return diagnostics.length > 0 ? { tag: "Wrong", diagnostics } : { tag: "Stopped" };
  }
  const opened = await openState(state);
  if (E.isLeft(opened)) {
    await warm.close();
    return unusable(`the state directory ${state}: ${opened.left.reason}`);
  }
  const { folder, closedFrom } = opened.right;

  let opening!: (host: DurableHost) => void;
  const host = new Promise<DurableHost>((resolve) => (opening = resolve));
  const toStop = new AbortController();
  let ending!: (rest: Rest) => void;
  const ended = new Promise<Rest>((resolve) => (ending = resolve));
  const stop = (): Promise<Rest> => {
    toStop.abort();
    return ended;
  };
  const desk = controlDesk({ name: config.host.name, file: config.file, host, stop });
  const control = new ControlServer(desk);
  const lock = await takeLock({ state, connection: control.connection, pidOf: pidAt });
  if (E.isLeft(lock)) {
    await warm.close();
    return lock.left;
  }
  const release = once(async () => {
    await control.close();
    await lock.right.release();
  });
  await removeUnfinished(folder);
  const runtime = await warm.on(state);
  if (E.isLeft(runtime)) {
    await release();
    return unusable(imageProse(runtime.left));
  }
  const keeping = await openKeeper(runtime.right, (child, text) =>
    report.event({ event: "warning", child, text }),
  );
  if (E.isLeft(keeping)) {
    await release();
    await runtime.right.close();
    return unusable(keeping.left.reason);
  }
  const durable = await openKeptHost({
    keeper: keeping.right.keeper,
    reports: keeping.right.reports,
    folder,
    config,
    runtime: runtime.right,
    code,
    emit: (event) => report.event(event),
  });
  if (E.isLeft(durable)) {
    await keeping.right.close();
    await release();
    await runtime.right.close();
    return unusable(durableProse(durable.left));
  }

  const listening = listen === null ? E.right(null) : await durable.right.listen(listen);
  if (E.isLeft(listening)) {
    await durable.right.shutdown();
    await keeping.right.close();
    await release();
    await runtime.right.close();
    return unusable(listening.left);
  }

  interruption.takeOver();
  report.up(closedFrom, listening.right);
  const told = new Promise<void>((resolve) => {
    for (const signal of [interruption.stop, toStop.signal])
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  opening(durable.right);
  void durable.right.begin();
  await told;
  report.stopping(durable.right.running.length);
  interruption.again.addEventListener("abort", () => report.abandoned(), { once: true });
  const rest = await durable.right.shutdown();
  await keeping.right.close();
  await runtime.right.close();
  report.down(rest);
  ending(rest);
  await release();
  return { tag: "Ended", ...rest };
};
