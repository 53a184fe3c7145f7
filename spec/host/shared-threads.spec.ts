// Children that share threads: many live side by side, one that is greedy starves nobody, and one that is stuck takes
// its thread's others with it, which their host is told.
import { expect } from "chai";
import { join } from "node:path";
import { E } from "../../runtime/index.ts";
import { loadPlatform, startRuntime } from "../../runtime/host/runtime.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import type { HostEvent } from "../../runtime/index.ts";
import type { Lodger } from "../../runtime/host/residence.ts";
import { SharedThreads } from "../../runtime/host/shared-threads.ts";
import { ALL, COUNT, COUNTED, onStage, type Stage } from "./stage.ts";

const MANY = 200;
const SILENCE_MS = 1000;

const TICK = `
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  for (let n = 1; ; n++) {
    await log.write("tick " + n);
    await timer.sleep(20);
  }`;

const OWN = `
  const { name } = (await env.config()) as { name: string };
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const files = await env.session(FileSystem, { label: "data" });
  const file = await files.open(name + ".txt", { write: true, create: true, append: true });
  for (let n = 1; n <= 4; n++) {
    await file.write(name + " " + n + "\\n");
    await log.write(name + " " + n);
    await timer.sleep(1);
  }`;

const ticked = ({ host, log }: Stage, name: string, count: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (log(name).length >= count) resolve();
    };
    host.on("log", look);
    look();
  });

