// Law 2 for several children frozen in one cut: what they say to one another is part of it, so they go on together as if
// nothing had been, here, on another host, and from a checkpoint when all that came after it is gone.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { CAPTURE_STEPS } from "../../runtime/checkpoint/capture.ts";
import { REVIVE_STEPS } from "../../runtime/checkpoint/revive.ts";
import {
  checkpointTogether,
  freezeTogether,
  reviveTogether,
  tryCut,
  tryReviveTogether,
} from "../domain/together.ts";
import type { Village } from "../domain/village.ts";
import {
  byList,
  DEEDS,
  deedsOf,
  freezes,
  NAMES,
  neighbourhood,
  peerProgram,
  play,
  scriptsOf,
  shuffle,
  straight,
  type Deeds,
  type Freeze,
  type Scripts,
} from "./several/neighbourhood.ts";

/** What is written to files stays written when the clock is turned back. */
const UNWRITTEN = DEEDS.filter((deed) => deed !== "write");

/** Everything that there is, waited for and not. */
const rich = (deeds: readonly string[]): Scripts =>
  NAMES.map((_name, i) =>
    deeds
      .filter((_deed, n) => n % NAMES.length === i)
      .flatMap((deed) => [
        [deed, i, 3, 1] as const,
        ["keep", i, 0, 0] as const,
        ["hold", i, 0, 0] as const,
        [deed, i + 1, 4, 0] as const,
      ])
      .slice(0, 14),
  );

describe("law 2: several children together", function () {
  this.timeout(300_000);
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await peerProgram();
  });

  const assertSame = async (
    scripts: Scripts,
    deeds: Readonly<Record<string, Deeds>>,
    disturb: (village: Village) => (point: number) => Promise<void>,
    what = "",
  ): Promise<void> => {
    const village = await neighbourhood(bytecode, scripts);
    try {
      await play(village, disturb(village));
      expect(deedsOf(village), what).deep.equal(deeds);
    } finally {
      await village.close();
    }
  };

  for (const [who, elsewhere] of [
    [["a", "b"], false],
    [["c", "b", "a"], false],
    [["b", "c", "a"], true],
  ] as const)
    it(`law 2: ${who.join(", ")} frozen together at every point, and revived ${elsewhere ? "elsewhere" : "here"}`, async () => {
      const scripts = rich(DEEDS);
      const { deeds, points } = await straight(bytecode, scripts);
      const list = Array.from({ length: points * 4 }, (_, at): Freeze => ({
        ...{ at, who, away: 0, elsewhere },
        together: true,
      }));
      await assertSame(scripts, deeds, (village) => byList(village, list), "at every point");
      for (const stride of [7])
        await assertSame(
          scripts,
          deeds,
          (village) =>
            byList(
              village,
              list.flatMap((each) =>
                each.at % stride === 1 ? [{ ...each, away: elsewhere ? 0 : (each.at * 3) % 11 }] : [],
              ),
            ),
          `every ${stride} points`,
        );
    });

  it("law 2: fault 10: random callers, in random cuts, in whatever order turns and messages come", () =>
    fc.assert(
      fc.asyncProperty(scriptsOf(...DEEDS), freezes, fc.integer(), async (scripts, list, seed) => {
        const { deeds } = await straight(bytecode, scripts);
        const all = list.map((each) => ({ ...each, together: true }));
        await assertSame(scripts, deeds, (village) => {
          shuffle(village, seed);
          return byList(village, all);
        });
      }),
      { numRuns: 30 },
    ));

  const failsAt =
    (who: string, step: string) =>
    (name: string): { readonly probe: (at: string) => string | null } => ({
      probe: (at) => (name === who && at === step ? "injected" : null),
    });

  it("law 7: faults 1 and 32: a cut or a revival that fails at any step of any of them has never been", async () => {
    const scripts = rich(DEEDS);
    const { deeds, points } = await straight(bytecode, scripts);
    for (const [n, who] of NAMES.entries())
      await assertSame(scripts, deeds, (village) => async (point) => {
        if (point % Math.ceil(points / 6) !== n + 1 || village.live.length < NAMES.length) return;
        for (const step of CAPTURE_STEPS) {
          const failed = await tryCut(village, NAMES, failsAt(who, step));
          expect(failed.map((each) => (E.isLeft(each) ? each.left.tag : "captured")).includes("Step")).equal(
            true,
          );
          await village.quiet();
        }
        await freezeTogether(village, NAMES);
        for (const step of REVIVE_STEPS) {
          const failed = await tryReviveTogether(village, NAMES, failsAt(who, step));
          expect(failed.every(E.isLeft), `${who} at ${step}`).equal(true);
        }
        await reviveTogether(village, NAMES);
      });
  });

  /** Goes on from a checkpoint of all, and then back to it; what came after it has never been. */
  const assertRewound = async (
    scripts: Scripts,
    deeds: Readonly<Record<string, Deeds>>,
    at: number,
    further: number,
    seed: number,
  ): Promise<void> => {
    const village = await neighbourhood(bytecode, scripts);
    shuffle(village, seed);
    try {
      const logged = new Map<string, number>();
      await play(village, async (point) => {
        const all = village.live.map(({ name }) => name);
        if (point === at && all.length === NAMES.length) {
          await checkpointTogether(village, NAMES);
          for (const name of NAMES) logged.set(name, village.at(name).world.log.length);
        }
        if (point !== at + further || logged.size === 0) return;
        for (const name of NAMES) {
          await village.kill(name);
          const { world } = village.at(name);
          world.ending = null;
          world.log.length = logged.get(name)!;
        }
        await reviveTogether(village, NAMES);
      });
      expect(deedsOf(village), `at ${at}, ${further} further`).deep.equal(deeds);
    } finally {
      await village.close();
    }
  };

  it("law 2: fault 8: a checkpoint of all is one consistent cut, at every point", async () => {
    const scripts = rich(UNWRITTEN);
    const { deeds, points } = await straight(bytecode, scripts);
    for (let at = 0; at < points; at += Math.max(1, points / 30))
      await assertRewound(scripts, deeds, Math.floor(at), 1 + (Math.floor(at) % 9), at);
  });

  it("law 2: fault 8: random callers go back to a checkpoint of all", () =>
    fc.assert(
      fc.asyncProperty(
        scriptsOf(...UNWRITTEN),
        fc.nat(150),
        fc.integer({ min: 1, max: 60 }),
        fc.integer(),
        async (scripts, at, further, seed) => {
          const { deeds } = await straight(bytecode, scripts);
          await assertRewound(scripts, deeds, at, further, seed);
        },
      ),
      { numRuns: 30 },
    ));
});
