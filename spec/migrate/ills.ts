// What ails a host under torture while it goes on: a full disk, no descriptors left, a link that is cut, slow, stalled or
// half open, and commands of its users amid all that.
import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ask } from "../../runtime/daemon/control-client.ts";
import type { TlsProxy } from "./tls-proxy.ts";

export const ILLS = ["disk", "data", "descriptors", "link", "commands", "clock"] as const;
export type IllKind = (typeof ILLS)[number];

/** Who has it, how it is (from 0 up to 1), when it begins: so many ms after so many phases of the move were told; and how
 *  long it lasts when the move is over, in ms. */
export interface Ill<Side> {
  readonly kind: IllKind;
  readonly side: Side;
  readonly degree: number;
  readonly phase: number;
  readonly after: number;
  readonly lasts: number;
}

/** What is known of who has it. */
export interface Patient {
  /** Its state directory: of a disk of its own, where that is to be full. */
  readonly state: string;
  readonly pid: number;
  /** Where components write, which has a disk of its own likewise. */
  readonly data: string;
  /** Through which others reach it, and it them. */
  readonly proxies: readonly TlsProxy[];
  /** Who lives there. */
  readonly children: readonly string[];
}

/** Gives a state directory a disk of its own, of so many bytes, which takes root; resolves with what takes it away. */
export const ownDisk = (state: string, bytes: number): (() => void) => {
  mkdirSync(state, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "tmpfs", state]);
  return () => execFileSync("umount", ["--lazy", state]);
};

let fillers = 0;

/** Leaves at most so many bytes of its disk. */
const fill = (state: string, spare: number): (() => void) => {
  const path = join(state, `filler-${fillers++}`);
  const file = openSync(path, "w");
  const page = Buffer.alloc(4096);
  try {
    for (;;) if (writeSync(file, page) < page.length) break;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
  closeSync(file);
  truncateSync(path, Math.max(0, statSync(path).size - spare));
  return () => rmSync(path, { force: true });
};

/** Leaves it so many descriptors, beside those that it has. */
const bound = (pid: number, spare: number): (() => void) => {
  const limit = (most: string): void => {
    try {
      execFileSync("prlimit", ["--pid", `${pid}`, `--nofile=${most}:`], { stdio: "ignore" });
    } catch {
      // It has been killed.
    }
  };
  let own: ReadonlySet<number>;
  try {
    own = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  } catch {
    return () => {};
  }
  let least = 0;
  for (let free = 0; free < spare || own.has(least); least++) if (!own.has(least)) free++;
  limit(`${least}`);
  const hard = /^Max open files +\S+ +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return () => limit(hard ?? "unlimited");
};

const never = new Promise<never>(() => {});

const ail = (proxies: readonly TlsProxy[], degree: number): (() => void) => {
  const how = Math.floor(degree * 5);
  let over = (): void => {};
  const isOver = new Promise<void>((resolve) => (over = resolve));
  for (const proxy of proxies)
    proxy.watch(async (way) => {
      if (how === 0) return false;
      if (how === 1) await new Promise((resolve) => setTimeout(resolve, degree * 200));
      if (how === 2) await isOver;
      if (how === 3 && way === "out") await never;
      if (how === 4 && way === "back") await never;
      return true;
    });
  return () => {
    for (const proxy of proxies) proxy.watch(null);
    over();
  };
};

const COMMANDS = ["freeze", "revive", "checkpoint", "revive"] as const;

const command = (state: string, children: readonly string[], degree: number): (() => Promise<void>) => {
  const stop = new AbortController();
  const all = (async () => {
    for (let at = Math.floor(degree * 8); !stop.signal.aborted; at++) {
      const name = children[at % children.length]!;
      const what = COMMANDS[(at >> 1) % COMMANDS.length]!;
      await ask(state, what === "revive" ? { command: what, name } : { command: what, name, image: null });
    }
  })();
  return () => {
    stop.abort();
    return all;
  };
};

/** Begins it; answers with what ends it. */
export const begin = (
  { kind, degree }: Ill<unknown>,
  { state, data, pid, proxies, children }: Patient,
): (() => void | Promise<void>) => {
  if (kind === "disk") return fill(state, Math.floor(degree ** 3 * 64) * 4096);
  if (kind === "data") return fill(data, Math.floor(degree ** 3 * 4) * 4096);
  if (kind === "descriptors") return bound(pid, Math.floor(degree ** 2 * 12));
  if (kind === "link") return ail(proxies, degree);
  if (kind === "commands") return command(state, children, degree);
  return () => {};
};
