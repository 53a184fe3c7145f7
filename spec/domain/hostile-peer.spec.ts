// Servers and clients that keep to no contract: what they say is answered with a type, or nothing; those who deal with
// them, and those who don't, go on as if they were not there.
import { expect } from "chai";
import * as fc from "fast-check";
import { Parent } from "../../lib/session/parent.ts";
import { Ledger } from "../../runtime/intercept/ledger.ts";
import { hostilePeer, POSTED, type Said, type Speech } from "./hostile-peer.ts";
import { COUNTER, DESK, inhabitant, onSquare, ROUTES } from "./square.ts";
import { Village } from "./village.ts";

const METHODS = Object.keys(Parent.methods);
const PARENT = 0;

const bodies = fc.oneof(
  fc.constantFrom(
    "1",
    '"x"',
    "null",
    "[]",
    "[1]",
    '["x"]',
    '[{"\\u0000c":0}]',
    '[{"\\u0000c":0},3]',
    '{"\\u0000c":0}',
    '{"counter":{"\\u0000c":0}}',
    '{"\\u0000c":"constructor"}',
    '{"\\u0000":"__proto__"}',
    '{"\\u0000":0}',
    '{"\\u0000":-1}',
    '{"\\u0000c":4294967296}',
    '[{"\\u0000c":1.5}]',
    '{"__proto__":{"polluted":1}}',
    '{"then":1}',
    `${"[".repeat(3000)}${"]".repeat(3000)}`,
    `"${"x".repeat(100_000)}"`,
    "{",
    "",
    "NaN",
  ),
  fc.json({ maxDepth: 3 }),
);

const passed = fc.constantFrom(
  [0, 16],
  [0, 17],
  [0, 5],
  [0, 6],
  [0, 0],
  [0, 4],
  [0, -1],
  [0, 2 ** 53],
  [1, 1, "Counter", false],
  [1, 2, "Listener", false],
  [1, 2, "Listener", true],
  [1, 3, "Timer", true],
  [1, 3, "File_system", true],
  [1, 3, "File", true],
  [1, 3, "PD", true],
  [1, 3, "Parent", true],
  [1, 0.5, "Counter", false],
  [1, 1, "\ud800", false],
  [2, 1],
  [],
);

const heads = fc.oneof(
  { weight: 6, arbitrary: fc.constant("[null,[]]") },
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom("null", "null", '"next"', '"keep"', '"useHeld"', '"heard"', '"__proto__"', '"sleep"'),
        fc.array(passed, { minLength: 1, maxLength: 2 }),
      )
      .map(([method, list]) => `[${method},${JSON.stringify(list)}]`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "[null,[[0,@given]]]",
      "[null]",
      "{}",
      "",
      "[",
      "[[],[]]",
      '["next",{}]',
      `["next",[${"[0,16],".repeat(400)}[0,16]]]`,
      `["${"x".repeat(70_000)}",[]]`,
    ),
  },
);

const packet = fc
  .tuple(heads, bodies, fc.constantFrom("\n", "\n", "\n", "\n", ""))
  .map(([head, body, line]) => JSON.stringify(`${head}${line}${body}`));

const facts = fc.constantFrom(
  '{"tag":"Failed","service":"x","message":"y"}',
  '{"tag":"Failed","service":"x","message":"y","name":"Evil","by":"server"}',
  '{"tag":"Denied","service":"LOG","label":""}',
  '{"tag":"Closed","what":"everything"}',
  '{"tag":"QuotaExceeded","resource":"ram","wanted":1e308,"available":-1}',
  '{"tag":"Unavailable","service":"x","label":"","waited":1}',
  `{"tag":"Closed","what":"${"x".repeat(50_000)}"}`,
  '{"tag":"Nothing"}',
  '{"tag":"__proto__"}',
  "null",
  "7",
);

const key = fc.constantFrom(
  "@key",
  "@key",
  "@key",
  "@key",
  "@first",
  "0",
  "1",
  "2",
  "-1",
  "1e9",
  "0.5",
  "null",
);

