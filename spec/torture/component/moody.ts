// A service that some calls bring down, under a restart policy.
import * as t from "io-ts";
import { component, method, session } from "cryonode";

export const Moody = session("Moody", {
  add: method({ args: t.tuple([t.number]), result: t.number }),
});

export default component(async (env) => {
  let sum = 0;
  const add = async (by: number): Promise<number> => {
    if (by % 10 === 0) void Promise.reject(new Error(`not ${by}`));
    return (sum += by);
  };
  await env.announce(Moody, () => ({ add }));
});
