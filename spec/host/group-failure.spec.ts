// A cut through several children, or their revival, that fails for one of them has never been, for any of them.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  E,
  type Child,
  type Either,
  type GateProvider,
  type HostFacts,
  type SessionError,
} from "../../runtime/index.ts";
import { disk } from "../../runtime/image/disk.ts";
import { failingPower } from "../image/failing-power.ts";
import { BANK, customer, paid, payer, toBank } from "./bank.ts";
import { ALL, factsOf, onStage, type Stage } from "./stage.ts";

type Together = Extract<HostFacts, { readonly tag: "Together" }>;

const together = async (promise: Promise<unknown>): Promise<Together["failures"]> => {
  const facts = await factsOf(promise);
  if (facts.tag !== "Together") throw new Error(`expected Together, found ${JSON.stringify(facts)}`);
  return facts.failures;
};

/** A gate that nobody ever takes anything from. */
const stuckGate = (name: string): GateProvider => ({
  name,
  open: async () => {
    const waiting: ((answer: Either<SessionError, never>) => void)[] = [];
    const wait = (): Promise<Either<SessionError, never>> => new Promise((resolve) => waiting.push(resolve));
    return E.right({
      reconnected: 0,
      dropped: 0,
      send: wait,
      receive: wait,
      suspend: () => {},
      resume: () => {},
      capture: () => ({ sent: 0, received: 0, unread: [], partial: new Uint8Array(0) }),
      close: () => {
        for (const resolve of waiting) resolve(E.left({ tag: "Closed", what: `gate ${name}` }));
      },
    });
  },
  close: () => {},
});

/** What failed for whom: the tags of the errors. */
const tags = (failures: Together["failures"]): readonly string[] =>
  failures.map(({ child, error }) => `${child}: ${error.tag === "Checkpoint" ? error.error.tag : error.tag}`);

const couple = async (stage: Stage, name = "ann", body = payer(10)): Promise<[bank: Child, other: Child]> => {
  const bank = await stage.start("bank", BANK);
  const other = await stage.start(name, body, { routes: toBank() });
  return [bank, other];
};

const goesOn = async (stage: Stage, [bank, ann]: readonly Child[]): Promise<void> => {
  expect([bank!.ending, ann!.ending]).to.deep.equal([null, null]);
  bank!.go();
  ann!.go();
  expect(await ann!.ended).to.deep.equal({ kind: "exited", code: 0 });
  expect(stage.log("ann")).to.deep.equal(paid(1, 10));
  expect(stage.log("bank").at(-1)).to.equal("10 10");
};