const call = (selector: number | null, method: number, args: string, more: Partial<Said> = {}): Said => ({
  selector,
  method,
  args,
  bytes: 0,
  slot: POSTED,
  fresh: 0,
  ...more,
});

const parent = (name: string, args: string, more: Partial<Said> = {}): Said =>
  call(PARENT, METHODS.indexOf(name), args, more);

const session = (service: string, fresh: number, declared = true): Said =>
  parent(
    "session",
    `[{"service":"${service}","label":"","interfaces":[["${service}",["call"]]],"ram":4096,"caps":1${declared ? ',"declared":true' : ""}}]`,
    { slot: fresh, fresh },
  );

const answers: fc.Arbitrary<Said> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(key, packet, fc.nat(2))
      .map(([of, text, bytes]) =>
        parent("answer", `[${of},${text}${',{"\\u0000":0},{"\\u0000":1}'.slice(0, bytes * 13)}]`, { bytes }),
      ),
  },
  { weight: 2, arbitrary: fc.tuple(key, facts).map(([of, what]) => parent("refuse", `[${of},${what}]`)) },
);

const questions: fc.Arbitrary<Said> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(16, 17, 18, null, 5, 0, 999), fc.nat(6), packet, fc.nat(20))
      .map(([selector, method, text, slot]) =>
        call(selector, selector === null ? method : 0, `[${text}]`, { slot: slot + 40 }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...["Counter", "Desk", "Evil", "Nobody"].flatMap((service) =>
        [16, 17, 18].map((at) => session(service, at)),
      ),
      session("Timer", 19, false),
      session("Timer", 20),
    ),
  },
);

const others: fc.Arbitrary<Said> = fc.oneof(
  fc.constantFrom("@given", "16", "17", "0", "5", "1073741824", "-1").map((at) => parent("lost", `[${at}]`)),
  fc.constantFrom("@given", "16", "17", "0").map((at) => parent("close", `[${at}]`, { slot: 70 })),
  fc.nat(4).map((object) => parent("revoke", `[${object}]`)),
  fc
    .constantFrom("Counter", "Desk", "Timer", "")
    .map((name) => parent("announce", `["${name}"]`, { slot: 71 })),
);

const said = fc.oneof(
  { weight: 5, arbitrary: answers },
  { weight: 5, arbitrary: questions },
  { weight: 2, arbitrary: others },
);

const OPENED = JSON.stringify('[null,[[1,1,"Evil",false]]]\n{"\\u0000c":0}');

const speeches: fc.Arbitrary<Speech> = fc
  .tuple(
    fc.array(fc.array(said, { maxLength: 8 }), { minLength: 1, maxLength: 8 }),
    fc.array(fc.array(answers, { maxLength: 2 }), { maxLength: 7 }),
    fc.nat(5),
  )
  .map(([turns, atCalls, opens]) => ({
    answers: atCalls,
    opens: opens === 0 ? [] : [parent("answer", `[@key,${OPENED}]`)],
    turns: [
      [
        parent("announce", '["Evil"]', { slot: 30 }),
        parent("announce", '["Counter"]', { slot: 31 }),
        session("Counter", 16),
        session("Desk", 17),
      ],
      ...turns,
    ],
    rounds: 3,
  }));

/** Calls a service of the hostile peer for as long as it lives, and notes what came of it. */
const VICTIM = `
  const timer = await env.session(c.Timer);
  const Evil = c.session("Evil", {
    next: c.method({ args: t.tuple([t.number]), result: t.number }),
    counter: c.method({ args: t.tuple([]), result: t.type({ counter: c.capability(Counter) }) }),
    keep: c.method({ args: t.tuple([c.capability(Listener)]), result: t.unknown }),
    read: c.method({ args: t.tuple([]), result: c.capability(c.File) }),
    bytes: c.method({ args: t.tuple([]), result: c.bytes }),
  });
  const noted = async (what: string, promise: Promise<unknown>) => console.log(what + " " + (await said(promise)).slice(0, 200));
  await noted("session", (async () => {
    const evil = await env.session(Evil);
    const listener = { heard: async (text: string) => text };
    for (let i = 0; i < 4; i++) {
      const all = [
        noted("next", evil.next(i)),
        noted("counter", evil.counter().then(({ counter }) => counter.next(1))),
        noted("keep", evil.keep(listener)),
        noted("read", evil.read().then((file) => file.readText())),
        noted("bytes", evil.bytes()),
      ];
      await timer.sleep(2);
      void all;
    }
  })());
  console.log("done " + Object.keys(Object.prototype).length + ({} as any).polluted);
  await timer.sleep(1e5);
`;

