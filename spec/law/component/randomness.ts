// Clock and entropy between awaits: Date, performance, Math.random, crypto.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  for (let round = 0; round < 6; round++) {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    await log.write(
      `${Date.now()} ${new Date().toISOString()} ${performance.now()} ${await timer.elapsed()}`,
    );
    await log.write(`${Math.random()} ${Math.random()} ${bytes.join()} ${crypto.randomUUID()}`);
    await timer.sleep(7);
  }
  await log.write(`${(await timer.now()) - Date.now()}`);
});
