// The job that durable systems are compared by: 1 MB of live state, of which each step changes a little and appends a
// line to a log outside; the next step comes when that one is done.
import { component, FileSystem } from "cryonode";

const BYTES = 1 << 20;

export default component(async (env) => {
  const { name } = await env.config<{ name: string }>();
  const files = await env.session(FileSystem, { label: "out" });
  const state = new Uint8Array(BYTES);
  let seed = 1;
  for (let at = 0; at < BYTES; at++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
    state[at] = seed >>> 16;
  }
  const log = await files.open(`${name}.log`, { write: true, create: true, append: true });
  for (let n = 1; ; n++) {
    state[(n * 7919) % BYTES]! ^= n;
    await log.write(`${n}\n`);
  }
});
