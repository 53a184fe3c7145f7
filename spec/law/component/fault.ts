// A component that faults with an unhandled rejection after some turns.
import { component, FileSystem, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("x.txt", { write: true, create: true });
  await file.write("kept");
  await timer.sleep(3);
  await log.write("about to fail");
  void file.write("dropped");
  void log.write("kept too");
  await Promise.resolve();
  throw new Error("on purpose");
});
