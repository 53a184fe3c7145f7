// Law 2 for several children: whoever is frozen, when, and for how long, each call runs once and is answered the same.
import { expect } from "chai";
import * as fc from "fast-check";
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

type Disturbance = (village: Village) => (point: number) => Promise<void>;

/** Everything that there is, waited for and not. */
const RICH: Scripts = NAMES.map((_name, i) =>
  DEEDS.filter((_deed, n) => n % NAMES.length === i)
    .flatMap((deed) => [
      [deed, i, 3, 1] as const,
      ["keep", i, 0, 0] as const,
      ["hold", i, 0, 0] as const,
      [deed, i + 1, 4, 0] as const,
    ])
    .slice(0, 14),
);

describe("law 2: several children", function () {
  this.timeout(300_000);
  let bytecode: Uint8Array;
  let rich: { readonly deeds: Readonly<Record<string, Deeds>>; readonly points: number };
  before(async () => {
    bytecode = await peerProgram();
    rich = await straight(bytecode, RICH);
  });

  const assertSame = async (
    scripts: Scripts,
    deeds: Readonly<Record<string, Deeds>>,
    disturb: Disturbance,
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

  const shuffled =
    (seed: number, then: Disturbance = () => async () => {}): Disturbance =>
    (village) => {
      shuffle(village, seed);
      return then(village);
    };

  it("law 2: random calls are answered the same in whatever order turns and messages come", () =>
    fc.assert(
      fc.asyncProperty(scriptsOf(...DEEDS), fc.integer(), async (scripts, seed) => {
        const { deeds } = await straight(bytecode, scripts);
        await assertSame(scripts, deeds, shuffled(seed));
      }),
      { numRuns: 25 },
    ));

  it("law 2: fault 10: random calls run once and are answered the same, whoever is frozen whenever", () =>
    fc.assert(
      fc.asyncProperty(scriptsOf(...DEEDS), freezes, fc.integer(), async (scripts, list, seed) => {
        const { deeds } = await straight(bytecode, scripts);
        await assertSame(
          scripts,
          deeds,
          shuffled(seed, (village) => byList(village, list)),
        );
      }),
      { numRuns: 60 },
    ));

  const every = (each: (point: number) => Freeze | null): Disturbance => {
    const list = Array.from({ length: rich.points * 4 }, (_, point) => each(point));
    return (village) =>
      byList(
        village,
        list.filter((freeze) => freeze !== null),
      );
  };

  for (const who of [["a"], ["b"], ["a", "b"], ["a", "b", "c"]])
    it(`law 2: fault 10: ${who.join(" and ")} frozen at every point, and for a while at every few`, async () => {
      await assertSame(
        RICH,
        rich.deeds,
        every((at) => ({ at, who, away: 0, elsewhere: false })),
        "at every point",
      );
      for (const away of [1, 7])
        await assertSame(
          RICH,
          rich.deeds,
          every((at) => (at % (away * 2) === 1 ? { at, who, away, elsewhere: false } : null)),
          `${away} points of ${away * 2} away`,
        );
    });

  it("law 2: fault 10: one after the other away, so that somebody always is", async () => {
    for (const away of [2, 5, 11])
      await assertSame(
        RICH,
        rich.deeds,
        every((at) =>
          at % away === 0
            ? { at, who: [NAMES[(at / away) % NAMES.length]!], away: away * 2 - 1, elsewhere: false }
            : null,
        ),
        `${away}`,
      );
  });

  it("law 2: fault 10: all of them on another host at every few points, coming up in any order", async () => {
    const orders = [["a"], ["c", "b"], ["b", "a"]];
    for (const stride of [3, 8])
      await assertSame(
        RICH,
        rich.deeds,
        every((at) =>
          at % stride === 2 ? { at, who: orders[((at / stride) % 3) | 0]!, away: 0, elsewhere: true } : null,
        ),
        `every ${stride} points`,
      );
  });
});
