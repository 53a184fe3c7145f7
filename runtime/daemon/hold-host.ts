// From a configuration to a host that holds its state directory and hears commands. Whatever can be wrong is found before
// anything is started or changed; what was taken up is given back where the rest fails.
import { E, type Either } from "../../lib/fp.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { openKeeper } from "../host/durable-folder.ts";
import type { RuntimeInMemory } from "../host/runtime.ts";
import { imageProse } from "../image/image-error.ts";
import { CodeCache } from "./code-cache.ts";
import { hostPid, pidAt } from "./control-client.ts";
import { controlDesk } from "./control-desk.ts";
import { ControlServer } from "./control-server.ts";
import { durableProse } from "./durable-error.ts";
import type { DurableEvent } from "./durable-event.ts";
import type { DurableConfig, DurableHost, Rest } from "./durable-host.ts";
import { EntryBook } from "./entry-book.ts";
import { openKeptHost } from "./kept-host.ts";
import { openState, StateFolder } from "./state-folder.ts";
import { takeLock, type Running } from "./state-lock.ts";
import { removeUnfinished } from "./unfinished.ts";

/** Children share a thread, whose journal they share: see `docs/decisions/durability.md`. */
export const THREADS = 1;

export interface HoldOptions {
  readonly config: DurableConfig;
  /** Absolute. */
  readonly state: string;
  /** With `THREADS` threads. It ends with the host, or when there comes to be none. */
  readonly warm: RuntimeInMemory;
  readonly emit: (event: DurableEvent) => void;
  /** Has the host ended, since a command says so; resolves when everything is at rest. */
  readonly stop: () => Promise<Rest>;
  /** Aborted: it is not wanted after all, as long as nothing has been changed. */
  readonly signal?: AbortSignal;
}

export type Unheld =
  /** Components that do not compile. */
  | { readonly tag: "Wrong"; readonly diagnostics: readonly Diagnostic[] }
  | Running
  /** The state directory, or something of the host's, can't be used. */
  | { readonly tag: "Unusable"; readonly reason: string }
  /** It was not wanted any more before there was a host. */
  | { readonly tag: "Stopped" };

/** A host that nobody else has. */
export interface HeldHost {
  readonly host: DurableHost;
  /** The mode that its state directory had, where others could look into it. */
  readonly closedFrom: number | null;
  /** Commands are carried out from now on; those that came earlier have waited. */
  readonly serve: () => void;
  /** Freezes all that lives, and ends what it is made of. The directory is held still. */
  readonly shutdown: () => Promise<Rest>;
  /** Gives the state directory back. */
  readonly release: () => Promise<void>;
}

/** Compiles the components of entries that have never been, each once; null where nothing is wrong with them. The others
 *  have code that they came to life with, or begin when somebody says so. Where another host is there, nothing is
 *  compiled for this one. */
const compileNew = async (
  code: CodeCache,
  { entries }: DurableConfig,
  state: string,
): Promise<Unheld | null> => {
  const book = await EntryBook.read(new StateFolder(state).record);
  const isNew = (name: string): boolean => E.isLeft(book) || book.right.get(name) === undefined;
  const components = new Map(
    entries.flatMap(({ config, roots }) => (isNew(config.name) ? [[config.component, roots]] : [])),
  );
  // Otherwise the lock will tell.
  const pid = components.size === 0 ? null : await hostPid(state);
  if (pid !== null) return { tag: "Running", state, pid };
  const compiled = await Promise.all(
    [...components].map(([component, roots]) => code.compiled(component, roots)),
  );
  const diagnostics = compiled.flatMap((each) => (E.isLeft(each) ? each.left : []));
  return diagnostics.length > 0 ? { tag: "Wrong", diagnostics } : null;
};

/** Does it once, however often it is asked for. */
const once = <T>(act: () => Promise<T>): (() => Promise<T>) => {
  let done: Promise<T> | null = null;
  return () => (done ??= act());
};

/** What the operating system says: no descriptors, no space. */
const systemCode = (error: NodeJS.ErrnoException): string => {
  if (error.code === undefined) throw error;
  return error.code;
};

/** Nothing runs before `host.begin`. */
export const holdHost = async (options: HoldOptions): Promise<Either<Unheld, HeldHost>> => {
  const { config, state, warm, emit, stop, signal } = options;
  const code = new CodeCache();
  const unusable = (reason: string): Either<Unheld, never> => E.left({ tag: "Unusable", reason });
  const unheld = await compileNew(code, config, state);
  if (unheld !== null || signal?.aborted === true) {
    await warm.close();
    return E.left(unheld ?? { tag: "Stopped" });
  }
  const opened = await openState(state);
  if (E.isLeft(opened)) {
    await warm.close();
    return unusable(`the state directory ${state}: ${opened.left.reason}`);
  }
  const { folder, closedFrom } = opened.right;
  let serve!: (host: DurableHost) => void;
  const served = new Promise<DurableHost>((resolve) => (serve = resolve));
  const control = new ControlServer(
    controlDesk({ name: config.host.name, file: config.file, host: served, stop }),
  );
  const lock = await takeLock({ state, connection: control.connection, pidOf: pidAt }).catch(systemCode);
  if (typeof lock === "string" || E.isLeft(lock)) {
    await warm.close();
    return typeof lock === "string" ? unusable(`the state directory ${state}: no lock (${lock})`) : lock;
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
  const keeping = await openKeeper(runtime.right, (child, text) => emit({ event: "warning", child, text }));
  if (E.isLeft(keeping)) {
    await release();
    await runtime.right.close();
    return unusable(keeping.left.reason);
  }
  const { keeper, reports } = keeping.right;
  const durable = await openKeptHost({ keeper, reports, folder, config, runtime: runtime.right, code, emit });
  const close = async (): Promise<void> => {
    await keeping.right.close();
    await runtime.right.close();
  };
  if (E.isLeft(durable)) {
    await keeping.right.close();
    await release();
    await runtime.right.close();
    return unusable(durableProse(durable.left));
  }
  const host = durable.right;
  return E.right({
    host,
    closedFrom,
    serve: () => serve(host),
    shutdown: async () => {
      const rest = await host.shutdown();
      await close();
      return rest;
    },
    release,
  });
};
