// Serves a counter that all its clients share.
import { component } from "cryonode";
import { Counter } from "./contract.ts";

export default component(async (env) => {
  let n = 0;
  await env.announce(Counter, () => ({ next: async (by) => (n += by) }));
  console.log("announced");
});
