// Reads much: what it reads enters it, and so fills the journal until that is turned over.
import { component, FileSystem, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const file = await data.open("large.txt", { read: true });
  let n = 0;
  let sum = 0;
  while (await goes(n)) {
    n += 1;
    await file.seek((n % 4) * 65536);
    const bytes = await file.read(131072);
    sum = (sum + bytes.length + bytes[n % 65536]!) % 1_000_003;
    if (n % 10 === 0) await log.write(`${n} ${sum}`);
  }
  await log.write(`done ${n}`);
});
