// Promises in every combination, thenables, microtask order, and rejections handled late in the same turn.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const after = async <T>(ms: number, value: T): Promise<T> => {
    await timer.sleep(ms);
    return value;
  };
  const failing = async (ms: number, reason: string): Promise<never> => {
    await timer.sleep(ms);
    throw new Error(reason);
  };

  await log.write(String(await Promise.all([after(5, 1), after(1, 2), Promise.resolve(3)])));
  await log.write(await Promise.race([after(5, "slow"), after(2, "fast")]));
  await log.write(await Promise.any([failing(1, "x"), after(3, "any")]));
  const settled = await Promise.allSettled([failing(2, "y"), after(1, "z")]);
  await log.write(
    settled.map((each) => (each.status === "fulfilled" ? each.value : String(each.reason))).join(),
  );
  await Promise.any([failing(1, "p"), failing(2, "q")]).catch(async (error: unknown) => {
    if (error instanceof AggregateError) await log.write(error.errors.map(String).join("+"));
  });

  const order: string[] = [];
  let release!: (value: string) => void;
  const gate = new Promise<string>((resolve) => {
    release = resolve;
  });
  const waiting = ["a", "b", "c"].map(async (name) => {
    order.push(`${name} waits`);
    const value = await gate;
    order.push(`${name} got ${value}`);
  });
  await timer.sleep(3);
  queueMicrotask(() => order.push("microtask"));
  release("it");
  await Promise.all(waiting);
  await log.write(order.join("; "));

  class Later extends Promise<string> {}
  await log.write(await Later.resolve(after(2, "of a class of its own")));
  const many = await Promise.all(Array.from({ length: 20 }, (_, i) => after((i * 7) % 5, i)));
  await log.write(many.join(""));
});
