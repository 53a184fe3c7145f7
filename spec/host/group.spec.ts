// Several children frozen in one cut: they come back with what they hold of one another, or nothing has happened.
import { expect } from "chai";
import type { Child, HostEvent } from "../../runtime/index.ts";
import { BANK, customer, paid, payer, toBank } from "./bank.ts";
import { ALL, factsOf, onStage, type Stage } from "./stage.ts";

const ENTRIES = { bank: { routes: ALL }, ann: { routes: toBank() }, bob: { routes: toBank() } };

/** The bank and two payers, held when the bank has taken its seventh payment. */
const business = async (stage: Stage, times = 10): Promise<readonly Child[]> => {
  const bank = await stage.start("bank", BANK);
  const reached = bank.until({ log: /^7 / });
  const ann = await stage.start("ann", payer(times), { routes: toBank() });
  const bob = await stage.start("bob", payer(times), { routes: toBank() });
  await reached;
  return [bank, ann, bob];
};

const sessions = (stage: Stage, bank = "bank"): number =>
  stage.log(bank).filter((line) => line === "session").length;

const ends = async (children: readonly Child[]): Promise<void> => {
  for (const child of children) expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
};

describe("host: children frozen together", () => {
  for (const where of ["here", "elsewhere"])
    it(
      `fault 10: go on ${where} with their sessions and the calls between them, each once`,
      onStage(async (stage) => {
        const events: HostEvent[] = [];
        const children = await business(stage);
        stage.host.on("event", (event) => void events.push(event));
        const frozen = await stage.host.freeze(children, "all.cryo");
        expect(frozen.map(({ child, generation }) => [child, generation])).to.deep.equal([
          ["bank", 1],
          ["ann", 1],
          ["bob", 1],
        ]);
        expect(stage.host.children).to.deep.equal([]);
        const host = where === "here" ? stage.host : await stage.another({});
        const logs = new Map<string, string[]>();
        host.on("log", ({ child, text }) => logs.set(child, [...(logs.get(child) ?? []), text]));
        if (host !== stage.host) host.on("event", (event) => void events.push(event));
        const [bank, ...payers] = await host.reviveAll("all.cryo", { entries: ENTRIES });
        await ends(payers);
        await bank!.kill();
        expect(
          events.flatMap((event) =>
            event.event === "frozen" || event.event === "revived"
              ? [[event.event, event.child, event.generation, event.image?.endsWith("/all.cryo")]]
              : [],
          ),
        ).to.deep.equal([
          ["frozen", "bank", 1, true],
          ["frozen", "ann", 1, true],
          ["frozen", "bob", 1, true],
          ["revived", "bank", 2, true],
          ["revived", "ann", 2, true],
          ["revived", "bob", 2, true],
        ]);
        const log = (child: string): readonly string[] =>
          host === stage.host ? stage.log(child) : [...stage.log(child), ...(logs.get(child) ?? [])];
        for (const name of ["ann", "bob"]) expect(log(name)).to.deep.equal(paid(1, 10));
        expect(log("bank").filter((line) => line === "session")).to.have.length(2);
        expect(log("bank").at(-1)).to.match(/^20 10$/);
      }),
    );

  it(
    "keep the capabilities that they gave one another, those on their way among them",
    onStage(async (stage) => {
      const bank = await stage.start("bank", BANK);
      const ann = await stage.start(
        "ann",
        customer(`await bank.pay(5);
          const { receipt } = await bank.receipt();
          await bank.keep({ stamp: async () => "mine" });
          console.log("held");
          const slow = bank.slow(1);
          const both = [receipt.stamp(), bank.stamp(receipt), bank.kept()];
          console.log((await Promise.all(both)).join());
          console.log("slow " + (await slow));`),
        { routes: toBank() },
      );
      await ann.until({ log: "held" });
      await stage.host.freeze([ann, bank], "both.cryo");
      const [again] = await stage.host.reviveAll("both.cryo");
      await ends([again!]);
      expect(stage.log("ann").slice(1)).to.deep.equal(["stamped at 5,stamped at 5,mine", "slow 6"]);
      expect(stage.log("bank").filter((line) => line.startsWith("slow"))).to.deep.equal(["slow 1"]);
    }),
  );

  it(
    "leave those who are not among them waiting, as one that is frozen alone does",
    onStage(async (stage) => {
      const [bank, ann, bob] = await business(stage);
      await stage.host.freeze([bank!, ann!], "two.cryo");
      const seen = stage.log("bob").length;
      const revived = await stage.host.reviveAll("two.cryo");
      await ends([revived[1]!, bob!]);
      expect(seen).to.be.lessThan(10);
      expect(stage.log("ann")).to.deep.equal(paid(1, 10));
      expect(stage.log("bob")).to.deep.equal(paid(1, 10));
      expect(sessions(stage)).to.equal(2);
    }),
  );

  it(
    "law 7: a checkpoint lets them go on; when they are gone, they come back to it together",
    onStage(async (stage) => {
      const children = await business(stage);
      const taken = await stage.host.checkpoint(children, "all.cryo");
      const inImage = sessions(stage);
      expect(taken.every(({ pauseMs, bytes }) => pauseMs > 0 && bytes > 0)).to.equal(true);
      for (const child of children) child.go();
      await ends(children.slice(1));
      expect(stage.log("bank").at(-1)).to.equal("20 10");
      await children[0]!.kill();
      const before = Object.fromEntries(["ann", "bob"].map((name) => [name, stage.log(name).length]));
      const opened = sessions(stage);
      const revived = await stage.host.reviveAll("all.cryo");
      await ends(revived.slice(1));
      for (const name of ["ann", "bob"]) {
        expect(stage.log(name).slice(0, before[name])).to.deep.equal(paid(1, 10));
        const again = stage.log(name).slice(before[name]);
        expect(again).to.deep.equal(paid(11 - again.length, 10));
      }
      expect(stage.log("bank").at(-1)).to.equal("20 10");
      expect(inImage + sessions(stage) - opened).to.equal(2);
    }),
  );

  it(
    "fault 7: a message in a member's gate is delivered once",
    onStage(
      async (stage) => {
        const gate = stage.host.gate("line");
        const bank = await stage.start("bank", BANK);
        const ann = await stage.start(
          "ann",
          customer(`const line = await env.session(Gate, { label: "line" });
            for (let n = 1; n <= 6; n++) { await bank.pay(1); await line.send("got " + (await line.receive())); }`),
          { routes: toBank() },
        );
        for (let n = 1; n <= 3; n++) await gate.send(`m${n}`);
        await bank.until({ log: "3 3" });
        await stage.host.freeze([bank, ann], "both.cryo");
        for (let n = 4; n <= 6; n++) await gate.send(`m${n}`);
        const [, again] = await stage.host.reviveAll("both.cryo");
        await ends([again!]);
        expect(gate.sent).to.deep.equal([1, 2, 3, 4, 5, 6].map((n) => `got m${n}`));
      },
      { gates: { line: { queue: true } } },
    ),
  );
});

