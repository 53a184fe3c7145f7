// Has a service and a number: what a component is that is asked something now and then.
import * as t from "io-ts";
import { component, method, session } from "cryonode";

const Tally = session("Tally", { add: method({ args: t.tuple([t.number]), result: t.number }) });

export default component(async (env) => {
  let sum = 0;
  await env.announce(Tally, () => ({ add: async (by) => (sum += by) }));
});
