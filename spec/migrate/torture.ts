// All that the suite does a part of: every failure of the link at every frame, and every blow at every step of a handover.
import { countFrames, suffer } from "./link-faults.ts";
import { MOMENTS, strike } from "./killed.ts";
import { openStage } from "./two-hosts.ts";
import { onTwoProcesses, type Side } from "./two-processes.ts";
import { FAILURES, type Fault } from "./wire.ts";

/** Throws at the first thing that is wrong. */
export const tortureMigration = async (tell: (text: string) => void): Promise<void> => {
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
  await onTwoProcesses(async (two) => {
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
};
