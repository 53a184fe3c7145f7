// Sessions that are carried between two hosts: each call runs once and in its order, wherever the link fails, whoever of
// the two moves, and whatever a peer says.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import type { Route } from "../../runtime/core/route.ts";
import {
  CARRIED,
  decodeCarried,
  encodeCarried,
  type CarriedMessage,
} from "../../runtime/migrate/carried-message.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import { E } from "../../lib/fp.ts";
import { carriedHosts, type CarriedHosts, type CarriedHostsOptions, type Name } from "./carried-hosts.ts";
import { openStage, type Stage } from "./two-hosts.ts";
import type { Failure, Fault } from "./wire.ts";
import { soon } from "./soon.ts";

const CONTRACT = `import * as t from "io-ts";
import { bytes, capability, Dataspace, method, session } from "cryonode";
export const Ear = session("Ear", { hear: method({ args: t.tuple([t.number]), result: t.number }) });
export const Tally = session("Tally", {
  add: method({ args: t.tuple([t.number]), result: t.number }),
  echo: method({ args: t.tuple([bytes]), result: bytes }),
  tell: method({ args: t.tuple([capability(Ear)]), result: t.number }),
  ear: method({ args: t.tuple([]), result: capability(Ear) }),
  lend: method({ args: t.tuple([capability(Dataspace)]), result: t.void }),
});
`;

/** Notes each call, in the order that they run; one that shall hears of what it was given. */
const SERVER = `import { component } from "cryonode";
import { Tally } from "../contract.ts";
export default component(async (env) => {
  let next = 0;
  await env.announce(Tally, (_args, { client, closed }) => {
    void closed.then(() => console.log(client + " has gone"));
    return {
      add: async (n: number) => { if (n !== next++) console.log("WRONG " + n); return n; },
      echo: async (all: Uint8Array) => all.map((each) => each ^ 1),
      tell: async (ear) => { let sum = 0; for (let n = 1; n <= 5; n++) sum += await ear.hear(n); return sum; },
      ear: async () => ({ hear: async (n: number) => n * 10 }),
      lend: async () => {},
    };
  });
});
`;

/** Four calls at a time. */
const CLIENT = `import { component, Timer } from "cryonode";
import { Tally } from "../contract.ts";
export default component(async (env) => {
  const timer = await env.session(Timer);
  const tally = await env.session(Tally);
  for (let n = 0; ; n += 4) {
    const answers = await Promise.all([0, 1, 2, 3].map((each) => tally.add(n + each)));
    console.log("to " + answers[3]);
    await timer.sleep(2);
  }
});
`;

/** It answers late: at most times there are calls under way. */
const LATE_SERVER = SERVER.replace("{ component }", "{ component, Timer }")
  .replace("let next = 0;", "const timer = await env.session(Timer); let next = 0;")
  .replace("return n; }", "await timer.sleep(30); return n; }");

const ROUTES: readonly Route[] = [{ service: "Tally", child: "server" }];

/** Who stalls is soon known to. */
const SHORT: CarriedHostsOptions = { silence: 800 };
/** Nobody waits long for a peer that is out of contact before a move. */
const BRIEF: CarriedHostsOptions = { patience: 300 };

const given = <T>(either: E.Either<unknown, T>): T => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
};

