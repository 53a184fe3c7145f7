// Remembers nothing but what lies in its file, so that other code can take its place at any time.
import { component, FileSystem, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const file = await data.open("tally.txt", { read: true, write: true, create: true, append: true });
  const { size } = await file.stat();
  const text = await file.readText();
  let n = Number(text.split("\n").at(-2) ?? 0);
  if (size !== text.length) throw new Error(`${size} bytes, read ${text.length}`);
  while (await goes(n)) await file.write(`${++n}\n`);
  await log.write(`done ${n}`);
});
