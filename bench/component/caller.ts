// Sends the same bytes over a gate for ever, from `flights` loops at once: the round trip and nothing else.
import { component, Gate } from "cryonode";

export default component(async (env) => {
  const { bytes, flights } = await env.config<{ bytes: number; flights: number }>();
  const gate = await env.session(Gate, { label: "sink" });
  const payload = new Uint8Array(bytes).fill(65);
  const loop = async (): Promise<void> => {
    for (;;) await gate.send(payload);
  };
  for (let i = 0; i < flights; i++) void loop();
});
