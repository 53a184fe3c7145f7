// One of several that append to one file.
import { component, FileSystem, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const { name } = (await env.config()) as { name: string };
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const file = await data.open("shared.txt", { write: true, create: true, append: true });
  let n = 0;
  while (await goes(n)) {
    n += 1;
    const line = `${name} ${n} ${"x".repeat(n % 40)}`;
    // Some of them in the same turn.
    if (n % 7 !== 0) await file.write(`${line}\n`);
    else await Promise.all([file.write(`${line}\n`), file.write(`${name} ${++n} \n`)]);
  }
  await log.write(`done ${n}`);
});
