// Answers each message with its number, and with all the words it has heard so far.
import { component, Gate, Log } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const post = await env.session(Gate, { label: "post" });
  const words: string[] = [];
  for (let n = 1; ; n++) {
    const message = String(await post.receive());
    if (message === "goodbye") break;
    words.push(message);
    await post.send(`${n}: ${words.join(" ")}`);
    await log.write(`answered ${message}`);
  }
  await post.send(`goodbye after ${words.length} words`);
});