describe("host: a cut that fails", () => {
  for (const [at, step] of ["create", "write", "sync", "close", "rename"].entries()) {
    const code = at % 2 === 0 ? "EIO" : "ENOSPC";
    let armed = false;
    const images = failingPower(disk, (_n, name) => (armed && name === step ? code : null));
    it(`faults 1 and 4: ${code} at the ${step} of the image: all go on unchanged, and the next cut works`, () =>
      onStage(
        async (stage) => {
          const children = await couple(stage);
          await children[0].until({ log: "3 3" });
          const { free } = stage.host;
          armed = true;
          for (const act of ["freeze", "checkpoint"] as const)
            expect(await factsOf(stage.host[act](children, "both.cryo"))).to.deep.include({ tag: "Image" });
          armed = false;
          expect(stage.host.free).to.deep.equal(free);
          await stage.host.checkpoint(children, "both.cryo");
          await goesOn(stage, children);
        },
        { images },
      )());
  }

  it(
    "faults 9 and 1: a member in an endless loop: refused by its name, and the others go on at once",
    onStage(async (stage) => {
      const children = await couple(stage);
      await children[0].until({ log: "3 3" });
      const spinning = new Promise<void>((resolve) =>
        stage.host.on("log", ({ text }) => text === "spinning" && resolve()),
      );
      const body = `const log = await env.session(Log); await log.write("spinning"); for (;;);`;
      const loop = await stage.start("loop", body, { turn: "60s" });
      await spinning;
      const failures = await together(
        stage.host.freeze([...children, loop], "all.cryo", { deadline: "200ms" }),
      );
      expect(tags(failures)).to.deep.equal(["loop: Deadline"]);
      expect(JSON.stringify(failures)).to.match(/thread main, which has not ended/);
      await goesOn(stage, children);
      await loop.kill();
    }),
  );

  it("fault 9: a member whose call does not complete: refused by its name; killed meanwhile, too", () =>
    onStage(
      async (stage) => {
        const children = await couple(stage);
        await children[0].until({ log: "3 3" });
        const sender = await stage.start(
          "sender",
          `const gate = await env.session(Gate, { label: "stuck" }); console.log("sends"); await gate.send("x");`,
        );
        await sender.until({ log: "sends" });
        const all = [...children, sender];
        const failures = await together(stage.host.checkpoint(all, "all.cryo", { deadline: "100ms" }));
        expect(tags(failures)).to.deep.equal(["sender: Deadline"]);
        expect(JSON.stringify(failures)).to.contain("Gate.send of thread main");
        const cut = together(stage.host.freeze(all, "all.cryo"));
        await sender.kill();
        expect(tags(await cut)).to.deep.equal(["sender: Ended"]);
        await goesOn(stage, children);
      },
      { gates: { stuck: { provider: stuckGate("stuck") } } },
    )());

  it(
    "fault 5: two cuts at once: one wins, the other hears which members are busy",
    onStage(async (stage) => {
      const children = await couple(stage);
      await children[0].until({ log: "3 3" });
      const other = await stage.start("other", `await env.session(Timer);`);
      const [won, lost] = await Promise.all([
        stage.host.checkpoint(children, "one.cryo"),
        together(stage.host.checkpoint([other, ...children], "two.cryo")),
      ]);
      expect(won).to.have.length(2);
      expect(tags(lost)).to.deep.equal(["bank: Busy", "ann: Busy"]);
      await goesOn(stage, children);
    }),
  );

  it(
    "names who is not there, and has been, and what is no cut at all",
    onStage(async (stage) => {
      const children = await couple(stage);
      await children[0].until({ log: "3 3" });
      const gone = await stage.start("gone", `console.log("gone");`);
      await gone.ended;
      const { host } = stage;
      expect(tags(await together(host.freeze(["bank", "nobody", "gone"], "a.cryo")))).to.deep.equal([
        "nobody: NoSuchChild",
        "gone: NoSuchChild",
      ]);
      expect(tags(await together(host.freeze([...children, gone], "a.cryo")))).to.deep.equal(["gone: Ended"]);
      for (const wrong of [[], ["bank", "bank"]]) {
        const error = await host.freeze(wrong, "a.cryo").catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(TypeError);
      }
      await goesOn(stage, children);
    }),
  );
});

/** Reads a book of its own, and pays for it. */
const READER = customer(`
  const files = await env.session(FileSystem, { label: "data" });
  const file = await files.open("book.txt");
  console.log(new TextDecoder().decode(await file.read(4)));
  await timer.sleep(50);
  console.log(await file.readText());
  console.log("paid " + (await bank.pay(1)));`);

