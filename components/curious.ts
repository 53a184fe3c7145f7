// Asks for more than its routes give, and notes what it is told.
import { component, Denied, FileSystem, Gate, Log } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const attempt = async (what: string, ask: () => Promise<unknown>): Promise<void> => {
    try {
      await ask();
      await log.write(`${what}: granted`);
    } catch (error) {
      if (!(error instanceof Denied)) throw error;
      await log.write(`${what}: ${error.message}`);
    }
  };

  await attempt("another's files", () => env.session(FileSystem, { label: "secrets" }));
  await attempt("a way out", () => env.session(Gate, { label: "internet" }));
  await attempt("the time", async () => new Date());
  const notes = await env.session(FileSystem, { label: "notes" });
  await attempt("reading", () => notes.open("today.txt"));
  await attempt("writing", () => notes.open("today.txt", { write: true }));
  const today = await notes.open("today.txt");
  await log.write("holding on to the notes");
  await log.write(await today.readText());
});
