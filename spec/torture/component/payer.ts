// Books amounts with the ledger, one after the other, and notes what it was told.
import * as t from "io-ts";
import { component, FileSystem, Log, method, session } from "cryonode";
import { going } from "./going.ts";

const Ledger = session("Ledger", {
  book: method({ args: t.tuple([t.string, t.number]), result: t.number }),
});

export default component(async (env) => {
  const { name } = (await env.config()) as { name: string };
  const log = await env.session(Log);
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const ledger = await env.session(Ledger);
  let n = 0;
  while (await goes(n)) {
    n += 1;
    const sum = await ledger.book(name, n);
    await log.write(`${n} ${sum}`);
  }
  await log.write(`done ${n}`);
});
