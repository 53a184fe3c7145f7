// Preloaded into a durable host (`node --import`), in each of its threads: it stands between the host and the operating
// system, and ends the process at a step, makes one fail, or tells of them all. The host's own code is as released.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import type { StepName, StepOrder, StepTime } from "./step.ts";

const order = JSON.parse(process.env["CRYONODE_STEPS"] ?? "null") as StepOrder | null;

const real = { ...fs };
const append = (path: string, text: string): void => {
  const file = real.openSync(path, "a");
  real.writeSync(file, text);
  real.closeSync(file);
};

/** How often each was done, by this thread. */
const counts = new Map<StepName, number>();

const failure = (code: string): Error =>
  Object.assign(new Error(`${code}: as the spec says`), { code, errno: code === "ENOSPC" ? -28 : -5 });

const isDue = (what: StepName, when: StepTime, count: number): boolean =>
  order?.kill?.what === what && order.kill.when === when && order.kill.nth === count;

/** It ends here, as with `kill -9`: nothing follows. */
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
  for (;;);
};

let isArmed = order?.armed === undefined;

/** Before a step: counts it. Throws where it is to fail. */
const before = (what: StepName): number => {
  if (!isArmed && what === order?.kill?.what) isArmed = real.existsSync(order.armed!);
  if (!isArmed) return 0;
  const count = (counts.get(what) ?? 0) + 1;
  counts.set(what, count);
  if (isDue(what, "before", count)) die();
  const { fail } = order ?? {};
  if (fail?.what === what && count >= fail.nth && count < fail.nth + fail.times) throw failure(fail.code);
  return count;
};
const after = (what: StepName, count: number): void => {
  if (isDue(what, "after", count)) die();
};

/** A line that was being written when its host was killed must not spoil the next one. */
const trace = (event: object): void => {
  if (order?.trace !== undefined) append(order.trace, `\n${JSON.stringify(event)}\n`);
};

// --- which step an operation is

const pathOf = (descriptor: number): string => {
  try {
    return real.readlinkSync(`/proc/self/fd/${descriptor}`).replace(/ \(deleted\)$/, "");
  } catch {
    return "";
  }
};

/** Paths by way of a held folder, as the provider of files has them. */
const resolved = (path: unknown): string => {
  const [, descriptor, rest] = /^\/proc\/self\/fd\/([0-9]+)(.*)$/.exec(String(path)) ?? [];
  return descriptor === undefined ? String(path) : `${pathOf(Number(descriptor))}${rest}`;
};

type Deed = "made" | "write" | "sync" | "truncate" | "renamed" | "removed" | "named";

const PLACES: readonly (readonly [RegExp, Partial<Record<Deed, StepName>>])[] = [
  [
    /^journal\/[0-9]+\.journal$/,
    { made: "journal made", write: "journal append", sync: "journal sync", removed: "journal trim" },
  ],
  [/^journal$/, { sync: "journal folder sync" }],
  [/^logs\/[^/]*\.log$/, { write: "log write", sync: "log sync" }],
  [
    /^images\/./,
    {
      made: "image made",
      write: "image write",
      sync: "image sync",
      renamed: "image renamed",
      removed: "image removed",
    },
  ],
  [/^images$/, { sync: "images sync" }],
  [/^claims\/./, { made: "claim made", sync: "claim sync", removed: "claim removed" }],
  [/^claims$/, { sync: "claims sync" }],
  [/^\.?entries\.json/, { write: "record write", sync: "record sync", renamed: "record renamed" }],
];

const WORLD: Record<Deed, StepName> = {
  made: "file open",
  write: "file write",
  sync: "file sync",
  truncate: "file truncate",
  renamed: "name moved",
  removed: "name removed",
  named: "name given",
};

/** Of whose they are, and no component's: where its disk fails a component can't even come back. */
const isEpochs = (path: string): boolean => path.includes("/.cryonode");

const stepOf = (path: string, deed: Deed): StepName | null => {
  if (order === null || (order.fail !== undefined && isEpochs(path))) return null;
  if (path === order.world || path.startsWith(`${order.world}/`))
    return deed === "sync" && isFolder(path) ? "names sync" : WORLD[deed];
  if (!path.startsWith(`${order.state}/`)) return null;
  const name = path.slice(order.state.length + 1);
  for (const [place, steps] of PLACES) if (place.test(name)) return steps[deed] ?? null;
  return null;
};

const isFolder = (path: string): boolean =>
  real.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const CREATES = real.constants.O_CREAT | real.constants.O_TRUNC;
const creates = (flags: unknown): boolean =>
  typeof flags === "number" ? (flags & CREATES) !== 0 : typeof flags === "string" && /[wa]/.test(flags);

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the operating system's functions take
type Any = (...args: any[]) => any;

