// Runs in a relay: takes the baton, notes the lap in its lane of a board that all runners share, and hands the baton to
// the next one. Lane 0 brings the board along, starts, and reads it when the last lap has been run.
import { component, Timer, type Dataspace, type Region } from "cryonode";
import { Runner } from "./contract.ts";

export default component(async (env) => {
  const { lane, lanes, laps } = await env.config<{ lane: number; lanes: number; laps: number }>();
  const timer = await env.session(Timer);
  // The runners wait for one another in a ring, so nobody waits before announcing.
  const next = env.session(Runner);
  let board: Region | undefined;

  const run = async (lap: number, space: Dataspace): Promise<void> => {
    board ??= await env.rm.attach(space);
    if (lap > laps) {
      console.log(`board ${board.bytes.subarray(0, lanes).join(" ")}`);
      return env.exit(0);
    }
    board.bytes[lane] = lap;
    console.log(`lap ${lap}`);
    await timer.sleep(2);
    await (await next).take(lane === lanes - 1 ? lap + 1 : lap, space);
    if (lane > 0 && lap === laps) env.exit(0);
  };

  await env.announce(Runner, () => ({ take: async (lap, space) => void run(lap, space) }));
  if (lane === 0) await run(1, await env.ram.alloc(lanes));
});
