// Serves a sum to whoever calls: the least that a service can do.
import { component } from "cryonode";
import { Adder } from "./contract.ts";

export default component(async (env) => {
  let sum = 0;
  await env.announce(Adder, () => ({ add: async (by) => (sum += by) }));
});
