// Holds `bytes` bytes of random memory and sleeps: something of a given size to freeze.
import { component, Gate, Timer } from "cryonode";

const BLOCK = 65536;

export default component(async (env) => {
  const { bytes } = await env.config<{ bytes: number }>();
  const timer = await env.session(Timer);
  const gate = await env.session(Gate, { label: "sink" });
  const blocks: Uint8Array[] = [];
  for (let held = 0; held < bytes; held += BLOCK) blocks.push(crypto.getRandomValues(new Uint8Array(BLOCK)));
  await gate.send("ready");
  await timer.sleep(1e9);
  await gate.send(String(blocks.length));
});
