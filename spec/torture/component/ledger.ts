// A service with a state in memory and a file that must agree with it.
import * as t from "io-ts";
import { component, FileSystem, method, session } from "cryonode";

export const Ledger = session("Ledger", {
  book: method({ args: t.tuple([t.string, t.number]), result: t.number }),
});

export default component(async (env) => {
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("ledger.txt", { write: true, create: true, append: true });
  let sum = 0;
  let entries = 0;
  const book = async (who: string, amount: number): Promise<number> => {
    const total = (sum += amount);
    await file.write(`${++entries} ${who} ${amount} ${total}\n`);
    return total;
  };
  await env.announce(Ledger, () => ({ book }));
});
