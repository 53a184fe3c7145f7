// Whoever of several children is frozen, killed, replaced or late: nobody waits for ever, nothing runs twice, and what
// is said has a type.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { COUNTER, DESK, onSquare, ROUTES, type Square } from "../domain/square.ts";
import type { Village } from "../domain/village.ts";

const missing = async (village: Village, name: string): Promise<string> => {
  const result = await village.tryRevive(name);
  if (E.isRight(result)) return "revived";
  const { left } = result;
  return left.tag === "Refused"
    ? left.missing
        .map(({ service, name: what, error }) =>
          [service, what, error.tag, "reason" in error ? error.reason : ""]
            .filter((each) => each !== "")
            .join(" "),
        )
        .join("; ")
    : left.tag;
};

/** A component in between: keeps what it is handed, and hands it on by a session of its own. */
const ASKING = (body: string): string => `
  const timer = await env.session(c.Timer);
  void timer;
  ${body}`;

describe("service broker: relays", () => {
  const together = async ({ start, until }: Square): Promise<void> => {
    await start("server", COUNTER);
    await start("desk", DESK);
    await start(
      "client",
      ASKING(`
        const desk = await env.session(Desk);
        const counter = await env.session(Counter);
        await desk.hold(counter);
        console.log("held");
        await timer.sleep(1e6);`),
    );
    await start(
      "other",
      ASKING(`
        const desk = await env.session(Desk);
        await timer.sleep(5);
        for (let i = 1; i < 4; i++) console.log(await said(desk.useHeld(i)));`),
    );
    await until("client", "held");
  };

  it(
    "fault 10: calls wait while the delegator is frozen, and run once after it is back",
    onSquare(async (square) => {
      const { village, log, run, until } = square;
      await together(square);
      await village.freeze("client");
      await run();
      expect(log("other")).deep.equal([]);
      await village.revive("client");
      await until("other", "got 3");
      await village.freeze("client");
      await village.freeze("desk");
      await village.revive("client");
      await village.revive("desk");
      await run();
      expect(log("other")).deep.equal(["got 1", "got 3", "got 6"]);
      expect(log("server").filter((line) => line.startsWith("+"))).deep.equal(["+1", "+2", "+3"]);
    }),
  );

  for (const [gone, seen] of [
    ["client", "Closed: the capability from client, whose child has ended, is closed"],
    ["server", "Closed: Counter, whose child has ended, is closed"],
  ] as const)
    for (const frozen of [[], ["desk"], ["client"], ["server"], ["desk", "client"]])
      it(
        `${gone} is killed${frozen.length === 0 ? "" : ` while ${frozen.join(" and ")} frozen`}: a typed error, no wait`,
        onSquare(async (square) => {
          const { village, log, run } = square;
          await together(square);
          for (const name of frozen) await village.freeze(name);
          if (frozen.includes(gone)) {
            // Its image is there, but another took its name.
            await village.start(gone, await (await import("../domain/square.ts")).inhabitant(COUNTER), {
              routes: ROUTES,
            });
          } else await village.kill(gone);
          for (const name of frozen)
            if (name !== gone)
              expect(await missing(village, name)).match(
                name === "desk" && gone === "client"
                  ? /^Counter from client Denied client, which handed it over, has ended$/
                  : name === "client" && gone === "server"
                    ? /^Counter NoSuchService$/
                    : /^revived$/,
              );
          await run();
          const answers = log("other");
          if (frozen.length === 0 || (frozen.length === 1 && frozen[0] === gone))
            expect(answers).deep.equal([seen, seen, seen]);
          else for (const answer of answers) expect(answer).match(/^Closed: /);
        }),
      );
});

describe("service broker: patience", () => {
  const patient = (patience: number) => ({
    routes: ROUTES.map((route) => (route.child === undefined ? route : { ...route, patience })),
  });

  it(
    "bounds the wait for a session whose server is frozen before it answers",
    onSquare(async ({ start, village, log, run, until }) => {
      await start(
        "server",
        `const timer = await env.session(c.Timer);
         await env.announce(Counter, async () => {
           console.log("asked");
           await timer.sleep(50);
           return { next: async (by) => by, slow: async (by) => by, fail: async () => {} };
         });`,
      );
      await start(
        "client",
        ASKING(`
          console.log(await said(env.session(Counter)));
          console.log("again");
          await timer.sleep(200);
          console.log(await said(env.session(Counter).then((counter) => counter.next(1))));`),
        patient(100),
      );
      await until("server", "asked");
      await village.freeze("server");
      await until("client", "again");
      await village.revive("server");
      await run();
      expect(log("client")).deep.equal([
        "Unavailable: Counter did not become available within 100 ms",
        "again",
        "got 1",
      ]);
    }),
  );

  it(
    "goes with what came by the session",
    onSquare(async ({ start, village, log, run, until }) => {
      await start("desk", DESK);
      await start(
        "client",
        ASKING(`
          const desk = await env.session(Desk);
          const { counter } = await desk.counter();
          console.log(await said(counter.next(1)));
          await timer.sleep(10);
          console.log(await said(counter.next(2)));
          console.log(await said(desk.tell("x")));
          await timer.sleep(100);
          console.log(await said(counter.next(4)));`),
        patient(100),
      );
      await until("client", "got 1");
      await village.freeze("client");
      await village.freeze("desk");
      await village.moveHouse(["client"]);
      await until("client", "Unavailable: Desk did not become available within 100 ms");
      await village.revive("desk");
      await run();
      // Given up, but it had been sent: it ran.
      expect(log("client")).deep.equal([
        "got 1",
        "Unavailable: Counter did not become available within 100 ms",
        "Unavailable: Desk did not become available within 100 ms",
        "got 5",
      ]);
    }),
  );
});

