// Appends numbered lines, overwrites a page in place, and changes names: whatever is lost or repeated shows.
import { component, FileSystem, Log } from "cryonode";

export default component(async (env) => {
  const { upTo } = (await env.config()) as { upTo: number };
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const lines = await data.open("lines.txt", { write: true, create: true, append: true });
  const page = await data.open("page.txt", { write: true, create: true });
  for (let n = 1; n <= upTo; n++) {
    await lines.write(`${n}\n`);
    await page.seek(0);
    await page.write(String(n).padStart(8, "0"));
    if (n % 25 === 0) {
      await data.mkdir(`new${n}`);
      await data.move(`new${n}`, `old${n}`);
      if (n > 25) await data.unlink(`old${n - 25}`);
    }
    if (n % 10 === 0) await log.write(`written ${n}`);
  }
  await log.write("done");
});
