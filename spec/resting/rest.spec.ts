// Passivation: a child that is idle rests, and whatever is for it brings it back.
import { appendFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { atRest, type RestStage } from "./rest-stage.ts";

const COUNTER = `
const Counter = session("Counter", {
  next: method({ args: t.tuple([t.number]), result: t.number }),
});
export default component(async (env) => {
  const log = await env.session(Log);
  let sum = 0;
  env.revived.on(({ generation }) => void log.write("generation " + generation));
  await env.announce(Counter, () => ({
    next: async (by) => {
      sum += by;
      await log.write("sum " + sum);
      return sum;
    },
  }));
  await log.write("ready");
});`;

describe("rest", function () {
  this.timeout(60_000);

  it(
    "a call from outside brings it back with all it knew",
    atRest(async (stage) => {
      await stage.start("counter", COUNTER);
      await stage.rested("counter");
      expect(await stage.call("counter", "Counter", "next", 2)).equal(2);
      await stage.rested("counter", 2);
      expect(await stage.call("counter", "Counter", "next", 3)).equal(5);
      expect(await stage.call("counter", "Counter", "next", 4)).equal(9);
      expect(stage.logs("counter")).deep.equal(["ready", "sum 2", "sum 5", "sum 9"]);
      expect(await stage.read("state/logs/counter.log")).equal("ready\nsum 2\nsum 5\nsum 9\n");
      expect(stage.count("woken", "counter")).equal(2);
    }),
  );

  it(
    "its timers ring, by its own clock",
    atRest(async (stage) => {
      await stage.play(
        "sleeper",
        `const timer = await env.session(Timer);
        for (let n = 1; ; n++) {
          const from = await timer.elapsed();
          await timer.sleep(300);
          const late = (await timer.elapsed()) - from;
          await log.write(n + (late >= 300 && late < 10_000 ? " well" : " after " + late));
        }`,
      );
      await stage.said("sleeper", "3 well");
      expect(stage.count("rested", "sleeper")).at.least(3);
      expect(stage.logs("sleeper").slice(0, 3)).deep.equal(["1 well", "2 well", "3 well"]);
    }),
  );

  it(
    "what another child says brings it back, on either side of the session",
    atRest(async (stage) => {
      await stage.start(
        "counter",
        COUNTER.replace("sum += by;", "sum += by; await later(by);").replace(
          "let sum = 0;",
          `let sum = 0;
         const timer = await env.session(Timer);
         const later = (by: number) => (by === 1 ? Promise.resolve() : timer.sleep(200));`,
        ),
      );
      await stage.rested("counter");
      await stage.start(
        "caller",
        `const Counter = session("Counter", { next: method({ args: t.tuple([t.number]), result: t.number }) });
        const Caller = session("Caller", { ask: method({ args: t.tuple([t.number]), result: t.number }) });
        export default component(async (env) => {
          const counter = await env.session(Counter);
          await env.announce(Caller, () => ({ ask: (by) => counter.next(by) }));
        });`,
        { routes: [{ service: "LOG" }, { service: "Counter", child: "counter" }] },
      );
      await stage.rested("caller");
      expect(await stage.call("caller", "Caller", "ask", 1)).equal(1);
      await stage.rested("caller", 2);
      await stage.rested("counter", stage.count("woken", "counter") + 1);
      // Both rest while the answer is waited for.
      expect(await stage.call("caller", "Caller", "ask", 2)).equal(3);
      expect(stage.count("woken", "caller")).at.least(2);
      // Nor does either know of the other's rest when their host is another one.
      await stage.until(() => stage.host.rests("counter") && stage.host.rests("caller"));
      expect(await stage.again()).deep.equal(["counter", "caller"]);
      expect(await stage.call("caller", "Caller", "ask", 3)).equal(6);
    }),
  );

  it(
    "a message at a queue gate brings it back, and messages keep their order",
    atRest(
      async (stage) => {
        await stage.play(
          "reader",
          `const gate = await env.session(Gate, { label: "line" });
          for (;;) await gate.send("got " + await gate.receive());`,
        );
        const gate = stage.host.providers.gates.get("line")!.provider;
        for (let n = 1; n <= 6; n++) {
          await stage.rested("reader", n);
          await gate.inject(`${2 * n - 1}`);
          await gate.inject(`${2 * n}`);
        }
        await stage.rested("reader", 7);
        expect(gate.sent).deep.equal(Array.from({ length: 12 }, (_, n) => `got ${n + 1}`));
      },
      { gates: { line: { kind: "queue", rights: ["send", "receive"] } } },
    ),
  );

  it(
    "a ROM that changes brings it back",
    atRest(
      async (stage) => {
        await stage.play(
          "watcher",
          `const rom = await env.session(Rom, { label: "news" });
          for (;;) {
            await log.write(await rom.text());
            await rom.changed();
          }`,
        );
        const news = stage.host.providers.roms.source("news");
        await stage.rested("watcher");
        news.replace("second");
        await stage.rested("watcher", 2);
        news.replace("third");
        await stage.rested("watcher", 3);
        expect(stage.logs("watcher")).deep.equal(["first", "second", "third"]);
      },
      { roms: { news: { kind: "text", text: "first" } } },
    ),
  );

  it(
    "its open files are where it left them, whatever others have written to them",
    atRest(async (stage) => {
      await stage.start(
        "scribe",
        `const Scribe = session("Scribe", { note: method({ args: t.tuple([t.string]), result: t.string }) });
        export default component(async (env) => {
          const data = await env.session(FileSystem, { label: "data" });
          const file = await data.open("notes.txt", { write: true, create: true, append: true });
          const book = await data.open("notes.txt");
          await env.announce(Scribe, () => ({
            note: async (text) => {
              await file.write(text);
              return book.readText();
            },
          }));
        });`,
      );
      await stage.rested("scribe");
      expect(await stage.call("scribe", "Scribe", "note", "one ")).equal("one ");
      await stage.rested("scribe", 2);
      await appendFile(join(stage.folder, "data", "notes.txt"), "other ");
      expect(await stage.call("scribe", "Scribe", "note", "two ")).equal("other two ");
      expect(await stage.read("data/notes.txt")).equal("one other two ");
    }),
  );

  it(
    "law 3: it rests on after a crash, and after one that came when it was awake",
    atRest(async (stage) => {
      await stage.start("counter", COUNTER);
      await stage.rested("counter");
      await stage.call("counter", "Counter", "next", 2);
      await stage.rested("counter", 2);
      expect(await stage.again()).deep.equal(["counter"]);
      expect(await stage.call("counter", "Counter", "next", 3)).equal(5);
      // It was told something since it rested.
      expect(await stage.again((config) => ({ ...config, rest: 60_000 }))).deep.equal([]);
      expect(await stage.call("counter", "Counter", "next", 4)).equal(9);
      expect(await stage.again()).deep.equal([]);
      await stage.rested("counter");
      expect(await stage.again()).deep.equal(["counter"]);
      expect(await stage.call("counter", "Counter", "next", 5)).equal(14);
      const log = await stage.read("state/logs/counter.log");
      expect(log.split("\n").filter((line) => line.startsWith("sum"))).deep.equal([
        "sum 2",
        "sum 5",
        "sum 9",
        "sum 14",
      ]);
      // Only those crashes that it was awake at were revivals.
      expect(log.split("\n").filter((line) => line.startsWith("generation"))).deep.equal([
        "generation 2",
        "generation 3",
      ]);
    }),
  );

  it(
    "law 3: what it waits for of another is asked again after a crash, though both rest",
    atRest(async (stage) => {
      await stage.start(
        "slow",
        `const Slow = session("Slow", { ask: method({ args: t.tuple([]), result: t.string }) });
        export default component(async (env) => {
          const log = await env.session(Log);
          const timer = await env.session(Timer);
          await env.announce(Slow, () => ({
            ask: async () => {
              await log.write("asked");
              await timer.sleep(3000);
              return "answered";
            },
          }));
        });`,
      );
      await stage.start(
        "asker",
        `const Slow = session("Slow", { ask: method({ args: t.tuple([]), result: t.string }) });
        export default component(async (env) => {
          const log = await env.session(Log);
          const slow = await env.session(Slow);
          await log.write(await slow.ask());
        });`,
        { routes: [{ service: "LOG" }, { service: "Slow", child: "slow" }] },
      );
      await stage.said("slow", "asked");
      await stage.until(() => stage.host.rests("slow") && stage.host.rests("asker"));
      await stage.again();
      await stage.said("asker", "answered");
      expect(await stage.read("state/logs/slow.log")).equal("asked\n");
    }),
  );

  for (const [what, body, may] of [
    ["nothing else", "", true],
    ["an open file", `await data.open("kept", { write: true, create: true });`, true],
    [
      "a file without a name",
      `await data.open("lost", { write: true, create: true }); await data.unlink("lost");`,
      false,
    ],
    ["a watch that waits", `void data.watch(".");`, false],
    ["a gate to a peer", `await env.session(Gate, { label: "peer" });`, false],
    [
      "a paused thread",
      `await (await env.cpu.thread("other", async () => new Promise(() => {}))).pause();`,
      true,
    ],
  ] as const)
    it(`with ${what} it ${may ? "may rest" : "stays awake"}`, async () => {
      const peer = createServer((socket) => void socket.on("error", () => {}));
      await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
      const { port } = peer.address() as AddressInfo;
      const tcp = { kind: "tcp", host: "127.0.0.1", port, listen: false, framing: "line" } as const;
      const gates = { peer: { ...tcp, rights: ["send", "receive"] } } as const;
      const play = async (stage: RestStage): Promise<void> => {
        const child = await stage.play(
          "holder",
          `const timer = await env.session(Timer);
          const data = await env.session(FileSystem, { label: "data" });
          ${body}
          await log.write("ready");
          await timer.sleep(1e9);`,
          { rest: 3_600_000 },
        );
        await stage.said("holder", "ready");
        // Until the answer to its log has reached it, it has something to do.
        if (may) while (!(await stage.couldRest(child)));
        else for (let look = 0; look < 40; look++) expect(await stage.couldRest(child)).equal(false);
      };
      try {
        await atRest(play, { gates })();
      } finally {
        peer.close();
      }
    });
});