/** Does the same, with what is to happen before and after it. */
const around = <F extends Any>(
  act: F,
  step: (args: unknown[]) => StepName | null,
  done: (args: unknown[], result: unknown) => void = () => {},
): F =>
  ((...args: unknown[]) => {
    const what = step(args);
    const count = what === null ? 0 : before(what);
    const result: unknown = act(...args);
    const end = (value: unknown): unknown => {
      done(args, value);
      if (what !== null) after(what, count);
      return value;
    };
    return result instanceof Promise ? result.then(end) : end(result);
  }) as unknown as F;

/** What an incarnation writes that follows another one has its snapshot in it. */
const isSuccession = (what: StepName | null, data: unknown): boolean =>
  what === "journal append" &&
  data instanceof Uint8Array &&
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes("snapshot");

const ofDescriptor =
  (deed: Deed) =>
  ([descriptor]: unknown[]): StepName | null =>
    stepOf(pathOf(descriptor as number), deed);
const ofPath =
  (deed: Deed) =>
  ([path]: unknown[]): StepName | null =>
    stepOf(resolved(path), deed);
const ofTarget =
  (deed: Deed) =>
  ([, path]: unknown[]): StepName | null =>
    stepOf(resolved(path), deed);
const ofOpening = ([path, flags]: unknown[]): StepName | null =>
  creates(flags) ? stepOf(resolved(path), "made") : null;

// --- what a loss of power may undo, for `power-cut.ts`

/** The content of a file from there on, so many bytes at most. */
const contentAt = (path: string, at: number, most: number): string => {
  const file = real.openSync(path, "r");
  const into = Buffer.alloc(Math.max(0, Math.min(most, real.fstatSync(file).size - at)));
  const read = real.readSync(file, into, 0, into.length, at);
  real.closeSync(file);
  return into.subarray(0, read).toString("base64");
};

const isTraced = (path: string): boolean => order?.trace !== undefined && stepOf(path, "write") !== null;

/** A write is about to be made, by `writeSync` as it is called here. */
const traceWrite = ([descriptor, data, from, length, position]: unknown[]): void => {
  const path = pathOf(descriptor as number);
  if (!isTraced(path)) return;
  const { ino, size } = real.fstatSync(descriptor as number);
  const at = typeof position === "number" ? position : size;
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  const bytes = typeof length === "number" ? length : byteLength;
  const written = Buffer.from(buffer, byteOffset + (typeof from === "number" ? from : 0), bytes);
  trace({
    kind: "write",
    ino,
    path,
    at,
    size,
    old: contentAt(path, at, bytes),
    data: written.toString("base64"),
  });
};
const traceTruncate = ([descriptor, to]: unknown[]): void => {
  const path = pathOf(descriptor as number);
  if (!isTraced(path)) return;
  const { ino, size } = real.fstatSync(descriptor as number);
  trace({ kind: "truncate", ino, path, size, to, old: contentAt(path, to as number, size) });
};

let syncs = 0;
/** A sync begins; what it answers is to be called when it has succeeded. */
const traceSync = (descriptor: number): (() => void) => {
  if (!isTraced(pathOf(descriptor))) return () => {};
  const { ino } = real.fstatSync(descriptor);
  const id = `${process.pid} ${threadId} ${++syncs}`;
  trace({ kind: "begin", id });
  return () => trace({ kind: "sync", id, ino });
};

/** With what is noted before it is done. */
const noting =
  (note: (args: unknown[]) => void, step: (args: unknown[]) => StepName | null) =>
  (args: unknown[]): StepName | null => {
    const what = step(args);
    note(args);
    return what;
  };
/** By file, the descriptors that have heard of its failed sync, or were opened after it: each other one hears of it once,
 *  as Linux does it. */
const heard = new Map<number, Set<number>>();

/** A sync fails for the first of those who have the file open. */
const lose = (descriptor: number): void => {
  const { ino } = real.fstatSync(descriptor);
  heard.set(ino, new Set([descriptor]));
  trace({ kind: "lost", ino });
};

const opened = (_args: unknown[], descriptor: unknown): void => {
  if (heard.size > 0) heard.get(real.fstatSync(descriptor as number).ino)?.add(descriptor as number);
};

let told = (): void => {};
const traced = (act: Any): Any =>
  around(
    act,
    noting(([descriptor]) => (told = traceSync(descriptor as number)), ofDescriptor("sync")),
    () => told(),
  );
