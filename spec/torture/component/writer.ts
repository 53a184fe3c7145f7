// Appends numbered lines, overwrites a page in place, and changes names: whatever is lost or repeated shows.
import { component, FileSystem, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const lines = await data.open("lines.txt", { write: true, create: true, append: true });
  const page = await data.open("page.txt", { write: true, create: true });
  let n = 0;
  while (await goes(n)) {
    n += 1;
    await lines.write(`${n}\n`);
    await page.seek(0);
    await page.write(String(n).padStart(8, "0"));
    if (n % 10 === 0) {
      await data.mkdir(`new${n}`);
      await data.move(`new${n}`, `old${n}`);
      if (n > 10) await data.unlink(`old${n - 10}`);
      const scratch = await data.open("scratch.txt", { write: true, create: true, truncate: true });
      await scratch.write(`${n}`);
      await scratch.truncate(0);
      await scratch.seek(0);
      await scratch.write(`at ${n}`);
      await scratch.sync();
      await scratch.close();
      await log.write(`written ${n}`);
    }
  }
  await log.write(`done ${n}`);
});
