// A component that has no handler for revivals: env.revived is there, and nothing comes.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const off = env.revived(() => void log.write("revived"));
  off();
  console.log("a console", { deep: { er: [1, 2, new Map([["k", 1]])] } });
  console.error("with an error", new Error("shown").message);
  for (let i = 0; i < 3; i++) {
    await timer.sleep(3);
    console.log(`${env.label} ${i}`);
  }
  await log.write(new URL("/a/../b?x=1#y", "http://example.org:80").href);
  env.exit(7);
  await log.write("still goes out");
  await timer.sleep(1);
  await log.write("never comes");
});
