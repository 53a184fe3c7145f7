// A child that holds something of everything, and a world for it: what snapshots are damaged and failures injected
// upon.
import { program } from "../domain/program.ts";
import type { WorldOptions } from "../domain/world.ts";

export const richProgram = (): Promise<Uint8Array> =>
  program(`
  const log = await env.session(c.Log);
  const timer = await env.session(c.Timer);
  const data = await env.session(c.FileSystem, { label: "data" });
  const line = await env.session(c.Gate, { label: "line" });
  const rom = await env.session(c.Rom, { label: "input" });
  const report = await env.session(c.Report, { label: "state" });
  const a = await data.open("a.txt", { read: true, write: true, create: true });
  const b = await data.open("b.txt", { append: true, create: true });
  const space = await env.ram.alloc(5000);
  const quiet = await env.ram.alloc(700);
  const left = await env.rm.attach(space, { at: 0x20000000 });
  const right = await env.rm.attach(space);
  const thread = await env.cpu.thread("ticker", async (own) => {
    const t = await own.session(c.Timer);
    for (let i = 0; i < 20; i++) { await t.sleep(7); left.bytes[i] = i; await b.write("t" + i); }
  });
  const resting = await env.cpu.thread("resting", async (own) => {
    const t = await own.session(c.Timer);
    await t.sleep(3);
    await log.write("rested");
  });
  await resting.pause();
  void rom.changed().then((version) => log.write("version " + version));
  for (let i = 0; i < 12; i++) {
    await a.write("line " + i);
    await timer.sleep(5);
    await report.submit({ i, seen: right.bytes[3] });
    if (i % 4 === 1) await log.write("got " + (await line.receive()));
    if (i === 5) void quiet.size();
    if (i === 9) await resting.resume();
  }
  await thread.join();
  await resting.join();
  await a.seek(0);
  await log.write(await a.readText());
`);

export const richWorld: WorldOptions = {
  files: { data: {} },
  gates: ["line"],
  roms: { input: "first" },
  script: (world) => {
    for (const at of [12, 30, 55]) world.clock.at(at, () => world.inject("line", `at ${at}`));
    world.clock.at(33, () => world.roms.source("input").replace("second"));
  },
};
