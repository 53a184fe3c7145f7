// Lets some time pass, for a scenario in which something should take a while.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const { ms } = await env.config<{ ms: number }>();
  const log = await env.session(Log);
  await (await env.session(Timer)).sleep(ms);
  await log.write(`${ms} ms have passed`);
});
