// Services between children: whoever is frozen or killed meanwhile, a call runs once, or fails with a typed error.
import { expect } from "chai";
import type { Child, StartOptions } from "../../runtime/index.ts";
import { ALL, factsOf, onStage, type Stage } from "./stage.ts";

/** What both sides declare, at the start of a component's function. */
const DECLARED = `
  const t = await import("io-ts");
  const { args, bytes, capability, method, session, struct } = await import("cryonode");
  const Counter = session("Counter", {
    next: method({ args: t.tuple([t.number]), result: t.number }),
    slow: method({ args: t.tuple([t.number]), result: t.number }),
    fail: method({ args: t.tuple([]), result: t.void }),
    echo: method({ args: t.tuple([bytes, t.string]), result: t.tuple([t.string, bytes]) }),
    wrong: method({ args: t.tuple([]), result: t.string }),
  });
  const Listener = session("Listener", { heard: method({ args: t.tuple([t.string]), result: t.string }) });
  const Desk = session("Desk", {
    subscribe: method({ args: t.tuple([t.type({ name: t.string, listener: capability(Listener) })]), result: t.void }),
    tell: method({ args: t.tuple([t.string]), result: t.array(t.string) }),
    counter: method({ args: t.tuple([]), result: t.type({ counter: capability(Counter) }) }),
    pass: method({ args: t.tuple([capability(Counter)]), result: t.number }),
    read: method({ args: t.tuple([capability((await import("cryonode")).File)]), result: t.string }),
    forget: method({ args: t.tuple([]), result: t.void }),
  });
  void [args, struct, Counter, Listener, Desk];
  const said = async (promise) => promise.then((value) => "got " + value, (error) => error.name + ": " + error.message);
  void said;
`;

const SERVER = `${DECLARED}
  let n = 0;
  let sessions = 0;
  const timer = await env.session(Timer);
  await env.announce(Counter, (args, { label }) => {
    if (args.refuse) throw new Error("no such luck");
    console.log("session " + ++sessions + (label === "" ? "" : " " + label) + (args.who ? " " + args.who : ""));
    return {
      next: async (by) => { console.log("+" + by); return (n += by); },
      slow: async (by) => { console.log("slow +" + by); await timer.sleep(200); return (n += by); },
      fail: async () => { throw new RangeError("out of luck"); },
      echo: async (b, text) => [text, new Uint8Array([...b].reverse())],
      wrong: async () => 42 as never,
    };
  });
  console.log("announced");
`;

const CLIENT = (body: string): string => `${DECLARED}
  const timer = await env.session(Timer);
  void timer;
  const counter = await env.session(Counter);
  ${body}`;

const TO_SERVER = [...ALL, { service: "Counter", to: { child: "server" } }];

const client = (stage: Stage, body: string, more: Partial<StartOptions> = {}): Promise<Child> =>
  stage.start("client", CLIENT(body), { routes: TO_SERVER, ...more });

const lines = (stage: Stage, child: string, prefix: string): readonly string[] =>
  stage.log(child).filter((line) => line.startsWith(prefix));

