// Has so many MB of memory that no two runs share, and changes so many percent of its pages a second.
import { component, Log, Timer } from "cryonode";

const PAGE = 4096;
const TICK_MS = 50;

export default component(async (env) => {
  const { mb, percent } = (await env.config()) as { mb: number; percent: number };
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const parts = Array.from({ length: mb * 16 }, () => crypto.getRandomValues(new Uint8Array(1 << 16)));
  await log.write("ready");
  const pages = (parts.length << 16) / PAGE;
  const each = Math.round((pages * percent * TICK_MS) / 100_000);
  let page = 0;
  for (;;) {
    for (let i = 0; i < each; i++) {
      page = (page + 7919) % pages;
      const part = parts[page >> 4]!;
      part[(page & 15) * PAGE] = part[(page & 15) * PAGE]! + 1;
    }
    await timer.sleep(TICK_MS);
  }
});
