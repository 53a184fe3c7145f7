// Preloaded into a durable host (`node --import`), in each of its threads: it stands between the host and the operating
// system, and ends the process at a step, makes one fail, or tells of them all. The host's own code is as released.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { dirname, join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { fileURLToPath } from "node:url";
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

/** Before a step: counts it. Throws where it is to fail. */
const before = (what: StepName): number => {
  const count = (counts.get(what) ?? 0) + 1;
  counts.set(what, count);
  if (order?.list !== undefined) append(order.list, `${what}\n`);
  if (isDue(what, "before", count)) die();
  const { fail } = order ?? {};
  if (fail?.what === what && count >= fail.nth && count < fail.nth + fail.times) throw failure(fail.code);
  return count;
};
const after = (what: StepName, count: number): void => {
  if (isDue(what, "after", count)) die();
};

const trace = (event: object): void => {
  if (order?.trace !== undefined) append(order.trace, `${JSON.stringify(event)}\n`);
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

const stepOf = (path: string, deed: Deed): StepName | null => {
  if (order === null) return null;
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

/** The content that a call of `write` writes. */
const written = (data: unknown, offset?: unknown, length?: unknown): string =>
  typeof data === "string"
    ? Buffer.from(data).toString("base64")
    : Buffer.from(
        (data as Uint8Array).buffer,
        (data as Uint8Array).byteOffset + (typeof offset === "number" ? offset : 0),
        typeof length === "number" ? length : (data as Uint8Array).byteLength,
      ).toString("base64");

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

const fact = (descriptor: number): { readonly ino: number; readonly path: string } => ({
  ino: real.fstatSync(descriptor).ino,
  path: pathOf(descriptor),
});

const wrote = (args: unknown[], size: unknown): void => {
  if (order?.trace === undefined) return;
  const [descriptor, data, offset, length, position] = args as [
    number,
    Uint8Array,
    unknown,
    unknown,
    unknown,
  ];
  if (stepOf(pathOf(descriptor), "write") === null) return;
  const at = typeof position === "number" ? position : real.fstatSync(descriptor).size - (size as number);
  trace({ kind: "write", ...fact(descriptor), at, data: written(data, offset, length) });
};
const synced = ([descriptor]: unknown[]): void => {
  if (order?.trace !== undefined) trace({ kind: "sync", ...fact(descriptor as number) });
};

if (order !== null) {
  fs.openSync = around(real.openSync, ofOpening);
  fs.writeSync = around(real.writeSync as Any, ofDescriptor("write"), wrote) as typeof fs.writeSync;
  fs.fsyncSync = around(real.fsyncSync, ofDescriptor("sync"), synced);
  fs.fdatasyncSync = around(real.fdatasyncSync, ofDescriptor("sync"), synced);
  fs.ftruncateSync = around(real.ftruncateSync, ofDescriptor("truncate"));
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
    const told =
      order.trace === undefined
        ? null
        : { kind: "sync", ...fact(descriptor), upTo: real.fstatSync(descriptor).size };
    real.fdatasync(descriptor, (cause) => {
      if (told !== null && cause === null) trace(told);
      if (what !== null) after(what, count);
      then(cause);
    });
    return undefined;
  }) as typeof fs.fdatasync;

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
        (_, result) => {
          if (deed === "sync") synced([this.fd]);
          else wrote([this.fd, ...args], (result as { bytesWritten: number }).bytesWritten);
        },
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
    const main = fileURLToPath(import.meta.resolve("lmdb"));
    const { nativeAddon } = (await import(main)) as { nativeAddon: { Env: new () => { commitTxn(): void } } };
    const native = (await import(join(dirname(main), "native.js"))) as {
      setNativeFunctions: (all: object) => void;
    };
    class WatchedEnv extends nativeAddon.Env {
      override commitTxn(): void {
        around(
          () => super.commitTxn(),
          () => "store commit",
        )();
      }
    }
    native.setNativeFunctions(Object.create(nativeAddon, { Env: { value: WatchedEnv } }) as object);
  }
}
