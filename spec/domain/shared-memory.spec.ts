// Copies of a shared dataspace: whoever writes, and however messages, freezes and revivals fall between, in the end all
// are the same, and no turn's change is lost.
import { expect } from "chai";
import * as fc from "fast-check";
import { Commons, type Commoner } from "./commons.ts";

type Step = readonly [what: string, who: number, at: number, value: number];

const steps = (...what: string[]): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.tuple(fc.constantFrom(...what), fc.nat(9), fc.nat(1000), fc.integer({ min: 1, max: 255 })), {
    maxLength: 120,
    size: "max",
  });

const TRAFFIC = ["write", "write", "write", "raise", "raise", "lower", "lower", "take", "take"];

/** Often enough, all are away. */
const COMING = ["freeze", "freeze", "freeze", "revive", "revive", "emigrate", "emigrate"];

/** More than there are points of the past that anyone remembers. */
const VISITS = 12;

const memoryOf = ({ held }: Commoner): Uint8Array => held[0]!.memory!();

interface Run {
  readonly commons: Commons;
  /** By byte: what its owner wrote last. */
  readonly wrote: Uint8Array;
}

/** `owns`: each writes to bytes of its own only; otherwise to any. */
const play = async (
  script: readonly Step[],
  { count = 3, bytes = 48, owns = true }: { count?: number; bytes?: number; owns?: boolean } = {},
  { commons, wrote }: Run = { commons: new Commons(bytes, count), wrote: new Uint8Array(bytes) },
): Promise<Run> => {
  const deeds: Record<string, (who: Commoner, index: number, at: number, value: number) => unknown> = {
    write(who, index, at, value) {
      if (who.state !== "live") return;
      const place = at % bytes;
      const mine = owns ? place - (place % count) + index : place;
      if (mine >= bytes) return;
      who.turn(([memory]) => {
        memory![mine] = value;
      });
      wrote[mine] = value;
    },
    raise: (who) => commons.raise(who),
    lower: (who) => commons.lower(who),
    take: (who) => who.take(),
    freeze: (who) => who.state === "live" && commons.freeze(who),
    revive: (who) => who.state === "frozen" && commons.revive(who),
    kill: (who, index) => index > 0 && who.state === "live" && commons.kill(who),
    emigrate: () => commons.live.length === 0 && commons.emigrate(),
    // One host after the other ends as soon as one is back.
    async visit(who) {
      for (let visit = 0; visit < VISITS && commons.live.length === 0; visit++) {
        commons.emigrate();
        if (who.state !== "frozen") return;
        await commons.revive(who);
        commons.freeze(who);
      }
    },
    fail: (who) => who.state === "frozen" && commons.revive(who, true),
  };
  for (const [what, who, at, value] of script) {
    const index = who % count;
    await deeds[what]!(commons.commoners[index]!, index, at, value);
  }
  return { commons, wrote };
};

const assertSame = ({ commons }: Run): Uint8Array => {
  commons.settle();
  const [first, ...others] = commons.live.map(memoryOf);
  for (const other of others) expect([...other]).deep.equal([...first!]);
  return first!;
};

describe("shared memory", () => {
  it("concurrent writers: in the end all copies are the same, and every turn's change is in them", () =>
    fc.assert(
      fc.asyncProperty(steps(...TRAFFIC), fc.integer({ min: 2, max: 4 }), async (script, count) => {
        const run = await play(script, { count });
        expect([...assertSame(run)]).deep.equal([...run.wrote]);
      }),
      { numRuns: 150 },
    ));

  it("concurrent writers of the same bytes: the later in the order counts, everywhere", () =>
    fc.assert(
      fc.asyncProperty(steps(...TRAFFIC), async (script) => {
        assertSame(await play(script, { owns: false, bytes: 8 }));
      }),
      { numRuns: 150 },
    ));

  it("law 2: frozen and revived one by one, in any order, none or all of them at a time: no change is lost", () =>
    fc.assert(
      fc.asyncProperty(steps(...TRAFFIC, ...COMING, "fail"), async (script) => {
        const run = await play(script);
        for (const each of run.commons.commoners) if (each.state === "frozen") await run.commons.revive(each);
        expect([...assertSame(run)]).deep.equal([...run.wrote]);
      }),
      { numRuns: 600 },
    ));

  it("law 3: one that comes back and goes, over and over, with nobody else there, loses no change of theirs", () =>
    fc.assert(
      fc.asyncProperty(steps(...TRAFFIC, ...COMING), fc.nat(9), async (script, who) => {
        const run = await play(script, {});
        const { commons, wrote } = run;
        const { commoners } = commons;
        for (const each of commoners) if (each.state === "live") commons.freeze(each);
        const visits = await play([["visit", who, 0, 0]], {}, run);
        for (const each of commoners) await commons.revive(each);
        expect([...assertSame(visits)]).deep.equal([...wrote]);
      }),
      { numRuns: 150 },
    ));

  it("what a child wrote before it was killed is there for those who were frozen meanwhile", () =>
    fc.assert(
      fc.asyncProperty(steps(...TRAFFIC, "freeze", "revive", "kill"), async (script) => {
        const run = await play(script, { count: 4 });
        for (const each of run.commons.commoners) if (each.state === "frozen") await run.commons.revive(each);
        expect([...assertSame(run)]).deep.equal([...run.wrote]);
      }),
      { numRuns: 600 },
    ));

  it("law 2: with writers of the same bytes, too, all copies end the same", () =>
    fc.assert(
      fc.asyncProperty(steps(...TRAFFIC, ...COMING), async (script) => {
        const run = await play(script, { owns: false, bytes: 8 });
        for (const each of run.commons.commoners) if (each.state === "frozen") await run.commons.revive(each);
        assertSame(run);
      }),
      { numRuns: 600 },
    ));
});
