// Talks with a server out on the network, a line at a time. The server need not know of Cryonode: what it sees
// of a freeze is a connection that ends and another one that carries on.
import { component, Gate, Log } from "cryonode";

interface Config {
  readonly say: readonly string[];
  /** Lines that the server answers to each. */
  readonly answers?: number;
}

export default component(async (env) => {
  const { say, answers = 1 } = await env.config<Config>();
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "line" });
  for (const text of say) {
    await gate.send(text);
    for (let n = 1; n <= answers; n++) await log.write(`${text} ${n}: ${String(await gate.receive())}`);
  }
  await gate.close();
});