describe("host: threads that children share", () => {
  it("the next child goes where the fewest are, and a thread that is gone is replaced", async () => {
    const lodger: Lodger = { name: "lodger", message() {}, log() {}, died() {}, lost() {} };
    const placement = new SharedThreads(3, loadPlatform());
    try {
      const first = Array.from({ length: 6 }, () => placement.settle(lodger));
      expect(placement.load).to.deep.equal([2, 2, 2]);
      first[1]!.leave();
      first[1]!.leave();
      expect(placement.load).to.deep.equal([2, 1, 2]);
      await first[4]!.evict();
      expect(placement.load).to.deep.equal([2, 0, 2]);
      placement.settle(lodger);
      placement.settle(lodger);
      expect(placement.load).to.deep.equal([2, 2, 2]);
    } finally {
      await placement.close();
    }
    expect(placement.load).to.deep.equal([0, 0, 0]);
  });

  it(`${MANY} children on two threads run, freeze and revive, each with what is its own`, () =>
    onStage(
      async ({ host, start, read, folder, log }) => {
        await (await start("own", OWN, { held: true })).kill();
        const component = join(folder, "components", "own.ts");
        const names = Array.from({ length: MANY }, (_, i) => `child-${i}`);
        const children = await Promise.all(
          names.map(async (name) => {
            const child = await host.start({ name, component, routes: ALL, config: { name } });
            await child.until({ log: `${name} 2`, within: "2m" });
            return child;
          }),
        );
        expect(children.flatMap(({ ending }) => ending ?? [])).to.deep.equal([]);
        await Promise.all(children.map((child) => child.freeze(`${child.name}.cryo`, { deadline: "2m" })));
        expect(host.children).to.deep.equal([]);
        const revived = await Promise.all(names.map((name) => host.revive(`${name}.cryo`)));
        const endings = await Promise.all(revived.map(({ ended }) => ended));
        expect(endings).to.deep.equal(names.map(() => ({ kind: "exited", code: 0 })));
        for (const name of names) {
          const lines = [1, 2, 3, 4].map((n) => `${name} ${n}`);
          expect(log(name), name).to.deep.equal(lines);
          expect(await read(`data/${name}.txt`), name).to.equal(`${lines.join("\n")}\n`);
        }
      },
      { threads: 2, ram: "4G", caps: 1_000_000 },
    )()).timeout(180_000);

  it("one that is put out costs its siblings nothing", () =>
    onStage(
      async (stage) => {
        const { start, host, log } = stage;
        await start("sibling", TICK);
        const other = await start("other", TICK);
        await Promise.all([ticked(stage, "sibling", 3), ticked(stage, "other", 3)]);
        await other.kill();
        expect(await other.ended).to.deep.equal({ kind: "killed" });
        const written = log("other").length;
        await ticked(stage, "sibling", log("sibling").length + 3);
        expect(log("other").length).to.equal(written);
        expect(host.children.map(({ name }) => name)).to.deep.equal(["sibling"]);
        // Its name is free again, on the same thread.
        const again = await start("other", COUNT);
        expect(await again.ended).to.deep.equal({ kind: "exited", code: 0 });
        expect(log("other").slice(-10)).to.deep.equal(COUNTED);
      },
      { threads: 1 },
    )());

  it("one that is put out in the middle of a long turn does not end it", () =>
    onStage(
      async (stage) => {
        await stage.start("sibling", TICK);
        const body = `void (await env.session(Log)).write("before");
          await (await env.session(Timer)).sleep(1);
          await (await env.session(Log)).write("begun");
          for (;;);`;
        const child = await stage.start("spinner", body, { turn: "10m" });
        await ticked(stage, "spinner", 2);
        await child.kill();
        expect(await child.ended).to.deep.equal({ kind: "killed" });
        expect(stage.log("spinner")).to.deep.equal(["before", "begun"]);
        await ticked(stage, "sibling", stage.log("sibling").length + 3);
        expect(stage.log("sibling")).to.deep.equal(stage.log("sibling").map((_, i) => `tick ${i + 1}`));
      },
      { threads: 1 },
    )());

  it("fault 41: an endless loop, and turns without end, beside siblings on the same thread: these go on", () =>
    onStage(
      async (stage) => {
        const { start, log } = stage;
        await start("sibling", TICK);
        // Always something to do, a turn after the other.
        const greedy = await start(
          "greedy",
          "const timer = await env.session(Timer);\n  for (let n = 0; ; n++) await timer.elapsed();",
        );
        // Turns that are long each.
        const heavy = await start(
          "heavy",
          "const timer = await env.session(Timer);\n  for (let n = 0; ; n++) {\n    await timer.elapsed();\n    for (let i = 0; i < 20_000; i++);\n  }",
        );
        await ticked(stage, "sibling", 5);
        const hostile = await start("hostile", "for (;;);", { turn: "100ms" });
        const ending = await hostile.ended;
        expect(ending).to.deep.include({ kind: "faulted" });
        expect((ending as { reason: string }).reason).to.match(/budget is used up/);
        await ticked(stage, "sibling", log("sibling").length + 5);
        expect(log("sibling")).to.deep.equal(log("sibling").map((_, i) => `tick ${i + 1}`));
        expect([greedy.ending, heavy.ending]).to.deep.equal([null, null]);
      },
      { threads: 1 },
    )());

  it("fault 41: a built-in that never polls: it faults by its name, its siblings with a reason, others go on", () =>
    onStage(
      async (stage) => {
        const { host, start, log } = stage;
        // On the two threads in turn.
        const sibling = await start("sibling", TICK);
        await start("elsewhere", TICK);
        const hostile = await start(
          "hostile",
          `const log = await env.session(Log);
           await log.write("an earlier turn");
           void log.write("the last turn");
           new Array(2 ** 32 - 2).join();`,
        );
        expect(await hostile.ended).to.deep.include({ kind: "faulted" });
        expect(log("hostile").slice(0, 2)).to.deep.equal(["an earlier turn", "the last turn"]);
        expect(log("hostile").at(-1)).to.match(/^fault: stuck in one built-in call/);
        const lost = await sibling.ended;
        expect(lost).to.deep.include({ kind: "faulted" });
        expect((lost as { reason: string }).reason).to.match(
          /^its thread was ended, because hostile on it was stuck in one built-in call/,
        );
        expect(log("sibling").at(-1)).to.match(/^fault: its thread was ended, because hostile/);
        const { length } = log("elsewhere");
        await ticked(stage, "elsewhere", length + 3);
        expect(log("elsewhere")).to.deep.equal(log("elsewhere").map((_, i) => `tick ${i + 1}`));
        // The host lives: another thread takes its place.
        expect(await (await start("counter", COUNT)).ended).to.deep.equal({ kind: "exited", code: 0 });
        expect(host.children.map(({ name }) => name)).to.deep.equal(["elsewhere"]);
      },
      { threads: 2, silence: SILENCE_MS },
    )());

  it("fault 41: a host that can bring lost children back is told of each, once, its quota free again", () =>
    onStage(async ({ folder, start }) => {
      // The stage writes components; the host under test is one that a durable host is made of.
      for (const [name, body] of [
        ["tick", TICK],
        ["stuck", "await (await env.session(Timer)).sleep(1);\n  new Array(2 ** 32 - 2).join();"],
      ] as const)
        await (await start(name, body, { held: true })).kill();
      const started = await startRuntime(join(folder, "shared"), { threads: 1, silence: SILENCE_MS });
      if (E.isLeft(started)) throw new Error(started.left.tag);
      const events: HostEvent[] = [];
      const lost: [string, string][] = [];
      const config = {
        name: "durable",
        ram: 64 << 20,
        caps: 1000,
        files: {},
        gates: {},
        roms: {},
        trust: [],
      };
      const host = new LiveHost({
        config,
        runtime: started.right,
        emit: (event) => void events.push(event),
        lost: ({ name }, reason) => {
          expect(host.child(name)!.ending).to.deep.equal({ kind: "lost", reason });
          lost.push([name, reason]);
        },
      });
      const { free } = host;
      const routes = ["LOG", "Timer"].map((service) => ({ service }));
      const entry = (name: string, file: string) => ({
        name,
        component: join(folder, "components", `${file}.ts`),
        ram: 8 << 20,
        caps: 100,
        turn: 3000,
        config: {},
        routes: routes as never,
      });
      try {
        for (const [name, file] of [
          ["one", "tick"],
          ["two", "tick"],
          ["hostile", "stuck"],
        ] as const) {
          const child = await host.start(entry(name, file));
          if (E.isLeft(child)) throw new Error(child.left.tag);
        }
        const children = ["one", "two", "hostile"].map((name) => host.child(name)!);
        const [one, two, hostile] = await Promise.all(children.map(({ ended }) => ended));
        expect([one!.kind, two!.kind, hostile!.kind]).to.deep.equal(["lost", "lost", "faulted"]);
        await new Promise((resolve) => setImmediate(resolve));
        expect(lost.map(([name]) => name)).to.deep.equal(["one", "two"]);
        for (const [, reason] of lost) expect(reason).to.contain("because hostile on it was stuck");
        expect(host.free).to.deep.equal(free);
        const faults = events.flatMap((event) => (event.event === "faulted" ? [event.child] : []));
        expect(faults).to.deep.equal(["hostile"]);
        // Started again under the same name, it runs.
        expect(E.isRight(await host.start(entry("one", "tick")))).to.equal(true);
      } finally {
        await host.close();
        await started.right.close();
      }
      expect(host.free).to.deep.equal(free);
    })());
});