const syncing = (act: Any): Any => {
  const sync = traced(act);
  return (descriptor: number) => {
    const others = heard.size === 0 ? undefined : heard.get(real.fstatSync(descriptor).ino);
    if (others?.has(descriptor) === false) {
      others.add(descriptor);
      throw failure(order?.fail?.code ?? "EIO");
    }
    try {
      sync(descriptor);
    } catch (cause) {
      lose(descriptor);
      throw cause;
    }
  };
};

if (order !== null) {
  fs.openSync = around(real.openSync, ofOpening, opened);
  fs.writeSync = around(
    real.writeSync as Any,
    noting(traceWrite, (args) => {
      const what = ofDescriptor("write")(args);
      return isSuccession(what, args[1]) ? "succession noted" : what;
    }),
  ) as typeof fs.writeSync;
  fs.fsyncSync = syncing(real.fsyncSync) as typeof fs.fsyncSync;
  fs.fdatasyncSync = syncing(real.fdatasyncSync) as typeof fs.fdatasyncSync;
  fs.ftruncateSync = around(real.ftruncateSync, noting(traceTruncate, ofDescriptor("truncate")));
  fs.mkdirSync = around(real.mkdirSync as Any, ofPath("named")) as typeof fs.mkdirSync;
  fs.rmdirSync = around(real.rmdirSync, ofPath("removed"));
  fs.unlinkSync = around(real.unlinkSync, ofPath("removed"));
  fs.renameSync = around(real.renameSync, ofTarget("renamed"));
  fs.fdatasync = ((descriptor: number, then: (cause: Error | null) => void) => {
    const what = ofDescriptor("sync")([descriptor]);
    let count = 0;
    try {
      count = what === null ? 0 : before(what);
    } catch (cause) {
      return setImmediate(() => then(cause as Error));
    }
    const synced = traceSync(descriptor);
    real.fdatasync(descriptor, (cause) => {
      if (cause === null) synced();
      if (what !== null) after(what, count);
      then(cause);
    });
    return undefined;
  }) as typeof fs.fdatasync;

  const { boot } = order;
  if (boot !== undefined)
    fs.readFileSync = ((...args: Parameters<typeof fs.readFileSync>) =>
      args[0] === "/proc/sys/kernel/random/boot_id"
        ? boot
        : real.readFileSync(...args)) as typeof fs.readFileSync;

  const { promises } = fs;
  const rest = { open: promises.open, rename: promises.rename, unlink: promises.unlink, link: promises.link };
  const probe = await rest.open("/dev/null");
  const handles = Object.getPrototypeOf(probe) as fs.promises.FileHandle;
  await probe.close();
  const ofHandle = (deed: Deed) => (handle: { fd: number }) => stepOf(pathOf(handle.fd), deed);
  for (const [name, deed] of [
    ["write", "write"],
    ["sync", "sync"],
    ["datasync", "sync"],
  ] as const) {
    const act = handles[name] as Any;
    const known = ofHandle(deed);
    (handles as unknown as Record<string, unknown>)[name] = function (
      this: { fd: number },
      ...args: unknown[]
    ) {
      return around(
        (...all: never[]) => act.apply(this as never, all),
        () => known(this),
      )(...(args as never[]));
    };
  }
  promises.open = around(rest.open as Any, ofOpening) as typeof promises.open;
  promises.rename = around(rest.rename, ofTarget("renamed"));
  promises.unlink = around(rest.unlink, ofPath("removed"));
  promises.link = around(rest.link, ofTarget("made"));

  const isOutside = (socket: net.Socket): boolean => order.ports.includes(socket.remotePort ?? 0);
  const send = net.Socket.prototype.write as Any;
  net.Socket.prototype.write = function (this: net.Socket, ...args: never[]) {
    return around(
      (...all: never[]) => send.apply(this as never, all),
      () => (isOutside(this) ? "message out" : null),
    )(...args);
  } as typeof net.Socket.prototype.write;
  syncBuiltinESMExports();

  // Only the host's own thread has the store.
  if (isMainThread) {
    // Its own part of the store is one object for all who load it, the bundled command too.
    const { nativeAddon } = (await import("lmdb")) as unknown as {
      nativeAddon: { Env: new () => { commitTxn(): void } };
    };
    class WatchedEnv extends nativeAddon.Env {
      override commitTxn(): void {
        // What the power goes in the middle of is mixed of what was there before and after.
        if (
          order?.trace !== undefined &&
          isDue("store commit", "after", (counts.get("store commit") ?? 0) + 1)
        )
          real.copyFileSync(join(order.state, "store", "store.lmdb"), `${order.trace}.store`);
        around(
          () => super.commitTxn(),
          () => "store commit",
        )();
      }
    }
    nativeAddon.Env = WatchedEnv;
  }
}
