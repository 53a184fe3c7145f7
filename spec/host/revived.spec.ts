// env.revived: what was re-opened, what changed meanwhile, and which generation it is; who does not ask notices nothing.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { RouteOptions } from "../../runtime/index.ts";
import { ALL, onStage } from "./stage.ts";

const DECLARED = `
  const t = await import("io-ts");
  const { capability, method, session } = await import("cryonode");
  const Listener = session("Listener", { heard: method({ args: t.tuple([t.string]), result: t.string }) });
  const Desk = session("Desk", {
    listener: method({ args: t.tuple([]), result: t.type({ listener: capability(Listener) }) }),
  });
  void [Listener, Desk];
`;

const DESK = `${DECLARED}
  await env.announce(Desk, () => ({ listener: async () => ({ listener: { heard: async (text) => text + "!" } }) }));
  console.log("announced");`;

/** Holds something of everything, and says what it is told of it. */
const HOLDER = (asks: boolean): string => `${DECLARED}
  const show = (how) => console.log(JSON.stringify(how));
  ${asks ? "const off = env.revived(show);" : "const off = () => {};"}
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const rom = await env.session(Rom, { label: "input" });
  const line = await env.session(Gate, { label: "line" });
  const desk = await env.session(Desk);
  const { listener } = await desk.listener();
  const same = await data.open("same.txt", { write: true, create: true, append: true });
  const grown = await data.open("grown.txt", { write: true, create: true, append: true });
  await same.write("one");
  await grown.write("two");
  console.log("got " + (await line.receive()) + ", version " + (await rom.version()));
  console.log("here");
  await timer.sleep(1);
  console.log("there " + (await listener.heard("x")));
  await same.write("three");
  off();
  env.exit(0);
`;

const ROUTES: readonly RouteOptions[] = [
  ...ALL.filter(({ service }) => service !== "File_system"),
  { service: "File_system", policy: "rebind" },
  { service: "Desk", to: { child: "desk" } },
];

const HOST = { gates: { line: { queue: true } }, roms: { input: { text: "first" } } } as const;

describe("host: env.revived", () => {
  it("tells what came back, where it stands, what changed, and the generation", () =>
    onStage(async (stage) => {
      const { host, log, folder } = stage;
      await (await stage.start("desk", DESK)).until({ log: "announced" });
      host.child("desk")!.go();
      await host.gate("line").send("hello");
      const child = await stage.start("holder", HOLDER(true), { routes: ROUTES });
      await child.until({ log: "here" });
      await child.freeze("holder.cryo");
      await appendFile(join(folder, "data", "grown.txt"), "changed");
      host.rom("input").set("second");
      const again = await host.revive("holder.cryo");
      await again.ended;
      const told = log("holder")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as unknown);
      expect(told).deep.equal([
        {
          generation: 2,
          host: "here",
          reopened: [
            { kind: "listener", provider: "desk", name: "", position: null },
            { kind: "timer", provider: "", name: "", position: null },
            { kind: "file_system", provider: "data", name: "data", position: null },
            { kind: "rom", provider: "input", name: "input", position: 1, changed: "version 2, was 1" },
            { kind: "gate", provider: "line", name: "line", position: 1 },
            { kind: "desk", provider: "desk", name: "", position: null },
            { kind: "file", provider: "data", name: "same.txt", position: 3 },
            {
              kind: "file",
              provider: "data",
              name: "grown.txt",
              position: 3,
              changed: "its size is 10 bytes, was 3",
            },
          ],
        },
      ]);
      expect(log("holder").at(-1)).equal("there x!");
    }, HOST)());

  it("comes once a revival, and not to who took its handler away", () =>
    onStage(async (stage) => {
      const child = await stage.start(
        "holder",
        `const timer = await env.session(Timer);
         const off = env.revived(({ generation }) => console.log("generation " + generation));
         const once = env.revived.next().then(({ generation }) => console.log("first " + generation));
         for (let i = 0; i < 4; i++) {
           console.log("at " + i);
           await timer.sleep(1);
           if (i === 2) off();
         }
         await once;`,
      );
      let current = child;
      for (const at of [0, 1, 3]) {
        await current.until({ log: `at ${at}` });
        await current.freeze(`${at}.cryo`);
        current = await stage.host.revive(`${at}.cryo`);
      }
      expect(await current.ended).deep.equal({ kind: "exited", code: 0 });
      // Whether its sleep or its revival comes first is a matter of time.
      const told = stage.log("holder");
      expect(told.filter((line) => line.startsWith("at"))).deep.equal(["at 0", "at 1", "at 2", "at 3"]);
      expect(told.filter((line) => !line.startsWith("at"))).deep.equal([
        "generation 2",
        "first 2",
        "generation 3",
      ]);
    })());

  it("is nothing to a component that does not ask: frozen often or never, it does the same", async () => {
    const run = async (freezes: boolean): Promise<readonly string[]> => {
      let lines: readonly string[] = [];
      await onStage(async (stage) => {
        const { host, log } = stage;
        await (await stage.start("desk", DESK)).until({ log: "announced" });
        host.child("desk")!.go();
        await host.gate("line").send("hello");
        const child = await stage.start("holder", HOLDER(false), { routes: ROUTES });
        await child.until({ log: "here" });
        if (freezes) {
          await child.freeze("1.cryo");
          const second = await host.revive("1.cryo", { held: true });
          await second.freeze("2.cryo");
          await host.revive("2.cryo");
        } else child.go();
        await host.child("holder")!.ended;
        lines = log("holder");
      }, HOST)();
      return lines;
    };
    const straight = await run(false);
    expect(straight).deep.equal(["got hello, version 1", "here", "there x!"]);
    expect(await run(true)).deep.equal(straight);
  });
});
