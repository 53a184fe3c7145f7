// Dataspaces that children share: what one writes, the others see; frozen alone, together, one after the other.
import { expect } from "chai";
import type { Child, StartOptions } from "../../runtime/index.ts";
import { ALL, factsOf, onStage, type Stage } from "./stage.ts";

/** What all sides declare, at the start of a component's function. */
const DECLARED = `
  const t = await import("io-ts");
  const { capability, Dataspace, method, session } = await import("cryonode");
  const Board = session("Board", {
    space: method({ args: t.tuple([t.number]), result: capability(Dataspace) }),
    look: method({ args: t.tuple([t.number, t.number]), result: t.string }),
    take: method({ args: t.tuple([capability(Dataspace)]), result: t.string }),
    free: method({ args: t.tuple([t.number]), result: t.void }),
  });
  const said = async (promise) => promise.then((value) => "got " + value, (error) => error.name + ": " + error.message);
  const timer = await env.session(Timer);
  void [said, Board, capability, timer];
`;

/** Allocates dataspaces, hands them out, and looks at the first. */
const OWNER = (bytes = 64): string => `${DECLARED}
  const spaces = [await env.ram.alloc(${bytes})];
  const region = await env.rm.attach(spaces[0]);
  region.bytes.set([1, 2, 3]);
  await env.announce(Board, () => ({
    space: async (n) => (spaces[n] ??= await env.ram.alloc(16)),
    look: async (at, length) => region.bytes.subarray(at, at + length).join(),
    take: async (other) => { const mine = await env.rm.attach(other); return mine.bytes.subarray(0, 4).join(); },
    free: async (n) => env.ram.free(spaces[n]),
  }));
  env.revived(({ reopened }) => console.log("again: " + reopened.map(({ kind, changed }) => kind + " " + changed).join()));
  console.log("announced");
`;

const TO_OWNER = [...ALL, { service: "Board", to: { child: "owner" } }];

const partner = (stage: Stage, body: string, more: Partial<StartOptions> = {}): Promise<Child> =>
  stage.start("partner", `${DECLARED} const board = await env.session(Board);\n${body}`, {
    routes: TO_OWNER,
    ...more,
  });

/** Counts in a byte of its own, turn by turn, and says so in the end. */
const COUNTING = (at: number, upTo: number): string => `
  console.log("attached");
  for (let i = 1; i <= ${upTo}; i++) { region.bytes[${at}] = i; await timer.sleep(1); }
  console.log("written");`;

const last = (stage: Stage, child: string): string | undefined => stage.log(child).at(-1);

