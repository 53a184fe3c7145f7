// Faults in the way its configuration names, a little while after it began.
import { component, Log, Timer } from "cryonode";

/** Its line is in the verdict of scenarios/faults.yaml. */
const inner = (): never => {
  throw new RangeError("out of order");
};

const ways: Readonly<Record<string, () => unknown>> = {
  error: () => inner(),
  rejection: () => void Promise.reject(new TypeError("nobody listens")),
  recursion: () => {
    const deeper = (depth: number): number => 1 + deeper(depth + 1);
    return deeper(0);
  },
  loop: () => {
    for (;;);
  },
  // One call of a built-in that asks nobody whether it may go on.
  hang: () => Array.prototype.reverse.call({ length: 2 ** 53 - 1 }),
  hoard: () => {
    const all: string[] = [];
    for (;;) all.push("more".repeat(100_000));
  },
};

export default component(async (env) => {
  const { way } = await env.config<{ way: string }>();
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  await timer.sleep(50);
  await log.write(`now: ${way}`);
  ways[way]?.();
});
