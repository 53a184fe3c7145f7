// Calls the moody service and notes what it was told: those calls that brought it down have failed, the others count.
import * as t from "io-ts";
import { component, FileSystem, Log, method, session, Timer } from "cryonode";
import { going } from "./going.ts";

const Moody = session("Moody", {
  add: method({ args: t.tuple([t.number]), result: t.number }),
});

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const moody = await env.session(Moody);
  let n = 0;
  while (await goes(n)) {
    n += 1;
    const told = await moody.add(n).then(String, (error: Error) => error.name);
    await log.write(`${n} ${told}`);
    await timer.sleep(2);
  }
  await log.write(`done ${n}`);
});
