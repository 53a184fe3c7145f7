// Threads that are paused, resumed, killed and joined while others run; one creates another.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const shared: string[] = [];
  const worker = async (name: string, ms: number) =>
    env.cpu.thread(name, async (own) => {
      const timer = await own.session(Timer);
      for (let i = 0; i < 5; i++) {
        await timer.sleep(ms);
        shared.push(`${name}${i}`);
        await log.write(`${name} ${i}`);
      }
    });
  const fast = await worker("fast", 3);
  const slow = await worker("slow", 5);
  const doomed = await worker("doomed", 2);
  const parent = await env.cpu.thread("parent", async (own) => {
    const child = await own.cpu.thread("child", async (inner) => {
      const timer = await inner.session(Timer);
      await timer.sleep(9);
      shared.push("child");
    });
    await child.join();
    shared.push("parent");
  });
  const timer = await env.session(Timer);
  await timer.sleep(6);
  await slow.pause();
  await doomed.kill();
  await log.write(`${await slow.state()} ${await doomed.state()} ${await fast.state()}`);
  await timer.sleep(20);
  await log.write((await env.cpu.threads()).map(({ name, state }) => `${name}:${state}`).join());
  const [, resumed] = await Promise.all([log.write("resuming"), slow.resume(), log.write("resumed")]);
  await log.write(String(resumed));
  await log.write([await fast.join(), await slow.join(), await doomed.join(), await parent.join()].join());
  await log.write(shared.join());
  const failing = await env.cpu.thread("failing", () => {
    throw new Error("in a thread");
  });
  await failing.join().catch((error: unknown) => log.write(String(error)));
});
