// Tells what comes, changes and goes in a folder and all that lies below it, until a file `stop` comes. Its notes are
// in a file that it removes at once, so that nobody else can read them.
import { component, FileSystem, Log } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const notes = await data.open("notes", { read: true, write: true, create: true });
  await data.unlink("notes");
  const watch = () => data.watch("inbox", { deep: true });
  let coming = watch();
  await log.write("watching");
  for (;;) {
    const changes = await coming;
    for (const { path, kind, change } of changes) await notes.write(`${change} ${kind} ${path}\n`);
    if (changes.some(({ path }) => path === "inbox/stop")) break;
    coming = watch();
    await log.write("noted");
  }
  await notes.seek(0);
  for await (const line of notes.lines()) await log.write(line);
});
