// Holds `handles` files open and sleeps: something with handles to freeze.
import { component, FileSystem, Gate, Timer } from "cryonode";

export default component(async (env) => {
  const { handles } = await env.config<{ handles: number }>();
  const timer = await env.session(Timer);
  const gate = await env.session(Gate, { label: "sink" });
  const files = await env.session(FileSystem, { label: "data" });
  const held = [];
  for (let i = 0; i < handles; i++) held.push(await files.open(`file ${i}`, { read: true, write: true }));
  await gate.send("ready");
  await timer.sleep(1e9);
  await gate.send(String(held.length));
});
