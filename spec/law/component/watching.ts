// Watches on a file and on a directory while the outside world changes them, quotas asked for in between.
import { component, FileSystem, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const say = (text: string): Promise<void> => log.write(`${performance.now()} ${text}`);
  const directory = (async () => {
    for (let i = 0; i < 2; i++) {
      await data.watch(".");
      await say(`directory: ${(await data.list()).map(({ name }) => name).join()}`);
    }
  })();
  for (let i = 0; i < 2; i++) {
    await data.watch("flag");
    await say(`flag: ${await (await data.open("flag")).readText()}`);
  }
  await Promise.race([directory, timer.sleep(100)]);
  const { quota, used } = await env.pd.caps();
  await say(`${quota} ${used} ${(await env.pd.ram()).quota}`);
  await env.pd.transfer("parent", { caps: 3 });
  await env.ram.transfer("parent", 4096);
  await env.pd.transfer("parent", { caps: 3000 }).catch((error: unknown) => say(String(error)));
});
