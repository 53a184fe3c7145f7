// Asks a foreign server, one question after the other, and waits for each answer: it knows nothing of connections.
import { component, FileSystem, Gate, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const log = await env.session(Log);
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const line = await env.session(Gate, { label: "line" });
  let n = 0;
  while (await goes(n)) {
    n += 1;
    const answer = String(await line.call(`say ${n}`));
    if (answer !== `ok ${n}`) await log.write(`${n} was answered ${answer}`);
  }
  await log.write(`done ${n}`);
});
