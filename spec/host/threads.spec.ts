// Threads of shards: kept warm, used again, and ended when they no longer answer.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { BlackBoxWriter, makeBlackBox, readBlackBox } from "../../runtime/shard/black-box.ts";
import { makeControl, Pulse, Stethoscope } from "../../runtime/shard/control.ts";
import { processorTime, threadNumber } from "../../runtime/shard/processor-time.ts";
import { OneEach } from "../../runtime/host/one-each.ts";
import type { Lodger } from "../../runtime/host/residence.ts";
import { loadPlatform } from "../../runtime/host/runtime.ts";
import { Host } from "../../runtime/index.ts";
import { COUNT, factsOf, onStage } from "./stage.ts";

describe("host: threads", () => {
  /** Somebody who has a place and does nothing there. */
  const lodger: Lodger = { name: "lodger", message() {}, log() {}, died() {}, lost() {} };

  const placed = async (play: (placement: OneEach) => Promise<void>): Promise<void> => {
    const placement = new OneEach(loadPlatform());
    try {
      await play(placement);
    } finally {
      await placement.close();
    }
  };

  it("are used again, and no more are kept than a few", () =>
    placed(async (placement) => {
      placement.settle(lodger).leave();
      const [first] = placement.idle;
      const many = Array.from({ length: 12 }, () => placement.settle(lodger));
      expect(placement.idle).to.deep.equal([]);
      for (const residence of many) residence.leave();
      expect(placement.idle).to.have.length(8);
      expect(placement.idle).to.contain(first);
      expect(new Set(placement.idle).size).to.equal(8);
    }));

  it("that are gone are not used again", () =>
    placed(async (placement) => {
      const residence = placement.settle(lodger);
      await residence.evict();
      expect(residence.gone).to.equal(true);
      expect(placement.idle).to.deep.equal([]);
      placement.settle(lodger).leave();
      const [idle] = placement.idle;
      await idle!.terminate();
      const next = placement.settle(lodger);
      expect(next.gone).to.equal(false);
      next.leave();
    }));

  it(
    "serve the next child whatever became of the last, and its quota is back",
    onStage(
      async ({ host, start, log }) => {
        const { free } = host;
        const ends = [
          ["exits", "env.exit(3);", { kind: "exited", code: 3 }],
          ["faults", "throw new Error('so');", { kind: "faulted" }],
          ["hangs", "new Array(2 ** 32 - 2).join();", { kind: "faulted" }],
          [
            "returns quota",
            'await env.pd.transfer("parent", { ram: 1 << 20 });',
            { kind: "exited", code: 0 },
          ],
        ] as const;
        for (const [name, body, ending] of ends) {
          const child = await start(name, body);
          expect(await child.ended, name).to.deep.include(ending);
          expect(host.free, name).to.deep.equal(free);
        }
        const killed = await start("killed", "await (await env.session(Timer)).sleep(1e6);");
        await killed.kill();
        expect(host.free).to.deep.equal(free);
        expect(await factsOf(start("broken", "const x: = 1;"))).to.deep.include({ tag: "Component" });
        expect(await factsOf(start("tiny", "", { ram: "1M" }))).to.deep.include({ tag: "Boot" });
        expect(host.free).to.deep.equal(free);
        const child = await start("counter", COUNT);
        await child.until({ log: "count 3" });
        await child.freeze("counter.cryo");
        expect(host.free).to.deep.equal(free);
        expect(await factsOf(host.revive("counter.cryo", { routes: [] }))).to.deep.include({
          tag: "Checkpoint",
        });
        expect(host.free).to.deep.equal(free);
        await (
          await host.revive("counter.cryo")
        ).ended;
        expect(host.free).to.deep.equal(free);
        expect(log("counter")).to.have.length(10);
      },
      { silence: 600 },
    ),
  );

  it(
    "of two starts under one name at once one is refused",
    onStage(async ({ host, start }) => {
      const settled = await Promise.allSettled([start("counter", COUNT), start("counter", COUNT)]);
      expect(settled.map(({ status }) => status).toSorted()).to.deep.equal(["fulfilled", "rejected"]);
      expect(host.children).to.have.length(1);
    }),
  );

  it("are all gone when a host has closed", async () => {
    const state = await mkdtemp(join(tmpdir(), "cryonode-threads-"));
    const threads = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === "MessagePort").length;
    const before = threads();
    const host = await Host.open({ state });
    await host.close();
    expect(threads()).to.equal(before);
    await rm(state, { recursive: true });
  });
});

describe("shard: the watchdog's ear", () => {
  it("hears how long a turn has run without a poll, by the time of its own thread", () => {
    const control = makeControl();
    let taken = 4000;
    const ear = new Stethoscope(control, (thread) => (thread === 4711 ? taken : Number.NaN));
    const pulse = new Pulse(control, 4711);
    expect(ear.silence()).to.equal(0);
    pulse.turnBegins(7, 0);
    expect(ear.running).to.deep.equal({ resident: 7, thread: 0 });
    expect(ear.silence()).to.equal(0);
    taken += 250;
    expect(ear.silence()).to.equal(250);
    // Whatever else went on: it did not run.
    expect(ear.silence()).to.equal(250);
    taken += 250;
    expect(ear.silence()).to.equal(500);
    pulse.polls();
    expect(ear.silence()).to.equal(0);
    taken += 200;
    expect(ear.silence()).to.equal(200);
    expect(pulse.givenUp()).to.equal(false);
    ear.giveUp(7);
    expect(pulse.givenUp()).to.equal(true);
    pulse.turnBegins(8, 0);
    expect(pulse.givenUp()).to.equal(false);
    expect(ear.silence()).to.equal(0);
    pulse.turnEnds();
    taken += 200;
    expect(ear.silence()).to.equal(0);
    expect(ear.running).to.equal(null);
  });

  it("knows what a thread of this process has run", () => {
    const own = threadNumber();
    const before = processorTime(own);
    while (processorTime(own) < before + 30);
    expect(process.cpuUsage().user + process.cpuUsage().system).to.be.at.least(30_000);
    expect(processorTime(2 ** 30)).to.equal(0);
  });
});

describe("shard: the black box", () => {
  it("holds the entries of the turn that runs", () => {
    const box = makeBlackBox();
    const writer = new BlackBoxWriter(box);
    writer.add("of an earlier turn");
    writer.clear();
    for (const text of ["", "plain", "ä€🙂", "x".repeat(1000)]) writer.add(text);
    expect(readBlackBox(box)).to.deep.equal(["", "plain", "ä€🙂", "x".repeat(1000)]);
  });

  it("counts what does not fit", () => {
    const box = makeBlackBox();
    const writer = new BlackBoxWriter(box);
    writer.add("first");
    writer.add("x".repeat(2 << 20));
    writer.add("last");
    expect(readBlackBox(box)).to.deep.equal(["first", "last", "(1 more entries of this turn are lost)"]);
  });
});
