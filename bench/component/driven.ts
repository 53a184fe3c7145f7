// Calls another child's service one after the other, as often as it is told to, and answers how many a second that were.
import * as t from "io-ts";
import { component, method, session, Timer } from "cryonode";
import { Adder } from "./contract.ts";

const Drive = session("Drive", { run: method({ args: t.tuple([t.number]), result: t.number }) });

export default component(async (env) => {
  const timer = await env.session(Timer);
  const adder = await env.session(Adder);
  await env.announce(Drive, () => ({
    run: async (calls: number) => {
      const began = await timer.elapsed();
      for (let i = 0; i < calls; i++) await adder.add(1);
      return (calls * 1000) / ((await timer.elapsed()) - began);
    },
  }));
});
