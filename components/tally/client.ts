// Counts with somebody else's counter: `times` steps of two, with `every` ms in between.
import { component, Timer } from "cryonode";
import { Counter } from "./contract.ts";

export default component(async (env) => {
  const { times, every } = {
    times: 10,
    every: 20,
    ...(await env.config<{ times?: number; every?: number }>()),
  };
  const timer = await env.session(Timer);
  const counter = await env.session(Counter);
  for (let i = 0; i < times; i++) {
    console.log(`at ${await counter.next(2)}`);
    await timer.sleep(every);
  }
});
