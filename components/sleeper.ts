// Sleeps twice at once, by two timers: what becomes of a sleep during a freeze is for their routes to say. Its
// own clock stands still while it is frozen; the clock on the wall does not.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const { sleep, gap } = await env.config<{ sleep: number; gap: number }>();
  const log = await env.session(Log);
  const own = await env.session(Timer, { label: "own" });
  const wall = await env.session(Timer, { label: "wall" });
  const [begun, hour] = [await own.elapsed(), await own.now()];
  const nap = async (name: string, timer: typeof own): Promise<void> => {
    await timer.sleep(sleep);
    await log.write(`${name} woke`);
  };
  const naps = [nap("own", own), nap("wall", wall)];
  await log.write("asleep");
  await Promise.all(naps);

  const [lived, passed] = [(await own.elapsed()) - begun, (await own.now()) - hour];
  await log.write(`lived the whole sleep: ${lived >= sleep}`);
  await log.write(`was away for the gap: ${passed - lived >= gap}`);
});
