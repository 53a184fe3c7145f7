// Posts numbered things to a foreign service over HTTP and notes what it answers.
import { component, FileSystem, Gate, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const log = await env.session(Log);
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const web = await env.session(Gate, { label: "web" });
  let n = 0;
  while (await goes(n)) {
    n += 1;
    const request = JSON.stringify({ method: "POST", path: "/notes", body: `say ${n}` });
    const { body } = JSON.parse(String(await web.call(request))) as { body: string };
    await log.write(`${n} ${body}`);
  }
  await log.write(`done ${n}`);
});
