// Three threads of one heap. One is paused and stays so across a freeze, one is joined, one is killed.
import { component, Log, Timer, type Env } from "cryonode";

/** Counts in a thread of its own; `at(n)` resolves when it has come to `n`. */
const counter = (name: string, upTo: number) => {
  const reached = new Map<number, () => void>();
  let count = 0;
  return {
    count: () => count,
    at: (n: number) => new Promise<void>((resolve) => reached.set(n, resolve)),
    run: async (env: Env): Promise<void> => {
      const log = await env.session(Log);
      const timer = await env.session(Timer);
      while (count < upTo) {
        await timer.sleep(10);
        await log.write(`${name} ${++count}`);
        reached.get(count)?.();
      }
    },
  };
};

export default component(async (env) => {
  const log = await env.session(Log);
  const [tick, tock] = [counter("tick", 4), counter("tock", 3)];

  const second = tick.at(2);
  const ticking = await env.cpu.thread("tick", tick.run);
  await second;
  await ticking.pause();

  const tocking = await env.cpu.thread("tock", tock.run);
  await log.write(`tock has ${await tocking.join()}`);
  const idling = await env.cpu.thread("idle", async (own) => (await own.session(Timer)).sleep(3_600_000));
  const list = async (): Promise<string> =>
    (await env.cpu.threads()).map(({ name, state }) => `${name} ${state}`).join(", ");

  await log.write(`frozen here? ${await list()}`);
  await log.write(`tick is ${await ticking.state()} at ${tick.count()}`);

  await ticking.resume();
  await log.write(`tick has ${await ticking.join()} at ${tick.count()}`);
  await idling.kill();
  await log.write(`idle was ${await idling.join()}`);
});
