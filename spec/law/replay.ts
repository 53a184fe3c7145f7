// Law 1 as an assertion: what was recorded of a sequence of calls, replayed on a fresh core, is recorded again the
// same.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { Harness } from "../domain/harness.ts";
import { comparable } from "./comparable.ts";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";

/** One call of a driver's script: the name of a deed, and numbers that it takes its operands from. */
export type Deed = readonly [name: string, ...numbers: number[]];

/** A component that carries out the script in its config. Refused calls are noted; none ends it. */
export const driver = (): Promise<Uint8Array> =>
  program(
    `
  const script: [string, number, number, number][] = await env.config();
  const timer = await env.session(c.Timer);
  const live: any = { files: [], fs: [], gates: [], roms: [], reports: [], spaces: [], regions: [], threads: [], logs: [] };
  const pick = (list: any[], n: number) => (list.length === 0 ? undefined : list[n % list.length]);
  const drop = (list: any[], n: number) => (list.length === 0 ? undefined : list.splice(n % list.length, 1)[0]);
  let moves = 0;
  const paths = ["a", "b", "c", "dir/d"];
  const modes = [{}, { write: true, create: true }, { append: true, create: true }, { read: true, write: true, create: true }, { read: true }];
  const deeds: Record<string, (a: number, b: number, n: number) => unknown> = {
    fs: async () => void live.fs.push(await env.session(c.FileSystem, { label: "data" })),
    closeFs: (a) => drop(live.fs, a)?.close(),
    open: async (a, b, n) => { const fs = pick(live.fs, a); if (fs) live.files.push(await fs.open(paths[b % 4]!, modes[n % 5])); },
    close: (a) => drop(live.files, a)?.close(),
    write: (a, b) => pick(live.files, a)?.write("x".repeat(b % 40)),
    read: (a, b) => pick(live.files, a)?.read(b % 20),
    seek: (a, b) => pick(live.files, a)?.seek(b % 60),
    truncate: (a, b) => pick(live.files, a)?.truncate(b % 60),
    move: (a, b, n) => pick(live.fs, a)?.move(paths[b % 4]!, "moved" + moves++),
    mkdir: (a) => pick(live.fs, a)?.mkdir("dir"),
    unlink: (a, b) => pick(live.fs, a)?.unlink(paths[b % 4]!),
    replace: (a, b, n) => pick(live.fs, a)?.move(paths[b % 4]!, paths[n % 4]!),
    moveDirectory: (a) => pick(live.fs, a)?.move("dir", "moved" + moves++),
    content: async (a) => {
      const file = pick(live.files, a);
      if (!file) return;
      await file.seek(0);
      notes.push("content " + JSON.stringify(await file.readText()) + " " + (await file.stat()).size);
    },
    watch: (a, b) => void pick(live.fs, a)?.watch(b % 2 ? "." : paths[b % 4]!, b % 3 ? {} : { deep: true })
      .then((changes: unknown) => notes.push("watch " + JSON.stringify(changes)), () => {}),
    gate: async () => void live.gates.push(await env.session(c.Gate, { label: "line" })),
    closeGate: (a) => drop(live.gates, a)?.close(),
    send: (a, b) => pick(live.gates, a)?.send("m" + b),
    receive: (a) => void pick(live.gates, a)?.receive().catch(() => {}),
    rom: async (a) => void live.roms.push(await env.session(c.Rom, { label: a % 2 ? "input" : "config" })),
    text: (a) => pick(live.roms, a)?.text(),
    changed: (a) => void pick(live.roms, a)?.changed().catch(() => {}),
    closeRom: (a) => drop(live.roms, a)?.close(),
    report: async () => void live.reports.push(await env.session(c.Report, { label: "state", ram: 8192 })),
    submit: (a, b) => pick(live.reports, a)?.submit({ b }),
    log: async () => void live.logs.push(await env.session(c.Log)),
    closeLog: (a) => drop(live.logs, a)?.close(),
    alloc: async (a) => void live.spaces.push(await env.ram.alloc((a * 37) % 9000)),
    allocTooMuch: () => env.ram.alloc(1e10),
    free: (a) => { const space = drop(live.spaces, a); return space && env.ram.free(space); },
    attach: async (a, b) => {
      const space = pick(live.spaces, a);
      if (space) live.regions.push(await env.rm.attach(space, b % 3 === 0 ? { at: 0x20000000 + (b % 5) * 8192 } : {}));
    },
    detach: (a) => { const region = drop(live.regions, a); return region && env.rm.detach(region); },
    poke: (a, b, n) => { const region = pick(live.regions, a); if (region && region.bytes.length) region.bytes[b % region.bytes.length] = n; },
    publish: (a) => pick(live.regions, a)?.publish(),
    thread: async (a) => void live.threads.push(await env.cpu.thread("t" + (a % 3), async (own) => {
      const t = await own.session(c.Timer);
      for (let i = 0; i < 1 + (a % 4); i++) await t.sleep(1 + (a % 7));
    })),
    pause: (a) => pick(live.threads, a)?.pause(),
    resume: (a) => pick(live.threads, a)?.resume(),
    kill: (a) => pick(live.threads, a)?.kill(),
    join: (a) => void pick(live.threads, a)?.join().catch(() => {}),
    sleep: (a) => timer.sleep(a % 5),
    later: (a) => void timer.sleep(50 + (a % 9)),
    timeout: (a) => { const id = setTimeout(() => {}, 40 + a); if (a % 2) clearTimeout(id); },
    give: (a) => env.pd.transfer("parent", { caps: a % 3, ram: (a % 3) * 512 }),
    handler: () => void env.revived(() => {}),
    console: () => console.log("said"),
  };
  const notes: string[] = [];
  for (const [name, a = 0, b = 0, n = 0] of script)
    try { await deeds[name]!(a, b, n); } catch (error) { notes.push(name + " " + (error as Error).name); }
  const log = await env.session(c.Log);
  await log.write(notes.join());
  await timer.sleep(1000);
`,
  );

