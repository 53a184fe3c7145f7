// What a protection domain keeps for others and gives back: sessions, objects, capabilities, answers.
import { expect } from "chai";
import { COUNTER, DESK, onSquare } from "./square.ts";

describe("service desk: errors", () => {
  const FAILING = `
    class OutOfStock extends Error {}
    const throwing: Record<string, () => unknown> = {
      range: () => { throw new RangeError("no more"); },
      own: () => { throw new OutOfStock("apples"); },
      named: () => { throw Object.assign(new Error("by hand"), { name: "Named" }); },
      text: () => { throw "some text"; },
      nothing: () => { throw null; },
      cyclic: () => { const o: any = {}; o.o = o; throw o; },
      evil: () => { throw Object.defineProperty(new Error("x"), "message", { get() { throw new Error("gotcha"); } }); },
      long: () => { throw new Error("x".repeat(1e6)); },
      missing: () => { throw new c.SessionFailure({ tag: "NotFound", path: "a/b" }); },
      denied: () => { throw new c.Denied({ tag: "Denied", service: "Counter", label: "", reason: "closed today" }); },
    };
    await env.announce(Counter, () => ({
      next: async () => 0, slow: async () => 0, fail: async (how) => void throwing[how]!(),
    }));`;

  it(
    "arrive by name, message and facts, and say who raised them",
    onSquare(async ({ start, run, log, village }) => {
      await start("server", FAILING);
      await start(
        "client",
        `const counter = await env.session(Counter);
         for (const how of ["range", "own", "named", "text", "nothing", "cyclic", "long", "missing", "denied", "evil"])
           await counter.fail(how).catch((e) => console.log(
             [how, e.constructor === c.Failed, e instanceof c.SessionFailure, e instanceof c.Denied, e.name,
              e.message.slice(0, 40), e.facts.tag, e.facts.by].join(" | ")));
         await counter.next("x" as never).catch((e) => console.log(e.facts.tag + " " + e.facts.by));
         await env.session(c.session("Nowhere", {})).catch((e) => console.log(e.name + " " + e.facts.by));`,
      );
      await run();
      expect(log("client")).deep.equal([
        "range | true | true | false | RangeError | no more | Failed | server",
        "own | true | true | false | OutOfStock | apples | Failed | server",
        "named | true | true | false | Named | by hand | Failed | server",
        "text | true | true | false | Failed | Counter failed: some text | Failed | server",
        "nothing | true | true | false | Failed | Counter failed: null | Failed | server",
        "cyclic | true | true | false | Failed | Counter failed: an error that can't be s | Failed | server",
        `long | true | true | false | Error | ${"x".repeat(40)} | Failed | server`,
        "missing | false | true | false | NotFound | a/b does not exist | NotFound | server",
        "denied | false | true | true | Denied | Counter is denied: closed today | Denied | server",
        "evil | true | true | false | Failed | Counter failed: an error that can't be s | Failed | server",
        "InvalidArgument server",
        "Denied undefined",
      ]);
      // Only what the routes deny is the host's to tell.
      expect(village.at("client").world.denied).deep.equal(["Nowhere : Denied"]);
    }),
  );

  it(
    "go through a component in between as they are",
    onSquare(async ({ start, run, log }) => {
      await start("server", FAILING);
      await start(
        "desk",
        `const counter = await env.session(Counter);
         await env.announce(Desk, () => ({ useHeld: async () => { await counter.fail("own"); return 0; } }) as never);`,
      );
      await start(
        "client",
        `const desk = await env.session(Desk).catch((e) => e);
         console.log(desk.name + ": " + desk.message);`,
      );
      await run();
      expect(log("client")).deep.equal(["TypeError: the object that serves Desk has no method counter"]);
    }),
  );
});

