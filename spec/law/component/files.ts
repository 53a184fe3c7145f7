// Files: read by lines and in pieces, written, appended, truncated, moved while open, listed, watched.
import { component, FileSystem, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const text = await data.open("in/text.txt");
  const decoder = new TextDecoder();
  let n = 0;
  for await (const line of text.lines()) {
    if (n++ % 3 === 0) await timer.sleep(1);
    await log.write(`${n} ${line}`);
  }
  await text.seek(3);
  for (let piece = await text.read(7); piece.length > 0; piece = await text.read(7))
    await log.write(`[${decoder.decode(piece, { stream: true })}]`);
  await text.close();
  await text.read(1).catch((error: unknown) => log.write(String(error)));

  await data.mkdir("out");
  const out = await data.open("out/a.txt", { read: true, write: true, create: true });
  const appended = await data.open("out/b.txt", { append: true, create: true });
  for (let i = 0; i < 4; i++) {
    await out.write(`line ${i}\n`);
    await appended.write(new Uint8Array([65 + i, 10]));
    if (i === 1)
      await data.move("out/b.txt", "out/c.txt").catch((error: unknown) => log.write(String(error)));
    if (i === 1) await data.move("out/c.txt", "out/b.txt");
    await timer.sleep(2);
  }
  await out.seek(7);
  await log.write(await out.readText());
  await out.truncate(10);
  await out.sync();
  await out.write("tail");
  const { size, kind } = await out.stat();
  await log.write(`${kind} ${size} ${(await data.list("out")).map(({ name }) => name).join()}`);
  const truncated = await data.open("out/a.txt", { write: true, truncate: true });
  await truncated.write("short");
  await data.open("nowhere/x").catch((error: unknown) => log.write(String(error)));
  await appended.close();
  await data.unlink("out/b.txt");
  await data.close();
  await data.stat("out").catch((error: unknown) => log.write(String(error)));
});