describe("host: services between children", () => {
  it(
    "serves calls, with bytes and options; each session has an object of its own",
    onStage(async (stage) => {
      const waiting = await client(
        stage,
        `console.log("sum " + await counter.next(2));
         const second = await env.session(Counter, { label: "b", who: "me" });
         console.log("sum " + await second.next(3));
         const [text, b] = await counter.echo(new Uint8Array([1, 2, 3]), "häh\\u0000");
         console.log(JSON.stringify(text) + " " + b.join());
         await second.close();
         console.log(await said(second.next(1)));`,
      );
      await stage.start("server", SERVER);
      expect(await waiting.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(stage.log("client")).to.deep.equal([
        "sum 2",
        "sum 5",
        '"häh\\u0000" 3,2,1',
        "Closed: capability 18 is closed",
      ]);
      expect(stage.log("server")).to.deep.equal(["announced", "session 1", "+2", "session 2 b me", "+3"]);
    }),
  );

  it(
    "rejects with types what is refused, thrown, or not as its contract says",
    onStage(async (stage) => {
      await stage.start("server", SERVER);
      const caller = await client(
        stage,
        `console.log(await said(counter.next("2")));
         console.log(await said(counter.fail()));
         console.log(await said(counter.wrong()));
         console.log(await said(env.session(Counter, { refuse: true })));
         console.log(await said(env.session(Listener)));`,
      );
      await caller.ended;
      expect(stage.log("client")).to.deep.equal([
        'InvalidArgument: Counter.next: argument 0 is "2", expected number',
        "RangeError: out of luck",
        "TypeError: Counter.wrong answered 42, expected string",
        "Error: no such luck",
        "Denied: Listener is denied: no route matches",
      ]);
    }),
  );

  it(
    "fault 10: a server frozen with calls in flight completes each once",
    onStage(async (stage) => {
      const server = await stage.start("server", SERVER);
      const caller = await client(
        stage,
        `const all = await Promise.all([1, 2, 3].map((by) => counter.slow(by)));
         console.log("all " + all.join());
         console.log("then " + await counter.next(10));`,
      );
      await server.until({ log: "slow +3" });
      await server.freeze("server.cryo");
      await stage.host.revive("server.cryo");
      await caller.ended;
      expect(stage.log("client")).to.deep.equal(["all 1,3,6", "then 16"]);
      expect(lines(stage, "server", "slow")).to.deep.equal(["slow +1", "slow +2", "slow +3"]);
    }),
  );

  it(
    "fault 10: a client frozen with calls in flight gets each answer once",
    onStage(async (stage) => {
      await stage.start("server", SERVER);
      const caller = await client(
        stage,
        `const waiting = [1, 2, 3].map((by) => counter.slow(by));
         await timer.sleep(50);
         console.log("waiting");
         console.log("all " + (await Promise.all(waiting)).join());
         console.log("then " + await counter.next(10));`,
      );
      await caller.until({ log: "waiting" });
      await caller.freeze("client.cryo");
      await new Promise((resolve) => setTimeout(resolve, 300));
      const revived = await stage.host.revive("client.cryo");
      await revived.ended;
      expect(stage.log("client")).to.deep.equal(["waiting", "all 1,3,6", "then 16"]);
      expect(lines(stage, "server", "slow")).to.deep.equal(["slow +1", "slow +2", "slow +3"]);
      expect(lines(stage, "server", "session")).to.deep.equal(["session 1"]);
    }),
  );

  for (const first of ["client", "server"])
    it(
      `fault 10: both frozen, the ${first} revived first`,
      onStage(async (stage) => {
        const server = await stage.start("server", SERVER);
        const caller = await client(
          stage,
          `for (let i = 0; i < 12; i++) console.log("sum " + await counter.next(1));`,
        );
        await caller.until({ log: "sum 4" });
        await server.freeze("server.cryo");
        await caller.freeze("client.cryo");
        const second = first === "client" ? "server" : "client";
        await stage.host.revive(`${first}.cryo`);
        await stage.host.revive(`${second}.cryo`);
        await stage.host.child("client")!.ended;
        expect(stage.log("client")).to.deep.equal(Array.from({ length: 12 }, (_, i) => `sum ${i + 1}`));
        expect(lines(stage, "server", "+")).to.have.length(12);
        expect(lines(stage, "server", "session")).to.deep.equal(["session 1"]);
      }),
    );

  for (const first of ["client", "server"])
    it(
      `fault 10: both revived on a host that has never seen them, the ${first} first`,
      onStage(async (stage) => {
        const server = await stage.start("server", SERVER);
        const caller = await client(
          stage,
          `for (let i = 0; i < 12; i++) console.log("sum " + (await counter.slow(1)));`,
        );
        await caller.until({ log: "sum 2" });
        await caller.freeze("client.cryo");
        await server.freeze("server.cryo");
        const elsewhere = await stage.another({});
        const log: string[] = [];
        elsewhere.on("log", ({ child, text }) => log.push(`${child} ${text}`));
        for (const name of first === "client" ? ["client", "server"] : ["server", "client"])
          await elsewhere.revive(`${name}.cryo`, { routes: name === "client" ? TO_SERVER : ALL });
        expect(await elsewhere.child("client")!.ended).to.deep.equal({ kind: "exited", code: 0 });
        const sums = [
          ...stage.log("client"),
          ...log.filter((line) => line.startsWith("client ")).map((line) => line.slice(7)),
        ];
        expect(sums).to.deep.equal(Array.from({ length: 12 }, (_, i) => `sum ${i + 1}`));
        expect(log.filter((line) => line.startsWith("server session"))).to.deep.equal([]);
      }),
    );

  it(
    "a session request may be frozen while its server is not there",
    onStage(async (stage) => {
      const caller = await stage.start(
        "client",
        `${DECLARED} console.log("asking"); const counter = await env.session(Counter); console.log("sum " + await counter.next(1));`,
        { routes: TO_SERVER },
      );
      await caller.until({ log: "asking" });
      await caller.freeze("client.cryo");
      const revived = await stage.host.revive("client.cryo");
      await stage.start("server", SERVER);
      await revived.ended;
      expect(stage.log("client")).to.deep.equal(["asking", "sum 1"]);
    }),
  );

  it(
    "a call waits for a frozen server as long as its route says",
    onStage(async (stage) => {
      const server = await stage.start("server", SERVER);
      const routes = [...ALL, { service: "Counter", to: { child: "server" }, patience: 100 }];
      const caller = await client(
        stage,
        `console.log(await said(counter.next(1)));
         await timer.sleep(100);
         console.log(await said(counter.next(2)));
         console.log("asleep");
         await timer.sleep(300);
         console.log(await said(counter.next(4)));`,
        { routes },
      );
      await caller.until({ log: "got 1" });
      await server.freeze("server.cryo");
      await caller.until({ log: "asleep" });
      await stage.host.revive("server.cryo");
      caller.go();
      await caller.ended;
      expect(stage.log("client")).to.deep.equal([
        "got 1",
        "Unavailable: Counter did not become available within 100 ms",
        "asleep",
        "got 5",
      ]);
    }),
  );

  it(
    "a server that is killed, or ends, closes its sessions and frees who waits",
    onStage(async (stage) => {
      const server = await stage.start("server", SERVER);
      const caller = await client(
        stage,
        `const waiting = said(counter.slow(1));
         console.log("waiting");
         console.log(await waiting);
         console.log(await said(counter.next(1)));
         console.log(await said(env.session(Counter)));`,
      );
      await server.until({ log: "slow +1" });
      await server.kill();
      await caller.ended;
      expect(stage.log("client")).to.deep.equal([
        "waiting",
        "Closed: Counter, whose child has ended, is closed",
        "Closed: Counter, whose child has ended, is closed",
        "NoSuchService: nobody provides Counter",
      ]);
    }),
  );

  it(
    "a client whose server is gone for good is not revived; with another server it gets a new session and is told",
    onStage(async (stage) => {
      const server = await stage.start("server", SERVER);
      const caller = await client(
        stage,
        `env.revived((how) => console.log(how.reopened.map((each) => each.kind + " " + each.changed).join()));
         console.log("sum " + await counter.next(1));
         await timer.sleep(20);
         console.log("sum " + await counter.next(1));
         env.exit(0);`,
      );
      await caller.until({ log: "sum 1" });
      await caller.freeze("client.cryo");
      await server.kill();
      expect(await factsOf(stage.host.revive("client.cryo"))).to.deep.include({ tag: "Checkpoint" });
      await stage.start("server", SERVER);
      const revived = await stage.host.revive("client.cryo");
      await revived.ended;
      expect(stage.log("client")).to.deep.equal(["sum 1", "timer undefined,counter new session", "sum 1"]);
    }),
  );

  it(
    "a clone gets sessions of its own",
    onStage(async (stage) => {
      await stage.start("server", SERVER);
      const caller = await client(
        stage,
        `console.log("sum " + await counter.next(1)); await timer.sleep(50); console.log("sum " + await counter.next(1));`,
      );
      await caller.until({ log: "sum 1" });
      await caller.checkpoint("client.cryo");
      caller.go();
      await caller.ended;
      const clone = await stage.host.revive("client.cryo", { as: "twin", routes: TO_SERVER });
      await clone.ended;
      expect([stage.log("client"), stage.log("twin")]).to.deep.equal([["sum 1", "sum 2"], ["sum 3"]]);
      expect(lines(stage, "server", "session")).to.deep.equal(["session 1", "session 2"]);
    }),
  );
});

const DESK = `${DECLARED}
  const listeners = [];
  let n = 0;
  const mine = { next: async (by) => (n += by), slow: async () => 0, fail: async () => {}, echo: async (b, s) => [s, b], wrong: async () => "" };
  const timer = await env.session(Timer);
  await env.announce(Desk, () => ({
    subscribe: async (each) => { listeners.push(each); },
    tell: async (text) => Promise.all(listeners.map(async ({ name, listener }) => name + " " + await said(listener.heard(text)))),
    counter: async () => ({ counter: mine }),
    pass: async (counter) => { await timer.sleep(1); return counter.next(5); },
    read: async (file) => file.readText(),
    forget: async () => { env.revoke(mine); },
  }));
  console.log("announced");
`;

const TO_DESK = [...TO_SERVER, { service: "Desk", to: { child: "desk" } }];

const guest = (stage: Stage, body: string, more: Partial<StartOptions> = {}): Promise<Child> =>
  stage.start(
    "guest",
    `${DECLARED} const desk = await env.session(Desk); const timer = await env.session(Timer); void timer;\n${body}`,
    {
      routes: TO_DESK,
      ...more,
    },
  );

describe("host: capabilities between children", () => {
  it(
    "passes objects of either side, what is held, and open files",
    onStage(async (stage) => {
      await stage.start("server", SERVER);
      await stage.start("desk", DESK);
      const caller = await guest(
        stage,
        `await desk.subscribe({ name: "a", listener: { heard: async (text) => text + "!" } });
         console.log((await desk.tell("hi")).join());
         const { counter } = await desk.counter();
         console.log(await said(counter.next(7)));
         await desk.forget();
         console.log(await said(counter.next(7)));
         const far = await env.session(Counter);
         console.log(await said(desk.pass(far)));
         const files = await env.session(FileSystem, { label: "data" });
         const file = await files.open("text", { read: true, write: true, create: true });
         await file.write("some text");
         await file.seek(5);
         console.log(await said(desk.read(file)));
         console.log(await said(desk.pass(env.ram)));
         console.log(await said(desk.pass(env.rm as never)));`,
      );
      await caller.ended;
      expect(stage.log("guest")).to.deep.equal([
        "a got hi!",
        "got 7",
        "Closed: the capability is closed",
        "got 5",
        "got text",
        "Denied: RAM is denied: a capability of this type can't be handed to another component",
        "Denied: RM is denied: a capability of this type can't be handed to another component",
      ]);
    }),
  );

  it(
    "keeps callbacks across a freeze of either side",
    onStage(async (stage) => {
      const desk = await stage.start("desk", DESK);
      const caller = await guest(
        stage,
        `let heard = 0;
         await desk.subscribe({ name: "a", listener: { heard: async (text) => text + ++heard } });
         const { counter } = await desk.counter();
         for (let i = 1; i <= 6; i++) {
           console.log((await desk.tell("x")).join() + " " + await counter.next(1));
           await timer.sleep(1);
         }`,
      );
      await caller.until({ log: "a got x2 2" });
      await desk.freeze("desk.cryo");
      await caller.freeze("guest.cryo");
      await stage.host.revive("guest.cryo");
      await stage.host.revive("desk.cryo");
      const again = stage.host.child("guest")!;
      await again.until({ log: "a got x4 4" });
      await again.freeze("guest2.cryo");
      const last = await stage.host.revive("guest2.cryo");
      await last.ended;
      expect(stage.log("guest")).to.deep.equal([1, 2, 3, 4, 5, 6].map((i) => `a got x${i} ${i}`));
    }),
  );

  it(
    "a delegation whose delegator is gone is denied by name at the revival",
    onStage(async (stage) => {
      const desk = await stage.start("desk", DESK);
      const caller = await guest(
        stage,
        `const { counter } = await desk.counter(); console.log(await said(counter.next(1))); await timer.sleep(50); console.log(await said(counter.next(1)));`,
      );
      await caller.until({ log: "got 1" });
      await caller.freeze("guest.cryo");
      await desk.kill();
      const facts = (await factsOf(stage.host.revive("guest.cryo"))) as { error?: { missing?: unknown[] } };
      expect(JSON.stringify(facts.error?.missing)).to.contain("desk, which handed it over, has ended");
    }),
  );

  it(
    "fault 42: capabilities that come in are charged, and refused where there is no room",
    onStage(async (stage) => {
      await stage.start("desk", DESK);
      const caller = await guest(
        stage,
        `const held = [];
         let refused = "";
         while (refused === "") await desk.counter().then((each) => held.push(each), (error) => { refused = error.name; });
         console.log(refused + " after " + held.length);
         await held.pop().counter.close();
         console.log(await said(desk.counter().then(() => "one")));`,
        { caps: 12 },
      );
      await caller.ended;
      const [first, second] = stage.log("guest");
      expect(first).to.match(/^QuotaExceeded after \d+$/);
      expect(second).to.equal("got one");
    }),
  );
});