describe("service desk: sessions", () => {
  it(
    "tell the server who asks, and when they are over, however that came",
    onSquare(async ({ start, run, log, village, until }) => {
      await start("server", COUNTER);
      await start(
        "client",
        `const a = await env.session(Counter, { label: "a " });
         const b = await env.session(Counter, { label: "b " });
         await env.session(Counter, { label: "x ", refuse: true }).catch(() => {});
         await a.close();
         console.log(await said(b.next(1)));
         console.log("waiting");
         await (await env.session(c.Timer)).sleep(1000);`,
      );
      await until("client", "waiting");
      expect(log("server")).deep.equal(["open a client", "open b client", "closed a client", "+1"]);
      await village.freeze("server");
      await village.kill("client");
      await village.revive("server");
      await run();
      expect(log("server").slice(4)).deep.equal(["closed b client"]);
    }),
  );

  it(
    "are revoked by the server, and the object with them",
    onSquare(async ({ start, run, log }) => {
      await start(
        "server",
        `const all: object[] = [];
         await env.announce(Counter, (_args, { closed }) => {
           const mine = { next: async (by: number) => by, slow: async (by: number) => { env.revoke(mine); return by; }, fail: async () => {} };
           void closed.then(() => console.log("closed"));
           all.push(mine);
           return mine;
         });`,
      );
      await start(
        "client",
        `const [one, two] = [await env.session(Counter), await env.session(Counter)];
         console.log(await said(one.slow(1)));
         console.log(await said(one.next(1)));
         console.log(await said(two.next(2)));`,
      );
      await run();
      expect(log("client")).deep.equal([
        "Closed: the capability is closed",
        "Closed: the capability is closed",
        "got 2",
      ]);
      expect(log("server")).deep.equal(["closed", "closed"]);
    }),
  );
});

describe("service desk: capabilities", () => {
  const OFFERING = `
    const freed = new FinalizationRegistry<string>((name) => console.log("freed " + name));
    const offer = (name: string) => {
      const listener = { heard: async (text: string) => name + text };
      freed.register(listener, name);
      return listener;
    };
    void offer;
    const timer = await env.session(c.Timer);
    void timer;`;

  it(
    "are given up when nobody can call them any more, at both sides",
    onSquare(async ({ start, run, log, village }) => {
      const desk = await start("desk", DESK);
      await start(
        "client",
        `${OFFERING}
         const desk = await env.session(Desk);
         await desk.keep(offer("a"));
         await desk.keep(offer("b"));
         console.log((await desk.tell("!")).join());
         await desk.drop();
         await timer.sleep(1);
         console.log("dropped");
         // What does not fit the contract is not kept either.
         console.log(await said((desk.use as any)(offer("c"), "x")));
         await timer.sleep(1);
         console.log("done");`,
      );
      const { caps } = village.at("desk").harness.domain;
      await run();
      expect(log("client")).deep.equal([
        "got a!,got b!",
        "freed a",
        "freed b",
        "dropped",
        'InvalidArgument: Desk.use: argument 1 is "x", expected number',
        "freed c",
        "done",
      ]);
      expect(caps.call(desk.harness.domain).used).equal(1);
      expect(desk.harness.domain.services()?.served.length).equal(0);
    }),
  );

  it(
    "that were handed on stay for as long as whoever has them needs them",
    onSquare(async ({ start, run, log, village, until }) => {
      await start("server", COUNTER);
      const desk = await start("desk", DESK);
      await start(
        "middle",
        `const desk = await env.session(Desk);
         await env.announce(Desk, () => ({
           ...({} as any), counter: async () => ({ counter: null as never }), keep: async () => {}, tell: async () => [],
           drop: async () => {}, use: async () => 0, useHeld: async () => 0, sleep: async () => {},
           bytes: async () => new Uint8Array(), take: async () => 0,
           // Handed on, and then nowhere in this component any more.
           hold: async (counter) => desk.hold(counter),
         }));`,
      );
      const routes = [{ service: "Desk", label: "middle", child: "middle" }];
      const { ROUTES } = await import("./square.ts");
      await start(
        "client",
        `const middle = await env.session(Desk, { label: "middle" });
         const desk = await env.session(Desk);
         await middle.hold(await env.session(Counter));
         console.log(await said(desk.useHeld(1)));
         await (await env.session(c.Timer)).sleep(5);
         console.log(await said(desk.useHeld(2)));
         await desk.drop();
         await (await env.session(c.Timer)).sleep(5);
         console.log("dropped");`,
        { routes: [...routes, ...ROUTES] },
      );
      await until("client", "got 1");
      const middle = village.at("middle").harness;
      expect(middle.domain.caps().used, "the session with desk, and the counter").equal(2);
      for (const name of ["middle", "desk", "client"]) {
        await village.freeze(name);
        await village.revive(name);
      }
      await run();
      expect(log("client")).deep.equal(["got 1", "got 3", "dropped"]);
      expect(middle.domain.caps().used, "the session with desk").equal(1);
      expect(desk.harness.domain.caps().used).equal(1);
    }),
  );

  it(
    "of a session, a file or a timer keep their rule across a freeze of whoever handed them over",
    onSquare(async ({ start, run, log, village, until }) => {
      await start("desk", DESK);
      await start(
        "client",
        `const desk = await env.session(Desk);
         const timer = await env.session(c.Timer);
         const from = await timer.elapsed();
         console.log("asking");
         await desk.sleep(timer, 500);
         console.log("slept " + (await timer.elapsed() - from));`,
      );
      await until("client", "asking");
      for (let i = 0; i < 4; i++) {
        await village.rest();
        village.clock.advance(100);
        await village.freeze("client");
        village.clock.advance(10_000);
        await village.revive("client");
      }
      await run();
      expect(log("client")).deep.equal(["asking", "slept 500"]);
    }),
  );
});

