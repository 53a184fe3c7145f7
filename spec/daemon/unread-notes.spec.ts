// A store that can't be read just now: what stands in it is not taken for nothing.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { KeptDecisions } from "../../runtime/daemon/kept-decisions.ts";
import { KeptTakings } from "../../runtime/daemon/kept-takings.ts";
import { openMemoryStore } from "../../runtime/durable/store/memory-store.ts";
import type { Store } from "../../runtime/durable/store/store.ts";
import type { StoreError } from "../../runtime/durable/store/store-error.ts";
import type { Keeper } from "../../runtime/host/keeper.ts";
import { Roll } from "../../runtime/host/roll.ts";
import type { Container } from "../../runtime/migrate/container.ts";

const UNREAD: StoreError = { tag: "Io", path: "the store", step: "read", code: "EIO" };

const IDENTITY = "6c1f0a52-0d3f-4d52-9a3e-3b1f2f0f7a10";

/** A store whose entries can be read again when `isBad` says so. */
const failing = (isBad: () => boolean): Store => {
  const opened = openMemoryStore({ bases: () => null });
  if (E.isLeft(opened)) throw new Error("no store");
  const store = opened.right;
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name, target);
      if (name === "entries" && isBad()) return () => Promise.resolve(E.left(UNREAD));
      return typeof own === "function" ? (own.bind(target) as unknown) : own;
    },
  });
};

const container = {
  task: "t1",
  from: "ed25519:source",
  manifest: { children: [{ name: "counter", identity: IDENTITY, generation: 7 }] },
} as unknown as Container;

const generations = ({ manifest }: Container): readonly number[] =>
  manifest.children.map(({ generation }) => generation);

describe("daemon: notes that can't be read", () => {
  it("law 5: nobody comes to life from a container that may have been taken by an operator's word", async () => {
    let isBad = false;
    const roll = new Roll(failing(() => isBad));
    expect(E.isRight(await new KeptTakings(roll).take(container))).equal(true);
    const next = new KeptTakings(roll);
    isBad = true;
    expect(E.isLeft(await next.later(container))).equal(true);
    expect(E.isLeft(await next.taken())).equal(true);
    isBad = false;
    const later = await next.later(container);
    expect(E.isRight(later) && generations(later.right)).deep.equal([1_000_007]);
    const taken = await next.taken();
    expect(E.isRight(taken) && taken.right.map(({ task }) => task)).deep.equal(["t1"]);
  });

  it("law 5: nothing is taken by an operator's word where it can't be known what was", async () => {
    const takings = new KeptTakings(new Roll(failing(() => true)));
    expect(E.isLeft(await takings.take(container))).equal(true);
  });

  it("what a crash left undone of decisions is not taken for done", async () => {
    let isBad = false;
    const roll = new Roll(failing(() => isBad));
    const keeper = { roll, depart: roll.depart.bind(roll) } as unknown as Keeper;
    const departed: string[] = [];
    const decisions = (): KeptDecisions =>
      new KeptDecisions({
        keeper,
        departed: ({ name }) => {
          departed.push(name);
          return Promise.resolve(true);
        },
        written: () => Promise.resolve(true),
      });
    const leaver = { name: "counter", identity: IDENTITY, generation: 7 };
    expect(await decisions().release("t1", "ed25519:sink", [leaver], [])).deep.equal(E.right(undefined));
    departed.length = 0;
    isBad = true;
    expect(E.isLeft(await decisions().recover())).equal(true);
    expect(E.isLeft(await decisions().verdict("t1", "ed25519:sink"))).equal(true);
    isBad = false;
    expect(E.isRight(await decisions().recover())).equal(true);
    expect(departed).deep.equal(["counter"]);
  });
});