describe("host: shared dataspaces", () => {
  it(
    "what one child writes, the other sees before the call that it makes next",
    onStage(async (stage) => {
      await stage.start("owner", OWNER());
      const other = await partner(
        stage,
        `const space = await board.space(0);
         console.log("size " + await space.size());
         const region = await env.rm.attach(space);
         console.log(region.bytes.subarray(0, 4).join());
         region.bytes.set([7, 8], 2);
         console.log(await board.look(0, 5));
         console.log(await said(board.take(space)));
         await env.rm.detach(region);
         console.log(region.bytes.length);
         console.log(await said(env.ram.free(space)));
         await space.close();
         console.log(await said(env.rm.attach(space)));`,
      );
      await other.ended;
      expect(stage.log("partner")).to.deep.equal([
        "size 64",
        "1,2,3,0",
        "1,2,7,8,0",
        "got 1,2,7,8",
        "0",
        "Denied: RAM is denied: only the component that allocated a dataspace frees it",
        "Closed: the dataspace is closed",
      ]);
    }),
  );

  for (const first of ["owner", "partner"])
    it(
      `the ${first} frozen alone, the other one writes on; what it wrote is there at the revival`,
      onStage(async (stage) => {
        const owner = await stage.start(
          "owner",
          `${OWNER()}
           await timer.sleep(50);
           for (let i = 1; i <= 20; i++) { region.bytes[20] = i; await timer.sleep(1); }
           console.log("written");`,
        );
        const other = await partner(
          stage,
          `const region = await env.rm.attach(await board.space(0));${COUNTING(10, 20)}
           await timer.sleep(30);
           console.log(await board.look(10, 1) + " " + region.bytes[20]);`,
        );
        const [frozen, awake] = first === "owner" ? [owner, other] : [other, owner];
        await other.until({ log: "attached" });
        await frozen.freeze("alone.cryo");
        other.go();
        await awake.until({ log: "written" });
        awake.go();
        await stage.host.revive("alone.cryo");
        await stage.host.child("partner")!.ended;
        expect(last(stage, "partner")).to.equal("20 20");
        if (first === "owner")
          expect(stage.log("owner")).to.include("again: timer undefined,dataspace content");
      }),
    );

  /** Both write in turns of their own, and are frozen when each has written for a while. */
  const bothWrite = async (stage: Stage): Promise<readonly [Child, Child]> => {
    const owner = await stage.start("owner", `${OWNER()} void (async () => {${COUNTING(20, 30)} })();`);
    const other = await partner(
      stage,
      `const region = await env.rm.attach(await board.space(0));${COUNTING(10, 30)}
       while (region.bytes[20] < 30) await timer.sleep(1);
       console.log(await board.look(10, 1) + " " + region.bytes.subarray(0, 3).join());`,
    );
    await other.until({ log: "attached" });
    other.go();
    return [owner, other];
  };

  for (const order of [
    ["owner", "partner"],
    ["partner", "owner"],
  ])
    for (const where of ["here", "elsewhere"])
      it(
        `fault 31: both frozen, one after the other, and revived ${where}, the ${order[0]} first: nothing is lost`,
        onStage(async (stage) => {
          const [owner, other] = await bothWrite(stage);
          await owner.freeze("owner.cryo");
          await other.freeze("partner.cryo");
          const host = where === "here" ? stage.host : await stage.another({});
          const log: string[] = [];
          host.on("log", ({ child, text }) => child === "partner" && log.push(text));
          for (const name of order)
            await host.revive(`${name}.cryo`, { routes: name === "owner" ? ALL : TO_OWNER });
          await host.child("partner")!.ended;
          expect(log.at(-1)).to.equal("30 1,2,3");
        }),
      );

  it(
    "fault 8: both frozen together while both write: one cut, and revived together they go on",
    onStage(async (stage) => {
      const [owner, other] = await bothWrite(stage);
      await stage.host.freeze([owner, other], "both.cryo");
      const elsewhere = await stage.another({});
      const log: string[] = [];
      elsewhere.on("log", ({ child, text }) => child === "partner" && log.push(text));
      await elsewhere.reviveAll("both.cryo", {
        entries: { owner: { routes: ALL }, partner: { routes: TO_OWNER } },
      });
      await elsewhere.child("partner")!.ended;
      expect(log.at(-1)).to.equal("30 1,2,3");
    }),
  );

  it(
    "a child that ends leaves what it wrote to one that is frozen meanwhile",
    onStage(async (stage) => {
      const owner = await stage.start("owner", OWNER());
      const other = await partner(
        stage,
        `const region = await env.rm.attach(await board.space(0)); console.log("attached"); await timer.sleep(1); region.bytes[0] = 77;`,
      );
      await other.until({ log: "attached" });
      await owner.freeze("owner.cryo");
      other.go();
      await other.ended;
      await stage.host.revive("owner.cryo");
      const late = await stage.start(
        "late",
        `${DECLARED} console.log(await (await env.session(Board)).look(0, 3));`,
        { routes: TO_OWNER },
      );
      await late.ended;
      expect(stage.log("late")).to.deep.equal(["77,2,3"]);
    }),
  );

  it(
    "revived where the other one is not, it has its content, as its own",
    onStage(async (stage) => {
      await stage.start("owner", OWNER());
      const other = await partner(
        stage,
        `const space = await board.space(0);
         const region = await env.rm.attach(space);
         region.bytes[5] = 55;
         console.log("attached");
         await timer.sleep(1);
         region.bytes[6] = 66;
         const second = await env.rm.attach(space);
         console.log(second.bytes.subarray(0, 7).join());`,
      );
      await other.until({ log: "attached" });
      await other.freeze("partner.cryo");
      const elsewhere = await stage.another({});
      const log: string[] = [];
      elsewhere.on("log", ({ text }) => log.push(text));
      const alone = await elsewhere.revive("partner.cryo", { routes: TO_OWNER });
      expect(await alone.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(log).to.deep.equal(["1,2,3,0,0,55,66"]);
    }),
  );

  for (const end of ["freed", "killed"])
    it(
      `what is ${end === "freed" ? "freed" : "a killed child's"} is gone: attached nowhere, and Closed`,
      onStage(async (stage) => {
        const owner = await stage.start("owner", OWNER());
        const other = await partner(
          stage,
          `const space = await board.space(0);
           const region = await env.rm.attach(space);
           console.log("attached");
           await timer.sleep(1);
           ${end === "freed" ? "await board.free(0);" : ""}
           while (region.bytes.length > 0) await timer.sleep(1);
           console.log(await said(space.size()));
           console.log(await said(env.rm.attach(space)));
           console.log(await said(region.publish()));
           console.log((await env.pd.caps()).used);
           await said(space.close());
           console.log((await env.pd.caps()).used);`,
        );
        await other.until({ log: "attached" });
        if (end === "killed") await owner.kill();
        other.go();
        expect(await other.ended).to.deep.equal({ kind: "exited", code: 0 });
        const [, size, attach, publish, before, after] = stage.log("partner");
        for (const each of [size, attach, publish]) expect(each).to.match(/^Closed: /);
        expect(Number(before) - Number(after)).to.equal(1);
      }),
    );

  it(
    "a revival is denied by name where the dataspace is no more",
    onStage(async (stage) => {
      const owner = await stage.start("owner", OWNER());
      const other = await partner(
        stage,
        `const region = await env.rm.attach(await board.space(0)); console.log("attached"); await timer.sleep(50); region.bytes[0] = 1;`,
      );
      await other.until({ log: "attached" });
      await other.freeze("partner.cryo");
      await owner.kill();
      const facts = await factsOf(stage.host.revive("partner.cryo"));
      expect(JSON.stringify(facts)).to.contain("owner, which handed it over, has ended");
    }),
  );

  it(
    "handed on by way of a third, it is the same memory, and gone with whoever handed it on",
    onStage(async (stage) => {
      await stage.start("owner", OWNER());
      const other = await partner(
        stage,
        `const space = await board.space(0);
         await env.announce(Board, () => ({ space: async () => space, look: async () => "", take: async () => "", free: async () => {} }));
         console.log("passing on");`,
      );
      const third = await stage.start(
        "third",
        `${DECLARED} const board = await env.session(Board);
         const region = await env.rm.attach(await board.space(0));
         region.bytes[0] = 9;
         const owner = await env.session(Board, { label: "owner" });
         console.log(await owner.look(0, 3));
         while (region.bytes.length > 0) await timer.sleep(1);
         console.log("gone");`,
        {
          routes: [
            { service: "Board", label: "owner", to: { child: "owner" } },
            { service: "Board", to: { child: "partner" } },
            ...ALL,
          ],
        },
      );
      await third.until({ log: "9,2,3" });
      await other.kill();
      third.go();
      expect(await third.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(stage.log("third")).to.deep.equal(["9,2,3", "gone"]);
    }),
  );

  it(
    "above a megabyte only publish() tells, of all of it or of a part",
    onStage(async (stage) => {
      await stage.start("owner", OWNER(1_100_000), { ram: "16M" });
      const other = await partner(
        stage,
        `const region = await env.rm.attach(await board.space(0));
         region.bytes[4] = 4;
         region.bytes[1_000_000] = 5;
         console.log(await board.look(0, 5));
         await region.publish({ at: 0, bytes: 10 });
         console.log(await board.look(0, 5) + " " + await board.look(1_000_000, 1));
         await region.publish();
         console.log(await board.look(1_000_000, 1));
         console.log(await said(region.publish({ at: 1_100_001 })));
         console.log(await said(region.publish({ at: 5, bytes: 1_100_000 })));
         console.log(await said(region.publish({ at: -1 })));
         console.log(await said(region.publish({ bytes: 2 ** 60 })));`,
        { ram: "16M" },
      );
      await other.ended;
      const [...lines] = stage.log("partner");
      expect(lines.slice(0, 3)).to.deep.equal(["1,2,3,0,0", "1,2,3,0,4 0", "5"]);
      for (const line of lines.slice(3)) expect(line).to.match(/^InvalidArgument: /);
      expect(lines.length).to.equal(7);
    }),
  );

  it(
    "fault 42: what is no dataspace of anybody's is not attached",
    onStage(async (stage) => {
      const owner = await stage.start(
        "owner",
        `${DECLARED}
         await env.announce(Board, () => ({
           space: async (n) => n === 0 ? { size: async () => 4096 } : n === 1 ? timer as never : (await env.rm.attach(await env.ram.alloc(10))) as never,
           look: async () => "", take: async (other) => said(env.rm.attach(other)), free: async () => {},
         }));`,
      );
      const other = await partner(
        stage,
        `const made = await board.space(0);
         console.log(await made.size() + " " + await said(env.rm.attach(made)));
         console.log(await said(env.rm.attach(timer as never)));
         console.log(await said(env.rm.attach(board as never)));
         console.log(await said(env.rm.attach(12345 as never)));
         console.log(await said(board.space(1)));
         console.log(await said(board.space(2)));
         console.log(await said(board.take(env.ram as never)));`,
      );
      await other.ended;
      expect(stage.log("partner").map((line) => line.replace(/^(\d+ )?(\w+):.*/, "$1$2"))).to.deep.equal([
        "4096 InvalidArgument",
        "Closed",
        "Closed",
        "Closed",
        "TypeError",
        "TypeError",
        "Denied",
      ]);
      expect(owner.ending).to.equal(null);
    }),
  );

  it(
    "law 6: memory is charged to whoever allocated it and to each who attaches it, capabilities to who holds them",
    onStage(async (stage) => {
      const { free } = stage.host;
      await stage.start("owner", OWNER(500_000));
      const other = await partner(
        stage,
        `const figures = async () => [(await env.ram.used()), (await env.pd.caps()).used];
         const before = await figures();
         const space = await board.space(0);
         const held = await figures();
         const region = await env.rm.attach(space);
         const attached = await figures();
         console.log([held[0] - before[0] < 200_000, held[1] - before[1], attached[0] - held[0] >= 500_000, attached[1] - held[1]].join());
         await env.rm.detach(region);
         console.log((await figures())[1] - before[1]);
         await space.close();
         console.log((await figures())[1] - before[1]);
         const large = await board.space(0);
         const { quota, used } = await env.pd.ram();
         await env.pd.transfer("parent", { ram: quota - used - 300_000, caps: 0 });
         const full = await figures();
         console.log(await said(env.rm.attach(large)));
         console.log((await figures()).join() === full.join());`,
        { ram: "8M" },
      );
      await other.ended;
      const lines = stage.log("partner");
      expect(lines.slice(0, 3)).to.deep.equal(["true,1,true,1", "1", "0"]);
      expect(lines[3]).to.match(/^QuotaExceeded: ram quota exceeded: 500000 wanted/);
      expect(lines[4]).to.equal("true");
      await stage.host.child("owner")!.kill();
      expect(stage.host.free).to.deep.equal(free);
    }),
  );

  it(
    "law 6: while its allocator is frozen and others use it, it stays charged to the host",
    onStage(async (stage) => {
      const { free } = stage.host;
      const owner = await stage.start("owner", OWNER(500_000));
      const other = await partner(
        stage,
        `const region = await env.rm.attach(await board.space(0)); console.log("attached"); await timer.sleep(1); region.bytes[0] = 3;
         await timer.sleep(1); console.log(await board.look(0, 1)); await timer.sleep(100000);`,
      );
      await other.until({ log: "attached" });
      const withBoth = stage.host.free;
      await owner.freeze("owner.cryo");
      const quota = free.ram - withBoth.ram;
      expect(stage.host.free.ram).to.be.within(withBoth.ram + quota / 4, free.ram - 500_000);
      await stage.host.revive("owner.cryo");
      expect(stage.host.free).to.deep.equal(withBoth);
      other.go();
      await other.until({ log: "3" });
      await other.freeze("partner.cryo");
      await stage.host.child("owner")!.freeze("owner2.cryo");
      expect(stage.host.free).to.deep.equal(free);
    }),
  );

  it(
    "limits: a dataspace of more than 64 MiB is not shared, nor are more than 256 of one child",
    onStage(
      async (stage) => {
        await stage.start(
          "owner",
          `${DECLARED}
           await env.announce(Board, () => ({ space: async (n) => env.ram.alloc(n), look: async () => "", take: async () => "", free: async () => {} }));`,
          { ram: "100M", caps: 1000 },
        );
        const other = await partner(
          stage,
          `console.log(await said(board.space(64 * 1024 * 1024 + 1)));
           const held = [];
           let refused = "";
           while (refused === "") await board.space(8).then((each) => held.push(each), (error) => { refused = error.name; });
           console.log(refused + " after " + held.length);`,
          { caps: 1000 },
        );
        await other.ended;
        const [large, many] = stage.log("partner");
        expect(large).to.match(/^TooLarge: /);
        expect(many).to.equal("QuotaExceeded after 256");
      },
      { ram: "256M", caps: 4000 },
    ),
  );

  it(
    "fault 33: too little quota for what is attached is refused before anything is acquired",
    onStage(async (stage) => {
      await stage.start("owner", OWNER(500_000));
      const other = await partner(
        stage,
        `const region = await env.rm.attach(await board.space(0)); console.log("attached"); await timer.sleep(1); console.log(region.bytes.subarray(0, 3).join());`,
      );
      await other.until({ log: "attached" });
      await other.freeze("partner.cryo");
      const facts = await factsOf(stage.host.revive("partner.cryo", { routes: TO_OWNER, ram: "1536K" }));
      expect(JSON.stringify(facts)).to.contain('"Quota"');
      const again = await stage.host.revive("partner.cryo");
      await again.ended;
      expect(last(stage, "partner")).to.equal("1,2,3");
    }),
  );

  it(
    "a clone has a copy of its own, and neither meets the other's",
    onStage(async (stage) => {
      const owner = await stage.start(
        "owner",
        `${OWNER()} env.revived(() => console.log("sees " + region.bytes[0]));`,
      );
      const other = await partner(
        stage,
        `const region = await env.rm.attach(await board.space(0)); console.log("attached"); await timer.sleep(1); region.bytes[0] = 70; console.log(await board.look(0, 1));`,
      );
      await other.until({ log: "attached" });
      await owner.checkpoint("owner.cryo");
      other.go();
      await other.ended;
      const clone = await stage.host.revive("owner.cryo", { as: "twin", routes: ALL });
      await clone.until({ log: "sees 1" });
      expect(stage.log("partner").at(-1)).to.equal("70");
    }),
  );
});
