// Books amounts with the ledger, one after the other, and notes what it was told. With a pause between them it and the
// ledger have nothing to do meanwhile.
import * as t from "io-ts";
import { component, FileSystem, Log, method, session, Timer } from "cryonode";
import { going } from "./going.ts";

const Ledger = session("Ledger", {
  book: method({ args: t.tuple([t.string, t.number]), result: t.number }),
});

export default component(async (env) => {
  const { name, pause = 0 } = (await env.config()) as { name: string; pause?: number };
  const log = await env.session(Log);
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const ledger = await env.session(Ledger);
  const timer = pause === 0 ? null : await env.session(Timer);
  let n = 0;
  while (await goes(n)) {
    n += 1;
    const sum = await ledger.book(name, n);
    await log.write(`${n} ${sum}`);
    await timer?.sleep(pause);
  }
  await log.write(`done ${n}`);
});
