// Gates: two receivers on one gate, a sender on another, calls that wait for their answer, closing.
import { component, Gate, Log } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const line = await env.session(Gate, { label: "line" });
  const peer = await env.session(Gate, { label: "peer" });
  const receiver = async (name: string): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      const message = await line.receive();
      const text = typeof message === "string" ? message : new TextDecoder().decode(message);
      await log.write(`${name} ${text}`);
      await line.send(`${name} thanks for ${text}`);
    }
  };
  const both = Promise.all([receiver("left"), receiver("right")]);
  for (let i = 0; i < 3; i++) await log.write(String(await peer.call(`question ${i}`)));
  await peer.send(new Uint8Array([1, 2, 3]));
  await both;
  await line.close();
  await line.send("late").catch((error: unknown) => log.write(String(error)));
});
