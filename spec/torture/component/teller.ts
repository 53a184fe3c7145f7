// Tells a foreign server numbered things that it keeps as they come, some of them in bursts.
import { component, FileSystem, Gate, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const log = await env.session(Log);
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const line = await env.session(Gate, { label: "line" });
  let n = 0;
  while (await goes(n)) {
    const burst = n % 20 === 0 ? 5 : 1;
    const sent: Promise<void>[] = [];
    for (let each = 0; each < burst; each++) sent.push(line.send(`tell ${++n}`));
    await Promise.all(sent);
    while (n % 5 !== 0) await line.send(`tell ${++n}`);
  }
  await log.write(`done ${n}`);
});
