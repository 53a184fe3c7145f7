// Peers that call one another by scripts, as a fast-check property sees them: what they are to do, who is frozen when
// and for how long, and what came of it.
import { expect } from "chai";
import * as fc from "fast-check";
import { fileURLToPath } from "node:url";
import { programOf } from "../../domain/program.ts";
import { freezeTogether, moveTogether, reviveTogether } from "../../domain/together.ts";
import { Village } from "../../domain/village.ts";
import { OPEN_ROUTES, type WorldOptions } from "../../domain/world.ts";
import type { Deed } from "../replay.ts";

export const NAMES = ["a", "b", "c"];

export type Scripts = readonly (readonly Deed[])[];

const PEER = fileURLToPath(new URL("../../../../spec/law/several/peer.ts", import.meta.url));

export const peerProgram = (): Promise<Uint8Array> => programOf(PEER);

export const DEEDS =
  "add add slow slow fail echo call call keep tell use use useMine hold useHeld passHeld write sleep make tally tally poke poke pokeBy rest".split(
    " ",
  );

export const scriptsOf = (...names: string[]): fc.Arbitrary<Scripts> =>
  fc.array(
    fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(20), fc.nat(20), fc.nat(5)), { maxLength: 9 }),
    { minLength: NAMES.length, maxLength: NAMES.length },
  );

/** Who is frozen at a point, and for how many points; `elsewhere`: all, and revived on a host that has seen none;
 *  `together`: in one cut, and revived together. */
export interface Freeze {
  readonly at: number;
  readonly who: readonly string[];
  readonly away: number;
  readonly elsewhere: boolean;
  readonly together?: boolean;
}

export const freezes: fc.Arbitrary<readonly Freeze[]> = fc.array(
  fc.record({
    at: fc.nat(200),
    who: fc.shuffledSubarray(NAMES, { minLength: 1 }),
    away: fc.oneof(fc.constant(0), fc.nat(40)),
    elsewhere: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    together: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

/** The same numbers for the same seed. */
const chooser = (seed: number): ((n: number) => number) => {
  let state = seed | 1;
  return (n) => {
    state = (Math.imul(state, 0x5bd1e995) + 0x3c6ef35f) | 0;
    return ((state >>> 8) * n) >>> 24;
  };
};

/** Who takes the next turn, and which letter comes next, is drawn: the same way for the same seed. */
export const shuffle = (village: Village, seed: number): void => {
  village.pick = chooser(seed);
  village.post.pick = chooser(seed ^ 0x55555555);
};

const optionsOf = (name: string, script: readonly Deed[]): WorldOptions => {
  const others = NAMES.filter((each) => each !== name);
  return {
    config: { name, others, script },
    files: { [name]: {} },
    routes: [...others.map((each) => ({ service: "Peer", label: each, child: each })), ...OPEN_ROUTES],
    quota: { ram: 16 << 20, caps: 200 },
  };
};

export const neighbourhood = async (bytecode: Uint8Array, scripts: Scripts): Promise<Village> => {
  const village = new Village();
  for (const [i, name] of NAMES.entries()) await village.start(name, bytecode, optionsOf(name, scripts[i]!));
  return village;
};

/** What each peer saw in its order, and what it did for others in any. */
export interface Deeds {
  readonly saw: readonly string[];
  readonly ran: readonly string[];
  readonly wrote: readonly string[];
  readonly other: readonly string[];
}

export const deedsOf = (village: Village): Readonly<Record<string, Deeds>> =>
  Object.fromEntries(
    NAMES.map((name) => {
      const { world } = village.at(name);
      const { log, files, ending, denied } = world.outputs();
      return [
        name,
        {
          saw: log.filter((line) => line.startsWith("> ")),
          ran: log.filter((line) => line.startsWith("ran ")).sort(),
          wrote: (files[name]?.["calls.txt"] ?? "").split("\n").sort(),
          other: [
            ...log.filter((line) => !line.startsWith("> ") && !line.startsWith("ran ")),
            ...denied,
            ...(ending === null ? [] : [JSON.stringify(ending)]),
          ],
        },
      ];
    }),
  );

const MOST_POINTS = 20_000;

/** Goes on until nothing is left to happen. `freeze` is asked before each point. Returns how many there were. */
export const play = async (
  village: Village,
  freeze: (point: number) => Promise<void> = async () => {},
): Promise<number> => {
  for (let point = 0; point < MOST_POINTS; point++) {
    await freeze(point);
    if (await village.advance()) continue;
    const away = NAMES.filter((name) => village.at(name).state === "frozen");
    if (away.length === 0) return point;
    for (const name of away) await village.revive(name);
  }
  throw new Error(`still something to do after ${MOST_POINTS} points`);
};

/** Carries out freezes as a list of them says. */
export const byList = (village: Village, list: readonly Freeze[]): ((point: number) => Promise<void>) => {
  const due: { readonly at: number; readonly names: readonly string[] }[] = [];
  const comeBack = async (point: number): Promise<void> => {
    for (const { names } of due.filter(({ at }) => at <= point)) {
      const away = names.filter((name) => village.at(name).state === "frozen");
      if (away.length === 1) await village.revive(away[0]!);
      else if (away.length > 1) await reviveTogether(village, away);
    }
  };
  return async (point) => {
    await comeBack(point);
    for (const { at, who, away, elsewhere, together = false } of list) {
      if (at !== point) continue;
      const order = [...who, ...NAMES.filter((name) => !who.includes(name))];
      const live = who.filter((name) => village.at(name).state === "live");
      if (elsewhere) await (together ? moveTogether(village, order) : village.moveHouse(order));
      else if (together && live.length > 0) {
        await freezeTogether(village, live);
        due.push({ at: point + away, names: live });
      } else
        for (const name of live) {
          await village.freeze(name);
          due.push({ at: point + away, names: [name] });
        }
      await comeBack(point);
    }
  };
};

/** The undisturbed run. */
export const straight = async (
  bytecode: Uint8Array,
  scripts: Scripts,
): Promise<{ readonly deeds: Readonly<Record<string, Deeds>>; readonly points: number }> => {
  const village = await neighbourhood(bytecode, scripts);
  const points = await play(village);
  const deeds = deedsOf(village);
  await village.close();
  for (const [name, { saw, ran, other }] of Object.entries(deeds)) {
    expect(saw.at(-1), `${name} came to its end`).equal("> done");
    expect(other, `${name} is well`).deep.equal([]);
    expect(saw.join("\n"), `${name} saw what was written`).not.contain("stale");
    expect(
      ran.filter((line) => !line.endsWith(" 1")),
      `${name} ran each once`,
    ).deep.equal([]);
  }
  return { deeds, points };
};