describe("service desk: what is kept for others", () => {
  it(
    "answers are acknowledged in time, and what nobody takes has a bound",
    onSquare(async ({ start, run, log, village, until }) => {
      const desk = await start("desk", DESK, { quota: { ram: 64 << 20, caps: 100 } });
      await start(
        "client",
        `const desk = await env.session(Desk);
         for (let i = 0; i < 8; i++) await desk.bytes(1 << 20);
         console.log("one by one");
         const all = [];
         for (let i = 0; i < 90; i++) all.push(said(desk.bytes(1 << 20).then((b) => b.length)));
         console.log("asked");
         const told = await Promise.all(all);
         console.log(told.filter((each) => each === "got 1048576").length + " " + told.find((each) => !each.startsWith("got")));`,
        { quota: { ram: 256 << 20, caps: 100 } },
      );
      await until("client", "one by one");
      const kept = (): number => {
        const links = desk.harness.domain.services()?.served ?? [];
        return links.flatMap(({ kept: answers }) => answers).length;
      };
      expect(kept()).most(1);
      await until("client", "asked");
      await village.freeze("client");
      await run();
      expect(kept()).equal(90);
      await village.revive("client");
      await run();
      expect(log("client").at(-1)).equal(
        "63 TooLarge: an answer, with all that were not taken yet, of 67109632 bytes exceeds 67108864",
      );
      expect(kept(), "acknowledged").most(64);
    }),
  );

  it(
    "calls without an answer have a bound, which threads that are killed do not lift",
    onSquare(async ({ start, run, log, village, until }) => {
      await start("desk", DESK);
      await start(
        "client",
        `const timer = await env.session(c.Timer);
         const refused: string[] = [];
         const threads: any[] = [];
         let ready = 0;
         for (let i = 0; i < 20; i++)
           threads.push(await env.cpu.thread("t" + i, async (own) => {
             const desk = await own.session(Desk);
             const mine = await own.session(c.Timer);
             ready++;
             await mine.sleep(10 + i);
             await desk.take(new Uint8Array(4 << 20)).catch((e) => refused.push(e.name + ": " + e.message));
           }));
         while (ready < threads.length) await timer.sleep(1);
         console.log("there");
         for (let i = 0; i < 15; i++) {
           await timer.sleep(i === 0 ? 10.5 : 1);
           await threads[i].kill();
         }
         await timer.sleep(20);
         console.log(refused.length + " " + refused[0]);
         env.exit(0);`,
        { quota: { ram: 256 << 20, caps: 200 } },
      );
      await until("client", "there");
      await village.freeze("desk");
      await run();
      expect(log("client").at(-1)).match(
        /^5 TooLarge: what Desk is asked, with all that has no answer yet, of 6710/,
      );
    }),
  );

  it(
    "a component can't announce without end",
    onSquare(async ({ start, run, log }) => {
      await start(
        "server",
        `console.log(await said(env.announce(c.session("x".repeat(2000), {}), () => ({}))));
         let error = "";
         let announced = 0;
         while (error === "")
           await env.announce(c.session("S" + announced, {}), () => ({})).then(() => announced++, (e) => { error = e.name; });
         console.log(announced + " " + error);
         console.log(await said(env.announce(c.session("S1", {}), () => ({}))));`,
      );
      await run();
      expect(log("server")).deep.equal([
        "TooLarge: a service's name of 2000 bytes exceeds 1024",
        "256 QuotaExceeded",
        "AlreadyExists: S1 exists already",
      ]);
    }),
  );
});
