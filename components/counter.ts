// Counts into a file, one line every tenth of a second: the smallest thing worth freezing.
import { component, FileSystem, Log, Timer } from "cryonode";

export default component(async (env) => {
  const { upTo = 10, every = 100 } = await env.config<{ upTo?: number; every?: number }>();
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= upTo; n++) {
    await file.write(`${n}\n`);
    await log.write(`count ${n}`);
    await timer.sleep(every);
  }
});
