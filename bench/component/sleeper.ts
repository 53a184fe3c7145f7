// Says that it is there, and sleeps: the smallest thing that is alive.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  for (;;) {
    await log.write("here");
    await timer.sleep(1e9);
  }
});