describe("host: a revival of several that fails", () => {
  const frozen = async (stage: Stage): Promise<void> => {
    await stage.start("bank", BANK);
    await writeFile(join(stage.folder, "data", "book.txt"), "one two");
    const reader = await stage.start("reader", READER, { routes: toBank() });
    await reader.until({ log: "one " });
    await stage.host.freeze(["bank", "reader"], "both.cryo");
  };

  const comesBack = async (stage: Stage): Promise<void> => {
    const [, reader] = await stage.host.reviveAll("both.cryo");
    expect(await reader!.ended).to.deep.equal({ kind: "exited", code: 0 });
    expect(stage.log("reader")).to.deep.equal(["one ", "two", "paid 1"]);
    expect(stage.log("bank").slice(-1)).to.deep.equal(["1 1"]);
    expect(stage.log("bank").filter((line) => line === "session")).to.deep.equal(["session"]);
  };

  it(
    "fault 32: at one member's handle: all is released, nobody has run, the image is as good as before",
    onStage(async (stage) => {
      await frozen(stage);
      const { free } = stage.host;
      await writeFile(join(stage.folder, "data", "book.txt"), "another book");
      const failures = await together(stage.host.reviveAll("both.cryo"));
      expect(tags(failures)).to.deep.equal(["reader: Refused"]);
      expect(JSON.stringify(failures)).to.contain("book.txt");
      expect(stage.host.free).to.deep.equal(free);
      expect(stage.host.children).to.deep.equal([]);
      await writeFile(join(stage.folder, "data", "book.txt"), "one two");
      await comesBack(stage);
    }),
  );

  it(
    "fault 33: all that is missing is told at once, of all members, before anything is acquired",
    onStage(async (stage) => {
      await frozen(stage);
      const { free } = stage.host;
      const denied: string[] = [];
      stage.host.on("denied", ({ child, service }) => void denied.push(`${child} ${service}`));
      const failures = await together(
        stage.host.reviveAll("both.cryo", {
          entries: {
            bank: { routes: ALL, ram: "1M" },
            reader: { routes: [{ service: "LOG" }, { service: "File_system", rights: ["write"] }] },
          },
        }),
      );
      expect(tags(failures)).to.deep.equal(["bank: Quota", "reader: Refused"]);
      expect(JSON.stringify(failures)).to.contain("no route matches").and.to.contain('"right":"read"');
      expect(denied).to.deep.equal(["reader Timer", "reader Bank", "reader File_system"]);
      const strange = await stage.another({ ram: "9M" });
      const entries = { reader: { routes: toBank() } };
      expect(tags(await together(strange.reviveAll("both.cryo", { entries })))).to.deep.equal([
        "bank: NoEntry",
        "reader: Refused",
      ]);
      const both = { ...entries, bank: { routes: ALL } };
      const poor = await stage.another({
        ram: "9M",
        files: { data: { directory: join(stage.folder, "data") } },
      });
      expect(tags(await together(poor.reviveAll("both.cryo", { entries: both })))).to.deep.equal([
        "reader: HostQuota",
      ]);
      expect(stage.host.free).to.deep.equal(free);
      await comesBack(stage);
    }),
  );

  it(
    "fault 36: two revivals at once: one owner of them all; later ones find the image used up",
    onStage(async (stage) => {
      await frozen(stage);
      const there = await stage.another({ files: { data: { directory: join(stage.folder, "data") } } });
      const entries = { bank: { routes: ALL }, reader: { routes: toBank() } };
      const tried = await Promise.allSettled([
        stage.host.reviveAll("both.cryo"),
        there.reviveAll("both.cryo", { entries }),
      ]);
      const won = tried.filter(({ status }) => status === "fulfilled");
      expect(won).to.have.length(1);
      const here = tried[0].status === "fulfilled";
      const host = here ? stage.host : there;
      const reader = host.child("reader")!;
      expect(await reader.ended).to.deep.equal({ kind: "exited", code: 0 });
      await host.child("bank")!.kill();
      for (const each of [stage.host, there])
        expect(await factsOf(each.reviveAll("both.cryo", { entries }))).to.deep.include({ tag: "UsedUp" });
    }),
  );

  it(
    "one that lives already keeps the others from coming back",
    onStage(async (stage) => {
      await frozen(stage);
      const bank = await stage.start("bank", BANK);
      expect(tags(await together(stage.host.reviveAll("both.cryo")))).to.deep.equal(["bank: AlreadyRunning"]);
      await bank.kill();
      await comesBack(stage);
    }),
  );
});
