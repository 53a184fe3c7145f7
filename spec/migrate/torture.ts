// All that the suite does a part of: every failure of the link at every frame; every blow at every message of a handover;
// kills at every step of either host, and at random.
import { carriedBlows } from "./carried-blows.ts";
import { commandsAtRandom } from "./commanded.ts";
import type { IllKind } from "./ills.ts";
import { countFrames, suffer } from "./link-faults.ts";
import { MOMENTS, strike } from "./killed.ts";
import { blowsAtRandom, blowsAtSteps } from "./step-blows.ts";
import { traveling } from "./traveler.ts";
import { openStage } from "./two-hosts.ts";
import { onTwoProcesses, type Side, type TwoProcesses } from "./two-processes.ts";
import { FAILURES, type Fault } from "./wire.ts";

type Tell = (text: string) => void;

const tortureLink = async (tell: Tell): Promise<void> => {
  const stage = await openStage();
  const frames = await countFrames(stage);
  for (const failure of FAILURES)
    for (const direction of [0, 1] as const) {
      const faults = Array.from({ length: frames[direction] }, (_, frame): Fault => ({
        direction,
        frame,
        failure,
      }));
      const { moved } = await suffer(stage, faults);
      const who = direction === 0 ? "source" : "sink";
      tell(
        `${failure} at each of ${faults.length} frames of the ${who}: moved ${moved} times, ran on in one place`,
      );
    }
  await stage.close();
};

const tortureHandover = (tell: Tell): Promise<void> =>
  onTwoProcesses(async (two) => {
    await two.goesOn();
    let home: Side = "here";
    for (const victim of ["source", "sink", null] as const)
      for (const moment of MOMENTS) {
        home = await strike(two, home, { moment, victim });
        tell(
          `${victim === null ? "the link cut" : `kill -9 of the ${victim}`} at ${moment}: it goes on ${home}`,
        );
      }
  })();

const withTraveler = async (
  play: (two: TwoProcesses, travel: Awaited<ReturnType<typeof traveling>>) => Promise<void>,
): Promise<void> => {
  const travel = await traveling();
  try {
    await onTwoProcesses((two) => play(two, travel), travel.world)();
  } finally {
    travel.close();
  }
};

export interface MigrationTorture {
  /** At every step, of those whose names have `only` in them. */
  readonly steps: boolean;
  /** Of a client and its server, who have a session with each other. */
  readonly carried: boolean;
  /** Of one that is given commands at random. */
  readonly commands: boolean;
  /** What ails hosts besides, where sessions are carried. */
  readonly ills?: readonly IllKind[];
  readonly only?: string;
  /** So many kills at random; null: none, but the link's failures and the handover's blows. */
  readonly kills: number | null;
  readonly seed: number;
  readonly tell: Tell;
}

/** Throws at the first thing that is wrong. */
export const tortureMigration = async ({
  steps,
  carried,
  commands,
  ills = [],
  only,
  kills,
  seed,
  tell,
}: MigrationTorture): Promise<void> => {
  if (commands) return commandsAtRandom({ count: kills ?? 100, seed, tell });
  if (carried) return carriedBlows({ count: kills ?? 100, seed, ills, tell });
  if (steps) return withTraveler((two, travel) => blowsAtSteps(two, travel, tell, only));
  if (kills !== null)
    return withTraveler((two, travel) => blowsAtRandom(two, travel, { count: kills, seed }, tell));
  await tortureLink(tell);
  return tortureHandover(tell);
};