/** Deeds by the type of session that they are about. */
export const TYPES: Readonly<Record<string, readonly string[]>> = {
  files: [
    "fs",
    "fs",
    "open",
    "open",
    "open",
    "close",
    "write",
    "read",
    "seek",
    "truncate",
    "move",
    "mkdir",
    "unlink",
    "replace",
    "moveDirectory",
    "content",
    "closeFs",
    "watch",
  ],
  gates: ["gate", "gate", "send", "receive", "closeGate"],
  ROMs: ["rom", "rom", "text", "changed", "closeRom"],
  reports: ["report", "report", "submit", "log", "closeLog"],
  RAM: ["alloc", "alloc", "free", "allocTooMuch", "give"],
  RM: ["alloc", "attach", "attach", "detach", "poke", "poke", "publish", "free"],
  CPU: ["thread", "thread", "pause", "resume", "kill", "join", "sleep"],
  timers: ["sleep", "later", "timeout", "handler", "console"],
};

/** Arbitrary scripts of these deeds. */
export const scripts = (...names: string[]): fc.Arbitrary<readonly Deed[]> =>
  fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(60), fc.nat(60), fc.nat(60)), { maxLength: 24 });

/** Runs a script to its rest or to `point`, and compares what two captures with a revival in between say. */
export const assertReplayInvertsRecord = async (
  bytecode: Uint8Array,
  script: readonly Deed[],
  point: number,
): Promise<void> => {
  const world = new World({
    config: script,
    files: { data: { a: "some text", b: "" } },
    gates: ["line"],
    roms: { input: "first" },
  });
  const harness = Harness.boot(bytecode, world);
  await harness.run(() => false, point);
  if (harness.domain.state !== "running") return harness.drop();
  const first = await harness.freeze();
  const revived = await harness.revive(first);
  if (E.isLeft(revived)) throw new Error(JSON.stringify(revived.left));
  const second = await harness.freeze();
  const { calls: firstCalls, positions: firstPositions, ...firstRest } = first.snapshot;
  const { calls: secondCalls, positions: secondPositions, ...secondRest } = second.snapshot;
  expect(secondRest).deep.equal(firstRest);
  expect(secondPositions.map(comparable)).deep.equal(firstPositions.map(comparable));
  // No time has passed, so what is waited for is the same; when it was issued is told anew.
  const told = ({ slot, selector, method, thread, args }: (typeof firstCalls)[number]) => ({
    slot,
    selector,
    method,
    thread,
    args: method === "sleep" ? [] : args,
  });
  expect(secondCalls.map(told)).deep.equal(firstCalls.map(told));
  expect(Buffer.compare(second.memory, first.memory), "memory").equal(0);
};
