// Whenever it is told to, makes so many calls from `flights` loops at once, to another child or to core, and says how
// many a second that were.
import { component, Gate, Log, Timer } from "cryonode";
import { Adder } from "./contract.ts";

export default component(async (env) => {
  const { calls, flights, core } = await env.config<{ calls: number; flights: number; core: boolean }>();
  const gate = await env.session(Gate, { label: "line" });
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const adder = core ? null : await env.session(Adder);
  const loop = async (): Promise<void> => {
    if (adder === null) for (let i = 0; i < calls; i += flights) await timer.elapsed();
    else for (let i = 0; i < calls; i += flights) await adder.add(1);
  };
  for (;;) {
    await gate.receive();
    const began = await timer.elapsed();
    await Promise.all(Array.from({ length: flights }, loop));
    await log.write(String((calls * 1000) / ((await timer.elapsed()) - began)));
  }
});
