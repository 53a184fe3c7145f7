// A client and its server move among three hosts, any of which are killed meanwhile, or ailing: what the client has written
// down of the answers is in the end what one that never moved would have written.
import { E } from "../../lib/fp.ts";
import { numbers } from "../torture/numbers.ts";
import { begin, type Ill, type IllKind } from "./ills.ts";
import {
  MOVERS,
  onThreeProcesses,
  SIDES,
  type Mover,
  type Side,
  type ThreeProcesses,
} from "./three-processes.ts";

export interface CarriedBlows {
  readonly count: number;
  readonly seed: number;
  /** What is done instead of the first ones at random. */
  readonly first?: readonly Blow[];
  /** What ails hosts besides. Default: nothing. */
  readonly ills?: readonly IllKind[];
  readonly tell: (text: string) => void;
}

/** Somebody moves, and so many ms later these are killed. */
export interface Blow {
  readonly mover: Mover;
  /** With ills, whoever is there goes to the next one. */
  readonly to: Side;
  readonly killed: readonly Side[];
  readonly after: number;
  readonly ills?: readonly Ill<Side>[];
  /** How far the clocks of those that are killed are ahead when they come back, in ms. */
  readonly skew?: number;
}

const HOUR_MS = 3_600_000;
const PATIENCE_MS = 90_000;

const anyBlow = (random: () => number, kinds: readonly IllKind[]): Blow => {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const killed = SIDES.filter(() => random() < (kinds.length > 0 ? 0.15 : 0.45));
  const blow = { mover: one(MOVERS), to: one(SIDES), killed, after: Math.floor(random() ** 2 * 400) };
  if (kinds.length === 0) return blow;
  const ills = Array.from({ length: 1 + Math.floor(random() * 2) }, () => ({
    ...{ kind: one(kinds), side: one(SIDES), degree: random(), phase: Math.floor(random() * 7) },
    ...{ after: Math.floor(random() ** 2 * 200), lasts: Math.floor(random() ** 2 * 3000) },
  }));
  const skew = kinds.includes("clock") ? Math.floor((random() - 0.5) * 72 * HOUR_MS) : 0;
  return { ...blow, ills, skew };
};

const textOf = ({ mover, to, killed, after, ills = [], skew = 0 }: Blow, from: Side): string => {
  const all = ills
    .filter(({ kind }) => kind !== "clock")
    .map(
      ({ kind, side, degree, phase, after: ms, lasts }) =>
        `, ${kind} of ${side} (${degree.toFixed(2)}) ${ms} ms after phase ${phase} until ${lasts} ms after it`,
    );
  const clock =
    skew === 0 || killed.length === 0 ? "" : `, their clocks ${(skew / HOUR_MS).toFixed(1)} h ahead`;
  return `${mover} from ${from} to ${to}, after ${after} ms kill -9 of ${killed.join(", ") || "none"}${all.join("")}${clock}`;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves with what came of the move, when nothing ails any more and all are up. */
const deal = async (
  three: ThreeProcesses,
  blow: Blow,
  from: Side,
  tell: CarriedBlows["tell"],
): Promise<string> => {
  const { mover, to, killed, after, ills = [], skew = 0 } = blow;
  const move = { phases: 0, isOver: from === to };
  const moving = from === to ? null : three.move(mover, from, to, () => void move.phases++);
  void moving?.then(() => (move.isOver = true));
  const ailing = ills.map(async (ill) => {
    while (!move.isOver && move.phases < ill.phase) await pause(2);
    await pause(ill.after);
    const end = begin(ill, three.patient(ill.side));
    await moving;
    await pause(ill.lasts);
    await end();
  });
  await pause(after);
  await Promise.all(killed.map((side) => three.kill(side)));
  const moved = await moving;
  const back = async (side: Side): Promise<void> => {
    try {
      return await three.up(side, skew);
    } catch (error) {
      if (ills.length === 0) throw error;
      tell(`  ${side} did not come up: ${(error as Error).message.slice(-600)}`);
    }
    // With what ails it it may not.
    await Promise.all(ailing);
    await three.up(side, skew);
  };
  await Promise.all(killed.map(back));
  await Promise.all(ailing);
  return moved === null || E.isRight(moved) ? "" : `, ${moved.left.tag}: ${moved.left.message}`;
};

/** Throws at the first thing that is wrong. */
export const carriedBlows = ({
  count,
  seed,
  first = [],
  ills: kinds = [],
  tell,
}: CarriedBlows): Promise<void> =>
  onThreeProcesses(
    { disks: kinds.includes("disk") || kinds.includes("data"), nursed: kinds.length > 0, tell },
    async (three) => {
      const random = numbers(seed);
      let [kills, moves] = [0, 0];
      try {
        await three.goesOn();
        for (let n = 0; n < count; n++) {
          const drawn = first[n] ?? anyBlow(random, kinds);
          const before = await three.settled();
          const from = before[drawn.mover];
          const isThere = kinds.length > 0 && from === drawn.to;
          const next = SIDES[(SIDES.indexOf(drawn.to) + 1) % SIDES.length]!;
          const blow = { ...drawn, to: isThere ? next : drawn.to };
          const what = textOf(blow, from);
          const late = setTimeout(
            () => void three.report().then((report) => tell(`it takes long to settle: ${what}\n${report}`)),
            PATIENCE_MS,
          );
          const said = await deal(three, blow, from, tell);
          kills += blow.killed.length;
          const home = await three.settled();
          await three.goesOn();
          clearTimeout(late);
          if (home[blow.mover] !== from) moves++;
          tell(`${n + 1} of ${count}, ${what}: client on ${home.client}, server on ${home.server}${said}`);
        }
      } catch (error) {
        tell(await three.report());
        throw error;
      }
      const { answers, nursed } = await three.counts();
      const byHand = kinds.length === 0 ? "" : `, ${nursed} revived by hand`;
      tell(`${kills} kills, ${moves} moves${byHand}, ${answers} calls, each once`);
    },
  );