describe("a session that is carried between two hosts", function () {
  this.timeout(60_000);
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    await writeFile(join(stage.folder, "contract.ts"), CONTRACT);
  });
  after(() => stage.close());

  const on =
    (play: (hosts: CarriedHosts) => Promise<void>, options: CarriedHostsOptions = {}) =>
    async (): Promise<void> => {
      const hosts = carriedHosts(stage, options);
      try {
        await play(hosts);
      } finally {
        await hosts.close();
      }
    };

  const counting = async (hosts: CarriedHosts, server = SERVER): Promise<void> => {
    await hosts.start("server", server);
    await hosts.start("client", CLIENT, ROUTES);
    await hosts.until("to 7");
  };
  /** It goes on from here; each call has run once, in its order. */
  const goesOn = async ({ log, until, unfaulted }: CarriedHosts, rounds = 3): Promise<void> => {
    const last = Number(log.at(-1)!.slice(3));
    await unfaulted(until(`to ${last + 4 * rounds}`));
    expect(log).to.deep.equal(log.map((_, i) => `to ${4 * i + 3}`));
  };

  for (const mover of ["client", "server"] as const)
    it(
      `law 2: goes on when the ${mover} moves, when it comes back, and when the other follows`,
      on(async (hosts) => {
        await counting(hosts);
        given(await hosts.migrate("here", mover));
        await goesOn(hosts);
        const stayed = mover === "client" ? "server" : "client";
        expect(hosts.there.carrier.report(mover)).to.deep.equal([
          { with: stayed, at: "here", contact: true },
        ]);
        given(await hosts.migrate("there", mover));
        await goesOn(hosts);
        expect(hosts.here.carrier.report(mover)).to.deep.equal([]);
        given(await hosts.migrate("here", mover));
        await goesOn(hosts);
        given(await hosts.migrate("here", stayed));
        await goesOn(hosts);
        expect(hosts.there.carrier.report(mover)).to.deep.equal([]);
      }),
    );

  it(
    "goes on when both move at once, in opposite directions",
    on(async (hosts) => {
      await counting(hosts);
      given(await hosts.migrate("here", "client"));
      await Promise.all([hosts.migrate("here", "server"), hosts.migrate("there", "client")]);
      await goesOn(hosts);
      hosts.cut();
      await goesOn(hosts);
    }),
  );

  it(
    "fault 37: where both hosts call at once, they keep the same one of the two connections",
    on(async (hosts) => {
      await counting(hosts);
      given(await hosts.migrate("here", "client"));
      await goesOn(hosts);
      const before = hosts.contacts.count;
      hosts.crossing = true;
      hosts.cut();
      await goesOn(hosts);
      await goesOn(hosts);
      expect(hosts.contacts.count - before).to.equal(2);
    }),
  );

  describe("of three hosts", () => {
    for (const [mover, stayed] of [
      ["client", "server"],
      ["server", "client"],
    ] as const)
      it(
        `law 2: goes on when the ${mover} moves on to a third, and the ${stayed} to the second, and home again`,
        on(async (hosts) => {
          await counting(hosts);
          given(await hosts.move("here", "there", mover));
          await goesOn(hosts);
          given(await hosts.move("there", "beyond", mover));
          await goesOn(hosts);
          expect(hosts.beyond.carrier.report(mover)).to.deep.equal([
            { with: stayed, at: "here", contact: true },
          ]);
          given(await hosts.move("here", "there", stayed));
          await goesOn(hosts);
          expect(hosts.beyond.carrier.report(mover)).to.deep.equal([
            { with: stayed, at: "there", contact: true },
          ]);
          // Nobody who has none of them is asked for either any more.
          while (hosts.here.noted.size > 0) await soon();
          given(await hosts.move("beyond", "here", mover));
          await goesOn(hosts);
          given(await hosts.move("there", "here", stayed));
          await goesOn(hosts);
          for (const name of ["here", "there", "beyond"] as const)
            expect(hosts[name].carrier.report(mover)).to.deep.equal([]);
        }),
      );

    it(
      "law 3: what a host said before it knew of who came to the other one ends no session",
      on(async (hosts) => {
        await counting(hosts, LATE_SERVER);
        given(await hosts.move("here", "beyond", "client"));
        await goesOn(hosts);
        given(await hosts.move("here", "there", "server"));
        await goesOn(hosts);
        // The two change places, and of the server it is heard last that it has come, with no links: there was nobody yet.
        hosts.slow = ["beyond", "there"];
        given(await hosts.move("there", "beyond", "server"));
        given(await hosts.move("beyond", "there", "client"));
        hosts.slow = null;
        await goesOn(hosts);
      }),
    );

    it(
      "law 3: who leaves a host where the other one is about to come to life finds it",
      on(async (hosts) => {
        await counting(hosts);
        given(await hosts.move("here", "there", "client"));
        await goesOn(hosts);
        // Here it is known where the client was before, and later than that nothing is said of it.
        hosts.split = ["here", "beyond"];
        given(await hosts.move("here", "beyond", "server"));
        await goesOn(hosts);
        let land = (): void => {};
        hosts.landing = new Promise((resolve) => (land = resolve));
        const coming = hosts.move("there", "beyond", "client");
        while (hosts.there.noted.size === 0) await soon();
        while (hosts.there.noted.size > 0) await soon();
        hosts.landing = null;
        given(await hosts.move("beyond", "here", "server"));
        land();
        given(await coming);
        hosts.split = null;
        await goesOn(hosts);
      }),
    );

    type Trouble = "none" | "cut" | "split" | "slow";
    type Step = readonly [
      name: "client" | "server",
      to: Name,
      other: Name | null,
      trouble: Trouble,
      at: number,
    ];
    const NAMES: readonly Name[] = ["here", "there", "beyond"];
    const anyStep: fc.Arbitrary<Step> = fc.tuple(
      fc.constantFrom("client" as const, "server" as const),
      fc.constantFrom(...NAMES),
      fc.constantFrom(null, ...NAMES),
      fc.constantFrom("none" as const, "cut" as const, "split" as const, "slow" as const),
      fc.nat(5),
    );

    it("law 3, fault 37: each call runs once whoever moves where, alone or at once, links cut, split and slow meanwhile", () =>
      fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 8, maxLength: 8 }), (steps) =>
          on(async (hosts) => {
            await counting(hosts);
            for (const [name, to, other, trouble, at] of steps) {
              const two = [NAMES[at % 3]!, NAMES[(at + (at < 3 ? 1 : 2)) % 3]!] as const;
              const moving: Promise<unknown>[] = [];
              const move = (who: string, where: Name): void => {
                const from = hosts.home(who);
                if (from !== where) moving.push(hosts.move(from, where, who));
              };
              if (trouble === "split") hosts.split = two;
              if (trouble === "slow") hosts.slow = two;
              move(name, to);
              if (other !== null) move(name === "client" ? "server" : "client", other);
              if (trouble === "cut") hosts.cut();
              // A move may be refused: where a third host can't be asked, or somebody has come meanwhile.
              await hosts.unfaulted(Promise.all(moving));
              hosts.split = null;
              hosts.slow = null;
              await goesOn(hosts, 2);
            }
          }, BRIEF)(),
        ),
        { numRuns: 3, seed: 37, endOnFailure: true },
      ));

    it(
      "fault 37: each call runs once where the link fails at one frame after the other, with two who both left",
      on(async (hosts) => {
        await counting(hosts);
        given(await hosts.move("here", "there", "client"));
        await goesOn(hosts);
        hosts.faults = bothWays(
          "cut",
          Array.from({ length: 8 }, (_, frame) => frame),
        );
        given(await hosts.move("here", "beyond", "server"));
        while (hosts.faults.length > 0) {
          await goesOn(hosts, 2);
          hosts.cut();
        }
        await goesOn(hosts);
      }),
    );

    const refused = async (hosts: CarriedHosts): Promise<string> => {
      const moved = await hosts.move("there", "beyond", "client");
      await goesOn(hosts);
      return JSON.stringify(E.isLeft(moved) ? moved.left : "it moved");
    };

    it(
      "is refused before anything stops where the third host and the other one's don't know each other",
      on(async (hosts) => {
        await counting(hosts);
        given(await hosts.move("here", "there", "client"));
        await goesOn(hosts);
        hosts.strangers.add("beyond here");
        expect(await refused(hosts)).to.match(
          /Lacking.*server lives on here, and this host's `peers` lack that, with the key here/,
        );
        hosts.strangers.add("here beyond");
        expect(await refused(hosts)).to.match(
          /Unfit.*has a session with server, which lives on here: that host's `peers` lack beyond, with the key beyond/,
        );
        hosts.strangers.clear();
        given(await hosts.move("there", "beyond", "client"));
        await goesOn(hosts);
      }),
    );

    it(
      "is refused before anything stops where the other one's host can't be asked",
      on(async (hosts) => {
        await counting(hosts);
        given(await hosts.move("here", "there", "client"));
        await goesOn(hosts);
        hosts.apart = true;
        const moved = await hosts.move("there", "beyond", "client");
        expect(JSON.stringify(moved)).to.match(/that host is not in contact, and can't be asked/);
        hosts.apart = false;
        await goesOn(hosts);
      }, BRIEF),
    );
  });

  const bothWays = (failure: Failure, frames: readonly number[]): Fault[] =>
    frames.flatMap((frame) => ([0, 1] as const).map((direction) => ({ direction, frame, failure })));

  for (const [failure, frames] of [
    ["cut", Array.from({ length: 16 }, (_, frame) => frame)],
    ["swap", [0, 1, 4]],
    ["stall", [0, 5]],
    ["half", [3]],
  ] as const)
    it(
      `fault 37: each call runs once where the link fails at one frame after the other: ${failure}`,
      on(async (hosts) => {
        await counting(hosts);
        hosts.faults = bothWays(failure, frames);
        given(await hosts.migrate("here", "client"));
        for (let left = hosts.faults.length; left > 0; left = hosts.faults.length) {
          await goesOn(hosts, 2);
          // Two frames whose order does not matter leave the contact as it is.
          if (failure === "swap" && hosts.faults.length === left) hosts.cut();
        }
        await goesOn(hosts);
      }, SHORT),
    );

  it(
    "waits while there is no contact, as long as the route's patience says",
    on(async (hosts) => {
      await hosts.start("server", SERVER);
      await hosts.start(
        "client",
        CLIENT.replace(
          "const answers = await Promise.all([0, 1, 2, 3].map((each) => tally.add(n + each)));",
          `const answers = await Promise.all([0, 1, 2, 3].map((each) => tally.add(n + each))).catch((error) => {
            console.log("" + error.facts.tag);
            throw error;
          });`,
        ),
        [{ service: "Tally", child: "server", patience: 200 }],
      );
      await hosts.until("to 7");
      given(await hosts.migrate("here", "client"));
      await goesOn(hosts);
      hosts.apart = true;
      await hosts.until("Unavailable");
    }),
  );

  it(
    "hands on callbacks, objects and bytes, whole; a dataspace is denied by name",
    on(async (hosts) => {
      await hosts.start("server", SERVER);
      await hosts.start(
        "client",
        `import { component, Timer } from "cryonode";
        import { Tally } from "../contract.ts";
        export default component(async (env) => {
          const timer = await env.session(Timer);
          const tally = await env.session(Tally);
          const early = await tally.ear();
          console.log("early " + (await early.hear(1)));
          await timer.sleep(100_000_000).catch(() => {});
        });`.replace(
          "await timer.sleep(100_000_000).catch(() => {});",
          `await new Promise((resolve) => env.revived(resolve));
          console.log("heard " + (await early.hear(2)));
          console.log("told " + (await tally.tell({ hear: async (n) => n * 2 })));
          const late = await tally.ear();
          console.log("late " + (await late.hear(3)));
          const many = new Uint8Array(1_500_000).fill(7);
          const back = await tally.echo(many);
          console.log("bytes " + back.length + " " + back.every((each) => each === 6));
          const memory = await env.ram.alloc(4096);
          await tally.lend(memory).catch((error) => console.log(error.facts.tag + ": " + error.facts.reason));
          console.log("again " + (await (await env.session(Tally)).ear().then((ear) => ear.hear(4))));
          tally.close();`,
        ),
        ROUTES,
      );
      await hosts.until("early 10");
      given(await hosts.migrate("here", "client"));
      await hosts.until("client has gone");
      expect(hosts.log).to.deep.equal([
        "early 10",
        "heard 20",
        "told 30",
        "late 30",
        "bytes 1500000 true",
        "Denied: a dataspace can't be handed on over a session with server that is carried between two hosts",
        "again 40",
        "client has gone",
      ]);
    }),
  );

  it(
    "ends with either: a client that exits is gone for its server, and a server that is killed for its client",
    on(async (hosts) => {
      await counting(hosts);
      given(await hosts.migrate("here", "client"));
      await goesOn(hosts);
      await hosts.there.live.kill("client");
      await hosts.until("client has gone");
    }),
  );

  describe("is refused, and they run on where they are", () => {
    const refusal = async (hosts: CarriedHosts, from: Name, name: string): Promise<unknown> => {
      const refused = await hosts.migrate(from, name);
      expect(E.isLeft(refused)).to.equal(true);
      await goesOn(hosts);
      return (refused as E.Left<unknown>).left;
    };

    it(
      "where the route says local: true, by session, route and both components",
      on(async (hosts) => {
        await hosts.start("server", SERVER);
        await hosts.start("client", CLIENT, [{ service: "Tally", child: "server", local: true }]);
        await hosts.until("to 7");
        for (const [name, other] of [
          ["client", "server"],
          ["server", "client"],
        ])
          expect(await refusal(hosts, "here", name!)).to.deep.include({
            tag: "Unfit",
            child: name,
            reason:
              `can't leave ${other} behind: the session of client with server, Tally, has the route ` +
              `{ service: Tally, to: { child: server }, local: true }: they go together`,
          });
        given(await hosts.migrate("here", "client", "server"));
        await goesOn(hosts);
      }),
    );

    it(
      "law 4: where the other host's entry of the client grants it nothing, or says local: true",
      on(async (hosts) => {
        await counting(hosts);
        const entry = hosts.there.entries.get("client")!;
        for (const [routes, reason] of [
          [[], /no route of client here leads to server/],
          [[{ service: "Tally", child: "server", local: true }], /says local: true/],
        ] as const) {
          hosts.there.entries.set("client", {
            ...entry,
            routes: [{ service: "LOG" }, { service: "Timer" }, ...routes],
          });
          expect(JSON.stringify(await refusal(hosts, "here", "server"))).to.match(reason);
        }
        hosts.there.entries.delete("client");
        expect(JSON.stringify(await refusal(hosts, "here", "server"))).to.match(
          /no start entry here grants it a session with server/,
        );
      }),
    );

    it(
      "law 4: where the server's host takes the route away later: the session is denied by name",
      on(async (hosts) => {
        await hosts.start("server", SERVER);
        await hosts.start(
          "client",
          CLIENT.replace(
            "tally.add(n + each)",
            'tally.add(n + each).catch((error) => { console.log(error.facts.tag + ": " + error.facts.reason); throw error; })',
          ),
          ROUTES,
        );
        await hosts.until("to 7");
        given(await hosts.migrate("here", "client"));
        await goesOn(hosts);
        hosts.here.entries.delete("client");
        hosts.cut();
        await hosts.until("Denied: the host of server has no start entry for client");
        await hosts.until("client has gone");
      }),
    );
  });

  it(
    "law 4: a peer speaks for nobody who was not carried to it, and in a link for nobody but whom it has there",
    on(async (hosts) => {
      await counting(hosts);
      given(await hosts.migrate("here", "client"));
      await goesOn(hosts);
      const { carrier, live } = hosts.here;
      const server = live.identityOf("server")!.identity;
      const { identity: client, link } = live.ties("server")[0]!;
      const [near, far] = duplexPair();
      const stranger = new Channel(near, { peer: "here" });
      const over = carrier.serve(new Channel(far, { peer: "stranger" }), "stranger", CARRIED);
      given(await stranger.next(["carrying"]));
      const call = { link, id: "1-1.999", method: "add", received: [], oldest: "1-1.0" };
      const answer = E.right({ body: "[1]", bytes: [], capabilities: [] });
      const said: readonly CarriedMessage[] = [
        { kind: "here", identity: client, generation: 99, expects: 9, services: [], owns: [], holds: [] },
        {
          kind: "here",
          identity: server,
          generation: 99,
          expects: 9,
          services: ["Tally"],
          owns: [],
          holds: [],
        },
        { kind: "call", ...call, holder: client, parcel: { body: "[0]", bytes: [], capabilities: [] } },
        { kind: "received", link, received: ["1-1.0"], oldest: "9-9.9" },
        { kind: "waits", link, waiting: [] },
        { kind: "close", link },
        { kind: "opened", link, error: { tag: "Closed", what: "it" } },
        { kind: "reply", link, id: "1-1.0", answer },
        { kind: "revoke", link, error: { tag: "Closed", what: "it" } },
        { kind: "away", identity: client },
        { kind: "ended", identity: server },
        { kind: "ended", identity: client },
        { kind: "moved", identity: client, to: "stranger", epoch: 99, others: [] },
        { kind: "moved", identity: client, to: "beyond", epoch: 99, others: [] },
        { kind: "follows", identity: client, epoch: 2, others: [server] },
        { kind: "known", key: "beyond", known: true },
        { kind: "connect", link: "9-9", holder: client, service: "Tally", label: "", args: "{}" },
      ];
      for (const [number, message] of said.entries()) {
        const encoded = encodeCarried(message);
        await stranger.send({ kind: "carried", number, total: encoded.length, at: 0 }, encoded);
      }
      // Of a session that it asks for it hears that it has none.
      const told = given(await stranger.next(["carried"]));
      expect(given(decodeCarried(told.body))).to.deep.include({ kind: "expects", children: [] });
      const refused = given(await stranger.next(["carried"]));
      expect(given(decodeCarried(refused.body))).to.deep.include({ kind: "opened", link: "9-9" });
      await goesOn(hosts);
      // What is no message ends it.
      await stranger.send(
        { kind: "carried", number: said.length, total: 3, at: 0 },
        new Uint8Array([1, 2, 3]),
      );
      await over;
      expect(hosts.here.warnings.join()).to.match(/what stranger said of carried sessions is refused/);
      await goesOn(hosts);
    }),
  );

  it("fault 17: what is no message is refused, whatever it is", () => {
    const whole = encodeCarried({
      kind: "reply",
      ...{ link: "1-1", id: "2-2.3", answer: E.right({ body: "[1]", bytes: [], capabilities: [] }) },
    });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, to, length) => {
        const harmed = new Uint8Array(whole.subarray(0, length));
        if (at < length) harmed[at] = to;
        const read = decodeCarried(harmed);
        if (E.isRight(read)) expect(encodeCarried(read.right)).to.deep.equal(harmed);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void decodeCarried(noise)));
  });
});
