// Books amounts with the ledger, one after the other, and notes what it was told.
import * as t from "io-ts";
import { component, Log, method, session } from "cryonode";

const Ledger = session("Ledger", {
  book: method({ args: t.tuple([t.string, t.number]), result: t.number }),
});

export default component(async (env) => {
  const { name, upTo } = (await env.config()) as { name: string; upTo: number };
  const log = await env.session(Log);
  const ledger = await env.session(Ledger);
  for (let n = 1; n <= upTo; n++) {
    const sum = await ledger.book(name, n);
    await log.write(`${n} ${sum}`);
  }
  await log.write("done");
});
