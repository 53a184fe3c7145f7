// Files that are moved, replaced and removed while they are open: by their own session, by another, and with their
// directory; two handles on one that has no name any more; and one that is only written to.
import { component, FileSystem, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const other = await env.session(FileSystem, { label: "data" });
  const old = await data.open("old.txt", { read: true });
  const scratch = await data.open("scratch", { read: true, write: true, create: true });
  const reader = await other.open("scratch");
  const blind = await data.open("blind", { append: true, create: true });
  const deep = await data.open("deep/er/x", { read: true, write: true });
  const decoder = new TextDecoder();
  const tell = async (what: string): Promise<void> => {
    const names = (await data.list()).map(({ name }) => name).join();
    await reader.seek(0);
    await log.write(`${what}: ${names}; ${decoder.decode(await old.read(4))}; ${await reader.readText()}`);
  };
  await scratch.write("kept ");
  await tell("at first");
  await other.unlink("scratch");
  await data.unlink("blind");
  await tell("removed");
  for (let i = 0; i < 3; i++) {
    await scratch.write(`${i}`);
    await blind.write(`unread ${i}`);
    await deep.write(`${i}`);
    await timer.sleep(1);
    await tell(`written ${i}`);
    if (i === 0) await other.move("deep/er", "risen");
    if (i === 1) await data.move("risen/x", "x");
  }
  await reader.write(new Uint8Array(1)).catch((error: unknown) => log.write(String(error)));
  const another = await data.open("scratch", { write: true, create: true });
  await another.write("another");
  await data.move("scratch", "old.txt");
  await tell("replaced");
  await scratch.truncate(2);
  await scratch.close();
  await tell("cut");
  await deep.seek(0);
  await log.write(await deep.readText());
});