/** An honest pair that has nothing to do with it. */
const BYSTANDER = `
  const timer = await env.session(c.Timer);
  const counter = await env.session(Counter);
  const desk = await env.session(Desk);
  await desk.keep({ heard: async (text) => text + "!" });
  for (let i = 0; i < 5; i++) {
    console.log(await said(counter.next(1)) + " " + (await desk.tell("x")).join() + " " + (await said(desk.use(counter, 1))));
    await timer.sleep(3);
  }
`;

const EXPECTED = [1, 3, 5, 7, 9].map((n) => `got ${n} got x! got ${n + 1}`);

interface Outcome {
  readonly victim: readonly string[];
  readonly refused: number;
}

/** The honest ones, with a hostile peer among them for a while. */
const among = async (speech: Speech, freezes: readonly number[]): Promise<Outcome> => {
  const village = new Village();
  const quota = { ram: 16 << 20, caps: 60 };
  try {
    // The bystander has servers of its own kind, which the hostile one may call, too.
    for (const [name, body] of [
      ["server", COUNTER],
      ["desk", DESK],
      ["quiet", COUNTER],
      ["office", DESK],
    ] as const)
      await village.start(name, await inhabitant(body), { routes: ROUTES, quota });
    const evil = { service: "Evil", child: "hostile" };
    await village.start("victim", await inhabitant(VICTIM), { routes: [evil, ...ROUTES], quota });
    const own = [
      { service: "Counter", child: "quiet" },
      { service: "Desk", child: "office" },
    ];
    await village.start("bystander", await inhabitant(BYSTANDER), { routes: [...own, ...ROUTES], quota });
    const routes = [...ROUTES, { service: "Evil", child: "victim" }];
    await village.start("hostile", new Uint8Array(), { routes, quota }, (_code, world) =>
      hostilePeer(world, speech),
    );
    const honest = ["server", "desk", "quiet", "office", "victim", "bystander"];
    let refused = 0;
    for (let point = 0; point < 400; point++) {
      if (freezes.includes(point)) {
        const name = honest[point % honest.length]!;
        if (village.at(name).state === "live") {
          await village.freeze(name);
          await village.advance();
          const revived = await village.tryRevive(name);
          // What the hostile one has given away and taken back is denied by name; then it stays where it is.
          if (revived._tag === "Left") {
            refused++;
            expect(revived.left.tag).equal("Refused");
          }
        }
      }
      if (!(await village.advance())) break;
      for (const name of honest) {
        const { state, harness, world } = village.at(name);
        expect(world.ending?.kind ?? "exited", `${name}: ${JSON.stringify(world.ending)}`).equal("exited");
        if (state !== "live") continue;
        const { domain } = harness;
        expect(Ledger.is(domain.ledger), `${name}'s ledger`).equal(true);
        expect(domain.caps().used, `${name}'s capabilities`).most(quota.caps);
      }
    }
    await village.kill("hostile");
    for (let point = 0; point < 2000 && (await village.advance()); point++);
    const { log: victim } = village.at("victim").world;
    if (village.at("bystander").state !== "frozen" && village.at("office").state === "live")
      expect(village.at("bystander").world.log).deep.equal(EXPECTED);
    for (const name of ["server", "quiet"]) {
      const { state, harness } = village.at(name);
      if (state !== "live") continue;
      // Its own Timer, and nothing of the hostile one's.
      expect(harness.domain.caps().used, `${name} holds nothing`).equal(1);
      expect(harness.domain.services()!.served.filter(({ holder }) => /hostile/.test(holder))).deep.equal([]);
    }
    for (const { name } of village.live) await village.kill(name);
    expect(village.broker.links, "links left").equal(0);
    return { victim, refused };
  } finally {
    await village.close();
  }
};