describe("host: clones of children frozen together", () => {
  it(
    "have their sessions with one another, and the originals theirs",
    onStage(async (stage) => {
      const [bank, ann, bob] = await business(stage);
      await bob!.kill();
      await stage.host.checkpoint([bank!, ann!], "two.cryo");
      const so = stage.log("ann").length;
      const clones = await stage.host.reviveAll("two.cryo", {
        as: { bank: "bank2", ann: "ann2" },
        entries: { bank2: { routes: ALL }, ann2: { routes: toBank("bank2") } },
      });
      expect(clones.map(({ name, generation }) => [name, generation])).to.deep.equal([
        ["bank2", 1],
        ["ann2", 1],
      ]);
      await ends([clones[1]!]);
      expect(stage.log("ann2")).to.deep.equal(paid(so + 1, 10));
      expect(sessions(stage, "bank2")).to.equal(0);
      // The originals have stood still meanwhile, and nobody came to them.
      const held = stage.log("bank").length;
      bank!.go();
      await ends([ann!]);
      expect(stage.log("ann")).to.deep.equal(paid(1, 10));
      expect(
        stage
          .log("bank")
          .slice(held)
          .every((line) => / \d+$/.test(line)),
      ).to.equal(true);
      expect(stage.log("bank").at(-1)!.split(" ")[1]).to.equal("10");
      // It is not used up.
      await Promise.all([bank!.kill(), clones[0]!.kill()]);
      await ends([(await stage.host.reviveAll("two.cryo"))[1]!]);
    }),
  );

  it(
    "get a new session where their routes lead to the original",
    onStage(async (stage) => {
      const [bank, ann, bob] = await business(stage);
      await bob!.kill();
      await stage.host.checkpoint([bank!, ann!], "two.cryo");
      bank!.go();
      await ends([ann!]);
      const before = sessions(stage);
      const clones = await stage.host.reviveAll("two.cryo", {
        as: { bank: "bank2", ann: "ann2" },
        entries: { bank2: { routes: ALL }, ann2: { routes: toBank() } },
      });
      await ends([clones[1]!]);
      expect(sessions(stage)).to.equal(before + 1);
      expect(stage.log("ann2").at(-1)).to.equal(`paid ${stage.log("ann2").length}`);
    }),
  );

  it(
    "need a name each, of those in the image",
    onStage(async (stage) => {
      const children = await business(stage);
      await stage.host.checkpoint(children, "all.cryo");
      const facts = await factsOf(
        stage.host.reviveAll("all.cryo", { as: { bank: "bank2", ann: "ann2", joe: "joe2" } }),
      );
      expect(facts).to.deep.include({ tag: "CloneNames", unnamed: ["bob"], unknown: ["joe"] });
      expect(await factsOf(stage.host.revive("all.cryo", { as: "bank2" }))).to.deep.include({
        tag: "Several",
        children: ["bank", "ann", "bob"],
      });
    }),
  );
});