describe("service broker: sessions that are gone", () => {
  /** Closes a session that was not called for 50 ms. */
  const STRICT = `
    const timer = await env.session(c.Timer);
    await env.announce(Counter, (_args, { client, closed }) => {
      let last = 0;
      let over = false;
      const mine = {
        next: async (by: number) => { last = await timer.elapsed(); console.log(client + " +" + by); return by; },
        slow: async (by: number) => { console.log(client + " slow +" + by); await timer.sleep(10); return by; },
        fail: async () => {},
      };
      void closed.then(() => { over = true; console.log("closed for " + client); });
      void (async () => {
        while (!over) {
          await timer.sleep(20);
          if ((await timer.elapsed()) - last > 50) return env.revoke(mine);
        }
      })();
      return mine;
    });`;

  const CLIENT = ASKING(`
    env.revived(({ generation, reopened }) => console.log(
      generation + " " + reopened.map(({ kind, provider, changed }) => [kind, provider, changed].join()).join(" ")));
    const counter = await env.session(Counter);
    console.log(await said(counter.next(1)));
    const waiting = said(counter.slow(2));
    console.log("asleep");
    console.log(await waiting);
    console.log(await said(counter.next(3)));
    env.exit(0);`);

  it(
    "a server may close the session of a client that is frozen: the client gets a new one, is told, and calls nothing twice",
    onSquare(async ({ start, village, log, run, until }) => {
      await start("server", STRICT);
      await start("client", CLIENT);
      await until("server", "client slow +2");
      await village.freeze("client");
      await run();
      expect(log("server")).include("closed for client");
      await village.revive("client");
      await run();
      expect(log("client")).deep.equal([
        "got 1",
        "asleep",
        "2 timer,, counter,server,new session",
        "Interrupted: slow was interrupted by a freeze",
        "got 3",
      ]);
      expect(log("server").filter((line) => line.includes("slow"))).deep.equal(["client slow +2"]);
    }),
  );

  it(
    "a server of an older image knows the session no more: told when it comes up, if that is later than its client",
    onSquare(async ({ start, village, log, run, until }) => {
      await start("server", STRICT);
      await village.freeze("server");
      const old = village.at("server").image;
      await village.revive("server");
      await start("client", CLIENT);
      await until("server", "client slow +2");
      await village.freeze("client");
      await village.freeze("server");
      village.at("server").image = old;
      await village.moveHouse(["client", "server"]);
      await run();
      expect(log("client")).deep.equal([
        "got 1",
        "asleep",
        "2 timer,, counter,server,",
        "Interrupted: slow was interrupted by a freeze",
        "2 counter,server,new session",
        "got 3",
      ]);
    }),
  );

  it(
    "another child takes the name of a frozen server: its clients are told, and find the new one",
    onSquare(async ({ start, village, log, run, until }) => {
      await start("server", COUNTER);
      await start(
        "client",
        ASKING(`
          let counter = await env.session(Counter);
          console.log(await said(counter.next(1)));
          await timer.sleep(10);
          console.log(await said(counter.next(2)));
          counter = await env.session(Counter);
          console.log(await said(counter.next(3)));`),
      );
      await until("client", "got 1");
      await village.freeze("server");
      await run();
      expect(log("client")).deep.equal(["got 1"]);
      await start("server", COUNTER);
      await run();
      expect(log("client")).deep.equal([
        "got 1",
        "Closed: Counter, whose child has ended, is closed",
        "got 3",
      ]);
    }),
  );

  it(
    "a service that is not announced yet is waited for; one whose child ends without it is none",
    onSquare(async ({ start, village, log, run }) => {
      await start("client", ASKING(`console.log(await said(env.session(Counter)));`));
      await run();
      expect(log("client")).deep.equal([]);
      await start("server", `const timer = await env.session(c.Timer); await timer.sleep(5);`);
      await run();
      expect(village.at("server").state).equal("ended");
      expect(log("client")).deep.equal(["NoSuchService: nobody provides Counter"]);
    }),
  );
});