/** Whoever floods, its server and all others go on. */
const flooded = (flood: string, verdict: RegExp): (() => Promise<void>) =>
  onSquare(async ({ start, run, log, village }) => {
    village.turns = 100;
    await start("server", COUNTER);
    await start("desk", DESK);
    await start("bystander", BYSTANDER);
    await start("flood", `const timer = await env.session(c.Timer); void timer;\n${flood}`, {
      routes: ROUTES,
      quota: { ram: 256 << 20, caps: 100 },
    });
    await run();
    expect(log("bystander").map((line) => line.replaceAll(/\d+/g, "n"))).deep.equal(
      EXPECTED.map((line) => line.replaceAll(/\d+/g, "n")),
    );
    const { ending, log: told } = village.at("flood").world;
    expect([...told, JSON.stringify(ending)].join("\n")).match(verdict);
    for (const name of ["server", "desk"]) expect(village.at(name).world.ending).equal(null);
    await village.kill("flood");
    expect(village.at("server").harness.domain.services()!.served).deep.equal([]);
    expect(village.at("desk").harness.domain.caps().used, "nothing of the flood's").most(2);
  });

describe("hostile peers", function () {
  this.timeout(120_000);

  it(
    "fault 42: a flood of calls: so many are served, the others are refused by type",
    flooded(
      `const counter = await env.session(Counter);
       const told = await Promise.all(Array.from({ length: 2000 }, () => said(counter.slow(0))));
       const sorts = new Map<string, number>();
       for (const each of told) sorts.set(each, (sorts.get(each) ?? 0) + 1);
       console.log([...sorts].map(([what, n]) => n + " " + what).sort().join("; "));
       env.exit(0);`,
      /^1024 got \d+; 976 QuotaExceeded: calls quota exceeded/,
    ),
  );

  it(
    "fault 42: giant arguments, capabilities that nobody asked for, sessions without end",
    flooded(
      `const desk = await env.session(Desk);
       console.log(await said(desk.take(new Uint8Array(48 << 20))));
       const Wide = c.session("Desk", { take: c.method({ args: t.array(c.capability(Listener)) as never, result: t.unknown }) });
       const wide: any = await env.session(Wide as never);
       const many = (n: number) => Array.from({ length: n }, () => ({ heard: async () => "" }));
       console.log(await said(wide.take(...many(300))));
       for (let i = 0; i < 20; i++) await said(wide.take(...many(50)));
       console.log(await said(wide.take(...many(50))));
       const sessions: any[] = [];
       let refused = "";
       while (refused === "") await env.session(Counter).then((each) => sessions.push(each), (e) => { refused = e.name; });
       console.log(sessions.length + " " + refused);
       env.exit(0);`,
      /^TooLarge: what take is asked of 50331\d+ bytes exceeds \d+\nInvalidArgument: .*\nInvalidArgument: Desk.take: argument 0 is a capability to Listener, expected bytes\n9\d QuotaExceeded/,
    ),
  );

  it("fault 42: whatever a peer says, those who deal with it get typed answers, and others notice nothing", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(speeches, fc.array(fc.nat(200), { maxLength: 4 }), async (speech, freezes) => {
        const { victim, refused } = await among(speech, freezes);
        for (const line of victim) {
          seen.add(line.replace(/^\w+ /, "").slice(0, 12));
          expect(line).match(
            /^(session|next|counter|keep|read|bytes) (got |[A-Z]\w*: |Evil: )|^done 0undefined$/,
          );
        }
        if (refused === 0) expect(victim.some((line) => /^done |^session /.test(line))).equal(true);
      }),
      { numRuns: 40 },
    );
    // It did get through to them.
    expect([...seen].join())
      .match(/got /)
      .match(/InvalidArgum/)
      .match(/Closed/)
      .match(/Failed|Evil/);
  });
});
