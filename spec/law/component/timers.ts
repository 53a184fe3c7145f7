// setTimeout, setInterval, clearing them in between, periodic ticks and sleeps of equal length side by side.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const say = (text: string): void => void log.write(`${performance.now()} ${text}`);

  let ticks = 0;
  const interval = setInterval(
    (name: string) => {
      say(`${name} ${++ticks}`);
      if (ticks === 4) clearInterval(interval);
    },
    5,
    "interval",
  );
  const never = setTimeout(() => say("never"), 12);
  setTimeout(() => {
    clearTimeout(never);
    say("cleared");
  }, 8);
  setImmediate(() => say("immediate"));
  const sleepers = [4, 4, 2, 4].map(async (ms, i) => {
    await timer.sleep(ms);
    say(`sleeper ${i}`);
  });
  for await (const tick of timer.periodic(3)) {
    say(`tick ${tick}`);
    if (tick % 2 === 0) await timer.sleep(4);
    if (tick === 5) break;
  }
  await Promise.all(sleepers);
  say("main is done");
  setTimeout(() => say("after the end of main"), 20);
});
