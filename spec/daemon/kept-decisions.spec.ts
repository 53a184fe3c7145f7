// What a source decided, where its record of entries can't be written: the decision is what says it.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { KeptDecisions } from "../../runtime/daemon/kept-decisions.ts";
import { openMemoryStore } from "../../runtime/durable/store/memory-store.ts";
import type { Keeper } from "../../runtime/host/keeper.ts";
import { Roll } from "../../runtime/host/roll.ts";

const SINK = "ed25519:sink";
const leaverOf = (name: string) => ({
  name,
  identity: `${name}0a52-0d3f-4d52-9a3e-3b1f2f0f7a10`,
  generation: 7,
});

describe("daemon: what was decided of those who left", () => {
  // Without it the next host, whose record says that they live, would begin them anew: there would be two.
  it("fault 4, law 5: is kept until it is written down that they left, also over a start that can't write it", async () => {
    const opened = openMemoryStore({ bases: () => null });
    if (E.isLeft(opened)) throw new Error("no store");
    const roll = new Roll(opened.right);
    const keeper = { roll, depart: roll.depart.bind(roll) } as unknown as Keeper;
    let isFull = true;
    const departed: string[] = [];
    const host = (): KeptDecisions =>
      new KeptDecisions({
        keeper,
        departed: ({ name }) => {
          departed.push(name);
          return Promise.resolve(!isFull);
        },
        written: () => Promise.resolve(!isFull),
      });
    const tasks = async (): Promise<readonly string[]> =>
      (await host().unsettled()).map(({ task }) => task).toSorted();
    const first = host();
    await first.release("t1", SINK, [leaverOf("6c1f")], []);
    await first.confirmed("t1");
    expect(await tasks()).deep.equal(["t1"]);
    const second = host();
    await second.recover();
    expect(departed).deep.equal(["6c1f", "6c1f"]);
    await second.confirmed("t1");
    expect(await tasks()).deep.equal(["t1"]);
    await second.release("t2", SINK, [leaverOf("7d2e")], []);
    isFull = false;
    await second.confirmed("t2");
    expect(await tasks()).deep.equal([]);
  });

  it("law 5: two tasks that were offered as one generation and are taken are both conceded", async () => {
    const opened = openMemoryStore({ bases: () => null });
    if (E.isLeft(opened)) throw new Error("no store");
    const roll = new Roll(opened.right);
    const keeper = { roll, depart: roll.depart.bind(roll) } as unknown as Keeper;
    const yes = () => Promise.resolve(true);
    const decisions = new KeptDecisions({ keeper, departed: yes, written: yes });
    const leaver = leaverOf("6c1f");
    const taken = [{ ...leaver, generation: 1_000_007 }];
    for (const [task, sink] of [
      ["t1", SINK],
      ["t2", "ed25519:other"],
    ] as const) {
      await decisions.offer(task, sink, [leaver]);
      expect(await decisions.concede(task, sink, taken, true)).deep.equal(E.right(undefined));
      expect(await decisions.verdict(task, sink)).deep.equal(E.right("released"));
    }
    expect(await roll.epoch(leaver.identity)).deep.equal(E.right(1_000_008));
  });
});
